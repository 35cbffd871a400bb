import { type ChildProcess, spawn } from "node:child_process";
import {
	closeSync,
	existsSync,
	fstatSync,
	openSync,
	readFileSync,
	readSync,
	renameSync,
	statSync,
	truncateSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, type ProcessId, signal } from "./process-id";

/** The programs of a local cluster's processes. */
export type Program = "router" | "replica";

/** The compiled file of a program: beside this one, or, where this one runs from its source, in dist. */
export function entry(program: Program): string {
	const beside = join(__dirname, `${program}.js`);
	return existsSync(beside) ? beside : join(__dirname, "../../../dist/platforms/local", `${program}.js`);
}

/** A log is begun anew at a start, and emptied while it grows, at this many bytes. */
const logLimit = 4 << 20;
const runHeader = "--- started ";

/** What may be passed on to processes that live long: never the secrets of the program that starts them. */
const passedOn = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

export interface Spawn {
	readonly program: Program;
	readonly argument: string;
	readonly home: string;
	/** The file that gets what the process prints. */
	readonly log: string;
	/** Added to the few variables that are passed on. */
	readonly env?: Readonly<NodeJS.ProcessEnv>;
	/** Called when it ends while this process still runs. */
	readonly onExit?: () => void;
}

/** Starts a process that belongs to nobody's terminal and outlives this one. Throws when it can't be started at all. */
export function spawnDetached({ program, argument, home, log, env = {}, onExit }: Spawn): ChildProcess {
	const inherited = Object.fromEntries(passedOn.map((name) => [name, process.env[name]]));
	if (existsSync(log) && statSync(log).size > logLimit) renameSync(log, `${log}.old`);
	const output = openSync(log, "a", 0o600);
	try {
		writeSync(output, `${runHeader}${new Date().toISOString()} by process ${process.pid}\n`);
		const child = spawn(process.execPath, [entry(program), argument], {
			cwd: home,
			detached: true,
			stdio: ["ignore", output, output],
			env: { ...inherited, ...env },
		});
		child.once("exit", () => onExit?.());
		child.once("error", () => onExit?.());
		child.unref();
		return child;
	} finally {
		closeSync(output);
	}
}

/** Empties a log that grew too long; the process that writes to it goes on at its new end. */
export function boundLog(log: string): void {
	try {
		if (statSync(log).size > logLimit) truncateSync(log);
	} catch {
		// No log, no bound.
	}
}

/** What the last process that wrote to a log said at its end, on one line; empty when it said nothing. */
export function lastLines(log: string): string {
	const lines = tail(log, 16_384).split("\n");
	const start = lines.findLastIndex((line) => line.startsWith(runHeader));
	const said = lines
		.slice(start + 1)
		.map((line) => line.trim())
		.filter((line) => line !== "");
	// Of a trace that Node.js prints only this line is for people.
	const thrown = said.findLast((line) => /^\w*Error\b.*: /.test(line));
	const words = thrown ?? said.slice(-3).join(" ");
	return words.length > 400 ? `${words.slice(0, 397)}...` : words;
}

function tail(path: string, bytes: number): string {
	try {
		const file = openSync(path, "r");
		try {
			const { size } = fstatSync(file);
			const buffer = Buffer.alloc(Math.min(size, bytes));
			const read = readSync(file, buffer, 0, buffer.length, size - buffer.length);
			return buffer.toString("utf8", 0, read);
		} finally {
			closeSync(file);
		}
	} catch {
		return "";
	}
}

/**
 * Ends that very process: asks it to, and kills it when it has not ended in time.
 *
 * @param seconds How long it may take on its own.
 */
export async function stopProcess(id: ProcessId, seconds: number): Promise<void> {
	signal(id, "SIGTERM");
	if (await processEnded(id, seconds)) return;
	signal(id, "SIGKILL");
	await processEnded(id, 10);
}

/** Waits until a process is no more; says whether it is. */
async function processEnded(id: ProcessId, seconds: number): Promise<boolean> {
	const deadline = performance.now() + seconds * 1000;
	while (isAlive(id)) {
		if (performance.now() > deadline) return false;
		await sleep(5);
	}
	return true;
}

/** Reads a small file of JSON that may not be there, or not whole. */
export function readJson<T>(path: string): T | undefined {
	try {
		return JSON.parse(readFileSync(path, "utf8")) as T;
	} catch {
		return undefined;
	}
}
