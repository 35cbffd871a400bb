import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ControlError } from "../../control/errors";
import { type SqlRow, type SqlServer, type Started, type Trial, TrialEnded } from "../../control/trial";
import type { DbVersion } from "../../core/version";
import { socketPath } from "./home";
import { engineEnvironment } from "./installed";
import { entry, passedOn } from "./processes";
import { allFolders, type EngineChoice } from "./record";
import { openQuery, own } from "./replica-client";
import type { TrialAnswer, TrialQuestion, TrialServerOptions } from "./trial-server";
import { type ClusterSight, replicaName } from "./view";

interface TrialOptions {
	/** Of the cluster. */
	readonly home: string;
	readonly sight: ClusterSight;
	readonly choice: EngineChoice;
	readonly version: DbVersion;
	readonly stallSeconds: number;
}

/** Below the cluster's folder: one rehearsal at a time, under the claim. */
const trialFolder = "trial";

/** Offers an engine in a folder of its own, and removes both, however that ends. */
export async function withTrial<T>(options: TrialOptions, use: (trial: Trial) => Promise<T>): Promise<T> {
	const { home, choice, version, sight } = options;
	const library = choice.engines[version] ?? "";
	const { cluster, router } = sight;
	const serves = allFolders(cluster).find((folder) => router?.replicas[folder]?.status?.serving);
	const socket = serves && socketPath(home, serves);
	let started: { readonly folder: string; readonly child: ChildProcess } | undefined;
	try {
		return await use({
			artifact: library,
			...(socket !== undefined && { cluster: asking(socket) }),
			start: async (stop) => {
				started = await fresh(options, library);
				return start(started.child, options, stop);
			},
		});
	} finally {
		if (started !== undefined) {
			const { child, folder } = started;
			const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
			child.kill("SIGKILL");
			await ended;
			// Thousands of tables take their time, in which claims have to be extended.
			await rm(folder, { recursive: true, force: true });
		}
	}
}

async function fresh({ home, version, choice: { addon } }: TrialOptions, library: string) {
	const folder = join(home, trialFolder);
	// An earlier one was killed.
	await rm(folder, { recursive: true, force: true });
	mkdirSync(folder, { mode: 0o700 });
	const given: TrialServerOptions = { folder, version, library, addon };
	const child = fork(entry("trial-server"), [JSON.stringify(given)], {
		env: { ...passedOn(), ...engineEnvironment(library) },
		stdio: ["ignore", "ignore", "pipe", "ipc"],
	});
	return { folder, child };
}

async function start(child: ChildProcess, options: TrialOptions, stop?: AbortSignal): Promise<Started> {
	const { cluster } = options.sight;
	const kill = () => child.kill("SIGKILL");
	// An engine that neither starts nor ends.
	const stalled = setTimeout(kill, options.stallSeconds * 1000);
	stop?.addEventListener("abort", kill);
	const server = new TrialServer(child);
	const words = await server.up;
	clearTimeout(stalled);
	stop?.removeEventListener("abort", kill);
	const replicas = allFolders(cluster).map((folder) => replicaName(cluster, folder));
	const place = { name: "this machine", replicas };
	if (words === undefined) return { places: [place], server };
	const failure = { cause: "exits", words } as const;
	return { places: [{ ...place, failure }], failure };
}

/** The engine's process, asked over the channel to it. */
class TrialServer implements SqlServer {
	#n = 0;
	readonly #waiting = new Map<number, (answer: TrialAnswer) => void>();
	#ended: string | undefined;
	/** Why it did not start, in its last words; `undefined` once it has. */
	readonly up: Promise<string | undefined>;

	constructor(private readonly child: ChildProcess) {
		const said = child.stderr === null ? Promise.resolve("") : text(child.stderr);
		child.on("message", (answer: TrialAnswer) => {
			this.#waiting.get(answer.n)?.(answer);
			this.#waiting.delete(answer.n);
		});
		child.on("exit", async () => {
			const words =
				(await said).trim().split("\n").at(-1) || "it ended without a message; most often it ran out of memory";
			this.#ended = words;
			for (const [n, tell] of this.#waiting) tell({ n, error: words });
			this.#waiting.clear();
		});
		this.up = this.#answer(0).then((answer) => ("error" in answer ? answer.error : undefined));
	}

	async rows(sql: string, settings: TrialQuestion["settings"] = {}): Promise<SqlRow[]> {
		return parsed(await this.#ask(sql, "JSONEachRow", settings));
	}

	async run(sql: string, settings: TrialQuestion["settings"] = {}): Promise<void> {
		await this.#ask(sql, "Null", settings);
	}

	async #ask(sql: string, format: string, settings: TrialQuestion["settings"]): Promise<string> {
		const question: TrialQuestion = { n: ++this.#n, sql, format, settings };
		const answered = this.#answer(question.n);
		if (this.child.connected) this.child.send(question);
		const answer = await answered;
		if (this.#ended !== undefined)
			throw new TrialEnded({ cause: "exits", words: `the engine exited during the rehearsal: ${this.#ended}` });
		if ("error" in answer) throw new ControlError(answer.error);
		return answer.text;
	}

	#answer(n: number): Promise<TrialAnswer> {
		if (this.#ended !== undefined) return Promise.resolve({ n, error: this.#ended });
		return new Promise((resolve) => this.#waiting.set(n, resolve));
	}
}

/** A replica's process, which is only read. */
function asking(socket: string): SqlServer {
	const ask = async (sql: string, settings: TrialQuestion["settings"] = {}) => {
		const answer = await openQuery(socket, String(new URLSearchParams(settings)), Buffer.from(sql), undefined, own);
		const said = await text(answer);
		if (answer.statusCode !== 200) throw new ControlError(said.trim());
		return said;
	};
	return {
		rows: async (sql, settings) => parsed(await ask(`${sql} FORMAT JSONEachRow`, settings)),
		run: async (sql, settings) => void (await ask(sql, settings)),
	};
}

const parsed = (lines: string): SqlRow[] =>
	lines.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as SqlRow]));
