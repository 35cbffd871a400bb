import { closeSync, openSync } from "node:fs";
import { createRequire } from "node:module";
import type { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { RollEvent } from "../../roll/events";
import { isPassing, isTold, progressText } from "../../words/progress";

/** For an engine that has stopped answering: its CLI was killed, most likely. */
const patience = 2000;

/**
 * Writes each event of a cluster that a person cares about as a line, and what else there is to say.
 *
 * A line that a provider prints is shown live, and once more when all is done. Where there is a terminal only the newest is
 * seen live, so what is repeated is the record of it; in a log every line would stand twice. There, and on a terminal for
 * what is over in a moment, the engine is told that the line is for now only.
 */
export class Teller {
	/** Lines on their way to the engine, in order. */
	#sent: Promise<void> = Promise.resolve();
	#engine = theEngine();
	readonly #keeps = hasTerminal();
	/** What each replica was said to do since it was last touched: one that fails and is started again says it each time. */
	readonly #told = new Map<string, Set<string>>();

	constructor(private readonly cluster: string) {}

	readonly tell = (event: RollEvent): void => {
		if (!isTold(event) || this.#isStale(event)) return;
		this.#write(`${this.cluster}: ${progressText(event)}`, isPassing(event));
	};

	/** Writes a line that is no event; it names the cluster itself. */
	say(line: string): void {
		this.#write(line, false);
	}

	/** Waits until every line is out; to be called when there are no more. */
	async said(): Promise<void> {
		await this.#sent;
	}

	#write(line: string, passing: boolean): void {
		const print = this.#engine === undefined || (this.#keeps && !passing);
		this.#sent = this.#sent.then(() => (print ? console.log(line) : this.#send(line)));
	}

	#isStale(event: RollEvent): boolean {
		if (event.event === "restarting") this.#told.delete(event.replica);
		if (event.event !== "progress") return false;
		const told = this.#told.get(event.replica) ?? new Set();
		this.#told.set(event.replica, told);
		if (told.has(event.phase)) return true;
		told.add(event.phase);
		return false;
	}

	async #send(line: string): Promise<void> {
		try {
			if (this.#engine !== undefined) return await this.#engine(line);
		} catch {
			this.#engine = undefined;
		}
		// Who is not heard there may be alone: only a line that is printed shows that.
		console.log(line);
	}
}

function hasTerminal(): boolean {
	try {
		closeSync(openSync("/dev/tty", "r"));
		return true;
	} catch {
		return false;
	}
}

/** Shows a line live and nowhere else. */
type Engine = (line: string) => Promise<void>;

let found: { readonly engine: Engine | undefined } | undefined;

/** One connection serves all clusters of a program. */
function theEngine(): Engine | undefined {
	found ??= { engine: engine() };
	return found.engine;
}

/** The engine that started this process; `undefined` outside Pulumi's host of dynamic providers. */
function engine(): Engine | undefined {
	const [, program = "", address = ""] = process.argv;
	if (!program.includes("dynamic-provider") || !/^[^/\s]+:\d+$/.test(address)) return undefined;
	try {
		const pulumi = require.resolve("@pulumi/pulumi/package.json");
		const grpc = createRequire(pulumi)("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
		const { EngineClient } = require("@pulumi/pulumi/proto/engine_grpc_pb");
		const { LogRequest, LogSeverity } = require("@pulumi/pulumi/proto/engine_pb");
		const client: EngineClient = new EngineClient(address, grpc.credentials.createInsecure());
		return (line) => {
			const request = new LogRequest();
			request.setSeverity(LogSeverity.INFO);
			request.setMessage(line);
			request.setEphemeral(true);
			return new Promise((resolve, reject) => {
				const options = { deadline: Date.now() + patience };
				client.log(request, new grpc.Metadata(), options, (error) => (error ? reject(error) : resolve()));
			});
		};
	} catch {
		return undefined;
	}
}
