import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

export interface Process {
	readonly pid: number;
	readonly parent: number;
	readonly command: string;
}

/** Every process of this machine, its command followed by its environment. */
export async function processes(): Promise<Process[]> {
	const { stdout } = await promisify(execFile)("ps", ["axeww", "-o", "pid=,ppid=,command="], { maxBuffer: 64 << 20 });
	return stdout.split("\n").flatMap((line) => {
		const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
		return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
	});
}

/** The processes whose command or environment names a folder: whatever a test started, and what that started. */
export async function processesOf(folder: string): Promise<Process[]> {
	return (await processes()).filter(({ pid, command }) => pid !== process.pid && command.includes(folder));
}

/** Ends every process of a folder that a test made. */
export async function endProcessesOf(folder: string): Promise<void> {
	// Again and again: what is killed may be started anew by one that is not yet.
	for (let left = await processesOf(folder); left.length > 0; left = await processesOf(folder)) {
		for (const { pid } of left) kill(pid);
		await sleep(50);
	}
}

export function kill(pid: number): void {
	try {
		process.kill(pid, "SIGKILL");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
	}
}

/** Waits for a condition, which may be a value; whatever it throws counts as not yet. The test's own time limit ends it. */
export async function until<T>(condition: () => Promise<T | false | undefined> | T | false | undefined): Promise<T> {
	for (;;) {
		try {
			const value = await condition();
			if (value !== false && value !== undefined) return value;
		} catch {
			// Not yet.
		}
		await sleep(50);
	}
}
