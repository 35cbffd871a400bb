import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import { Api } from "../../../../src/platforms/kubernetes/api/api";
import { connect } from "../../../../src/platforms/kubernetes/api/connection";

/** What each answer says of the time, in hours from now: by the server that wrote it, which of a proxied call is the pod's. */
const ahead = { api: 2, pod: 24 };
const hour = 3_600_000;

/** An API server that has no way to the kubelets, which logs come from. */
vi.mock("node:https", async (original) => ({
	...(await original<object>()),
	request: ({ pathname }: URL, _: object, answer: (response: object) => void) => {
		const sent = new EventEmitter();
		const date = new Date(Date.now() + (pathname.includes("/proxy/") ? ahead.pod : ahead.api) * hour).toUTCString();
		const statusCode = pathname.endsWith("/log") ? 500 : 200;
		if (pathname.includes("/gone/")) return Object.assign(sent, { end: () => sent.emit("error", new Error("read")) });
		const respond = () => answer(Object.assign(Readable.from([Buffer.from("{}")]), { statusCode, headers: { date } }));
		return Object.assign(sent, { end: respond, destroy: () => {} });
	},
}));

const kubeconfig = JSON.stringify({
	clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
	users: [{ name: "u", user: { token: "t" } }],
	contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
	"current-context": "x",
});
const api = () => new Api(connect({ kubeconfig }), "default");

// The client is a large package: on a busy machine it takes its time to load.
describe("what is behind the API server", { timeout: 60_000 }, () => {
	it("does not tell the time: a pod's node may disagree about it", async () => {
		const there = api();
		// What it answers is no pod.
		await there.get("pods", "db-0-0").catch(() => {});
		await there.proxy("db-0-0", 8123, { method: "GET", path: "/ping" });
		expect(Math.round((there.connection.now() - Date.now()) / hour)).toBe(ahead.api);
	});

	it("fails nothing where it is only asked for explanations: a kubelet that can't be asked for a log", async () => {
		const there = api();
		for (const pod of ["db-0-0", "gone"])
			expect(await there.log(pod, "server", { lines: 20, previous: false })).toBe("");
		expect(there.connection.awayAt()).toBeUndefined();
	});
});
