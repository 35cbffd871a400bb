/**
 * One roll in a process of its own, which kills itself without a word at the first point of its way that the test has not
 * seen yet: right after an event, or right after the API server has carried out one of its writes. Prints that point; a
 * roll that has none left ends with exit code 0.
 */
import { writeSync } from "node:fs";
import https from "node:https";
import type { ClusterControl } from "../../dist/control/port.js";
import { kubernetesControl } from "../../dist/platforms/kubernetes/control.js";
import { roll } from "../../dist/roll/roll.js";

const { settings, to, timing, passed } = JSON.parse(process.env.KILLED_ROLL ?? "");

function point(name: string): void {
	if (passed.includes(name)) return;
	writeSync(1, `${name}\n`);
	process.kill(process.pid, "SIGKILL");
}

/** The call of the port that is under way. There is one shard, so they follow each other. */
let call = "";

/** Reading notes in the record what the pods show of their data; when that comes is a matter of chance. */
const reads = ["record", "observe", "look"];

function watched(control: ClusterControl): ClusterControl {
	return new Proxy(control, {
		get(target, key: keyof ClusterControl) {
			const member: unknown = Reflect.get(target, key, target);
			if (typeof member !== "function") return member;
			return async (...args: unknown[]) => {
				call = reads.includes(key) ? "" : [key, ...args.slice(1).filter((arg) => typeof arg === "string")].join(" ");
				return Reflect.apply(member, target, args);
			};
		},
	});
}

const { request } = https;
https.request = function watchedRequest(...args: Parameters<typeof request>) {
	const sent = request(...args);
	const { method } = args[1] as https.RequestOptions;
	const during = call;
	// The claim is extended by the clock.
	if (method === "GET" || during === "" || during.startsWith("extend")) return sent;
	const path = sent.path.split("?")[0]?.split("/").slice(-2).join("/");
	return sent.once("response", (response) =>
		response.once("end", () => {
			if ((response.statusCode ?? 0) < 300) point(`${during}: ${method} ${path}`);
		}),
	);
} as typeof request;

await roll({
	control: watched(kubernetesControl("db", settings)),
	to,
	holder: "the roll",
	timing,
	report(event) {
		// What is told while it waits for something comes when it comes.
		if (["waiting", "retrying", "holding"].includes(event.event)) return;
		point(`event ${event.event}${"replica" in event ? ` ${event.replica}` : ""}`);
	},
});
