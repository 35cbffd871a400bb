import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process, told apart from a later one that got the same number. */
export interface ProcessId {
	readonly pid: number;
	/** When it started, in the system's own terms; only ever compared. */
	readonly started: string;
}

/** Looks a process up; `undefined` when none runs under that number (a zombie no longer runs). */
export function processId(pid: number): ProcessId | undefined {
	try {
		const started = process.platform === "linux" ? startedOnLinux(pid) : startedByPs(pid);
		return started === undefined ? undefined : { pid, started };
	} catch {
		return undefined;
	}
}

/** Whether that very process still runs, not another one with its number. */
export function isAlive({ pid, started }: ProcessId): boolean {
	return processId(pid)?.started === started;
}

/** Sends a signal to that very process; says whether it was there to get it. */
export function signal(id: ProcessId, name: NodeJS.Signals): boolean {
	try {
		return isAlive(id) && process.kill(id.pid, name);
	} catch {
		return false;
	}
}

let self: ProcessId | undefined;

export function ownProcessId(): ProcessId {
	self ??= processId(process.pid) ?? { pid: process.pid, started: "unknown" };
	return self;
}

/** The clock ticks since boot, and which boot: after a restart of the machine the same pair could come up again. */
function startedOnLinux(pid: number): string | undefined {
	const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
	// The second field is the program's name in parentheses and may itself hold spaces and parentheses.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	// A killed process is a zombie as soon as its first thread has ended; the others hold its ports and files until they
	// have, too.
	const [state, threads, started] = [fields[0], Number(fields[17]), fields[19]];
	if (state === "X" || (state === "Z" && threads <= 1)) return undefined;
	boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8);
	return `${started}-${boot}`;
}

let boot: string | undefined;

function startedByPs(pid: number): string | undefined {
	const options = { encoding: "utf8", env: { ...process.env, LC_ALL: "C", TZ: "UTC" }, stdio: "pipe" } as const;
	const line = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], options).trim();
	const [state = "Z", ...started] = line.split(/\s+/);
	return state.startsWith("Z") ? undefined : started.join("-");
}
