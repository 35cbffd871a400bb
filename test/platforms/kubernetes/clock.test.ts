import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { expect, it, vi } from "vitest";
import { Api } from "../../../src/platforms/kubernetes/api";
import { connect } from "../../../src/platforms/kubernetes/connection";

/** What each answer says of the time, in hours from now: by the server that wrote it, which of a proxied call is the pod's. */
const ahead = { api: 2, pod: 24 };
const hour = 3_600_000;

vi.mock("node:https", async (original) => ({
	...(await original<object>()),
	request: (url: URL, _: object, answer: (response: object) => void) => {
		const sent = new EventEmitter();
		const date = new Date(Date.now() + (url.pathname.includes("/proxy/") ? ahead.pod : ahead.api) * hour).toUTCString();
		const respond = () =>
			answer(Object.assign(Readable.from([Buffer.from("{}")]), { statusCode: 200, headers: { date } }));
		return Object.assign(sent, { end: respond, destroy: () => {} });
	},
}));

// The client is a large package: on a busy machine it takes its time to load.
it("takes the time from the API server, and from no pod behind it", { timeout: 60_000 }, async () => {
	const kubeconfig = JSON.stringify({
		clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
		users: [{ name: "u", user: { token: "t" } }],
		contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
		"current-context": "x",
	});
	const api = new Api(connect({ kubeconfig }), "default");
	await api.get("pods", "db-0-0");
	await api.proxy("db-0-0", 8123, { method: "GET", path: "/ping" });
	expect(Math.round((api.connection.now() - Date.now()) / hour)).toBe(ahead.api);
});
