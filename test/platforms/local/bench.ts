import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { engineEnvironment } from "../../../src/platforms/local/installed";
import { readNumbers } from "../../../src/platforms/local/notes";
import type { ReplicaOptions, ReplicaStatus } from "../../../src/platforms/local/protocol";
import { openQuery, type ReplicaAnswer, replicaStatus, sendWrite } from "../../../src/platforms/local/replica-client";
import { until, v } from "./place";

const modules = join(__dirname, "../../../node_modules");
const addon = join(modules, "@chdb/lib-linux-x64-gnu/chdb_node.node");

/** The engines that are installed, by version. */
export const libraries = {
	"26.5.1.1": join(modules, "engine-26.5-linux-x64"),
	"26.7.2.1": dirname(addon),
} as const;
export type Installed = keyof typeof libraries;

/** One replica's process without a cluster around it. */
export class Bench {
	readonly folder = mkdtempSync(join(tmpdir(), "replica-"));
	readonly home = join(this.folder, "c");
	readonly socket = join(this.folder, "s");
	process: ChildProcess | undefined;
	/** What the process has printed. */
	words = "";

	spawn(version: Installed, more: Partial<ReplicaOptions> = {}): ChildProcess {
		const options: ReplicaOptions = {
			home: this.home,
			replica: "0-0",
			version: v(version),
			library: libraries[version],
			addon,
			socket: this.socket,
			...more,
		};
		mkdirSync(this.home, { recursive: true });
		this.words = "";
		const entry = join(__dirname, "../../../dist/platforms/local/replica.js");
		const child = spawn(process.execPath, [entry, JSON.stringify(options)], {
			env: { PATH: process.env.PATH, ...engineEnvironment(options.library) },
			stdio: ["ignore", "pipe", "pipe"],
		});
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (text: string) => {
				this.words += text;
			});
		}
		child.once("exit", (code, signal) => {
			this.words += signal === null || signal === "SIGKILL" ? "" : `ended by ${signal}`;
			if (process.env.BENCH_VERBOSE) console.log("exit", code, signal, this.words);
		});
		this.process = child;
		return child;
	}

	/** Starts a process, and waits until it serves. */
	async start(version: Installed = "26.7.2.1", more: Partial<ReplicaOptions> = {}): Promise<ReplicaStatus> {
		const child = this.spawn(version, more);
		return until("the replica serves", 60, async () => {
			if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended: ${this.words}`);
			const status = await replicaStatus(this.socket);
			return status?.serving ? status : undefined;
		});
	}

	/** Resolves with the exit code, or the signal, once the process has ended. */
	async ended(): Promise<number | string> {
		const child = this.process;
		if (child === undefined) throw new Error("nothing was started");
		return until("the process ends", 60, async () => child.exitCode ?? child.signalCode ?? undefined);
	}

	async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
		this.process?.kill(signal);
		await this.ended();
	}

	status = () => replicaStatus(this.socket);

	/** Sends the next write, as the router does. */
	async write(sql: string, params: Record<string, string> = {}, body: Buffer | string = ""): Promise<ReplicaAnswer> {
		const n = readNumbers(this.home, "0-0").answered + 1;
		return sendWrite(this.socket, n, new URLSearchParams({ ...params, query: sql }).toString(), Buffer.from(body));
	}

	/** The same, and throws when it is answered with an error. */
	async done(sql: string, params: Record<string, string> = {}, body: Buffer | string = ""): Promise<ReplicaAnswer> {
		const answer = await this.write(sql, params, body);
		if (answer.status !== 200) throw new Error(answer.body.toString());
		return answer;
	}

	async query(sql: string, params: Record<string, string> = {}) {
		const answer = await openQuery(this.socket, new URLSearchParams(params).toString(), Buffer.from(sql));
		const chunks: Buffer[] = [];
		for await (const chunk of answer) chunks.push(chunk as Buffer);
		return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) };
	}

	/** A query's answer as text; throws when it is an error. */
	async value(sql: string, params: Record<string, string> = {}): Promise<string> {
		const { status, body } = await this.query(sql, params);
		if (status !== 200) throw new Error(body.toString());
		return body.toString().trim();
	}

	async close(): Promise<void> {
		if (this.process !== undefined) await this.kill();
		rmSync(this.folder, { recursive: true, force: true });
	}
}
