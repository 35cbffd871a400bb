import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, renameSync, statSync, truncateSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureFolder, readIfThere } from "./files";
import { isAlive, type ProcessId, signal } from "./process-id";

type Program = "router" | "replica" | "trial-server";

/** The compiled file of a program: beside this one, or, where this one runs from its source, in dist. */
export function entry(program: Program): string {
	const beside = join(__dirname, `${program}.js`);
	return existsSync(beside) ? beside : join(__dirname, "../../../dist/platforms/local", `${program}.js`);
}

/** From this many bytes on, a log is put aside at a start, and emptied while a process writes to it. */
const logLimit = 4 << 20;
const runHeader = "--- started ";

/** What may be passed on to processes that live long: never the secrets of the program that starts them. */
export const passedOn = (): NodeJS.ProcessEnv =>
	Object.fromEntries(
		["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"].map((name) => [name, process.env[name]]),
	);

interface Spawn {
	readonly program: Program;
	readonly argument: string;
	readonly home: string;
	readonly log: string;
	/** Added to the few variables that are passed on. */
	readonly env?: Readonly<NodeJS.ProcessEnv>;
}

/** Starts a process that belongs to nobody's terminal and outlives this one. Throws when it can't be started at all. */
export function spawnDetached({ program, argument, home, log, env = {} }: Spawn): ChildProcess {
	ensureFolder(dirname(log));
	if (existsSync(log) && statSync(log).size > logLimit) renameSync(log, `${log}.old`);
	const output = openSync(log, "a", 0o600);
	try {
		writeSync(output, `${runHeader}${new Date().toISOString()} by process ${process.pid}\n`);
		const child = spawn(process.execPath, [entry(program), argument], {
			cwd: home,
			detached: true,
			stdio: ["ignore", output, output],
			env: { ...passedOn(), ...env },
		});
		// One that could not be started shows as one that has ended.
		child.on("error", () => {});
		child.unref();
		return child;
	} finally {
		closeSync(output);
	}
}

/** Empties a log that grew too long; the process that writes to it continues at its new end. */
export function boundLog(log: string): void {
	try {
		if (statSync(log).size > logLimit) truncateSync(log);
	} catch {
		// No log, no bound.
	}
}

/** What the last process that wrote to a log said at its end, on one line; empty when it said nothing. */
export function lastLines(log: string): string {
	const lines = (readIfThere(log) ?? "").split("\n").map((line) => line.trim());
	const start = lines.findLastIndex((line) => line.startsWith(runHeader));
	const said = lines.slice(start + 1).filter((line) => line !== "");
	// Of a trace that Node.js prints only this line is for people.
	const thrown = said.findLast((line) => /^\w*Error\b.*: /.test(line));
	const words = thrown ?? said.slice(-3).join(" ");
	return words.length > 400 ? `${words.slice(0, 397)}...` : words;
}

/** Ends that very process: asks it to, and kills it when it has not ended by itself within so many seconds. */
export async function stopProcess(id: ProcessId, seconds: number): Promise<void> {
	for (const name of ["SIGTERM", "SIGKILL"] as const) {
		const deadline = performance.now() + (name === "SIGTERM" ? seconds : 10) * 1000;
		signal(id, name);
		while (isAlive(id) && performance.now() < deadline) await sleep(5);
	}
}
