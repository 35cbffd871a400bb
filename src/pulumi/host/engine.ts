import type { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { harmless } from "../../core/visible";
import { call, hidden } from "./call";
import { fromSdk } from "./sdk";

/** For an engine that has stopped answering: its CLI was killed, most likely. */
const patience = 2000;

/** A line for people. */
export interface Line {
	readonly text: string;
	/** Default `info`; `debug` shows with `--debug` only. */
	readonly severity?: "debug" | "info" | "warning";
	/** Shows while the call is under way, and nowhere else. */
	readonly isPassing?: boolean;
	/** The resource on whose row it shows; the stack's if absent. */
	readonly urn?: string;
}

/** Shows a line; throws where the engine does not take it. */
type Engine = (line: Line) => Promise<void>;

let found: { readonly engine: Engine | undefined } | undefined;

/** The engine that started this process; `undefined` outside Pulumi. One connection serves all clusters of a program. */
export function theEngine(): Engine | undefined {
	if (found === undefined) {
		const [, program = "", address = ""] = process.argv;
		connectEngine(program.includes("dynamic-provider") ? address : "");
	}
	return found?.engine;
}

/** Says where the engine is: in Pulumi's host of dynamic providers that is found out, by the arguments of its process. */
export function connectEngine(address: string): void {
	found = { engine: /^[^/\s]+:\d+$/.test(address) ? engineAt(address) : undefined };
}

/** Shows a warning on the row of the resource that the call under way is about. */
export async function warn(text: string): Promise<void> {
	// Whether anybody hears it has no say in what the call comes to.
	await theEngine()?.({ text: harmless(hidden(text)), severity: "warning", urn: call.getStore()?.urn }).catch(() => {});
}

function engineAt(address: string): Engine | undefined {
	try {
		const grpc = fromSdk("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
		const { EngineClient } = require("@pulumi/pulumi/proto/engine_grpc_pb");
		const { LogRequest, LogSeverity } = require("@pulumi/pulumi/proto/engine_pb");
		const client: EngineClient = new EngineClient(address, grpc.credentials.createInsecure());
		const severities = { debug: LogSeverity.DEBUG, info: LogSeverity.INFO, warning: LogSeverity.WARNING };
		return ({ text, severity = "info", isPassing = false, urn = "" }) => {
			const request = new LogRequest();
			request.setSeverity(severities[severity]);
			request.setMessage(text);
			request.setEphemeral(isPassing);
			request.setUrn(urn);
			return new Promise((resolve, reject) => {
				const options = { deadline: Date.now() + patience };
				client.log(request, new grpc.Metadata(), options, (error) => (error ? reject(error) : resolve()));
			});
		};
	} catch {
		return undefined;
	}
}
