import { spawn } from "node:child_process";

/** An error whose message is meant for the person at the terminal, without a stack trace. */
export class Explained extends Error {}

export interface Ran {
	/** The exit status; `null` when a signal or the time limit ended it. */
	readonly status: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface RunOptions {
	readonly cwd?: string;
	readonly env?: NodeJS.ProcessEnv;
	/** The program and all that it started are killed after this time. */
	readonly seconds: number;
	/** Called with each whole line of stderr as it comes. */
	readonly onErrorLine?: (line: string) => void;
}

const running = new Set<number>();
process.on("exit", () => {
	for (const group of running) killGroup(group);
});

/** Runs a program to its end, in a process group of its own so that none of its children outlives it. */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Ran> {
	return new Promise((resolve, reject) => {
		const child = spawn(program, args, {
			cwd: options.cwd,
			env: options.env,
			detached: true,
			stdio: ["ignore", "pipe", "pipe"],
		});
		const group = child.pid;
		if (group !== undefined) running.add(group);
		const limit = setTimeout(() => group !== undefined && killGroup(group), options.seconds * 1000);
		let stdout = "";
		let stderr = "";
		let seen = 0;
		child.stdout.setEncoding("utf8").on("data", (text: string) => {
			stdout += text;
		});
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
			for (let end = stderr.indexOf("\n", seen); end >= 0; end = stderr.indexOf("\n", seen)) {
				options.onErrorLine?.(stderr.slice(seen, end));
				seen = end + 1;
			}
		});
		const end = () => {
			clearTimeout(limit);
			if (group !== undefined) running.delete(group);
		};
		child.on("error", (error) => {
			end();
			reject(error);
		});
		child.on("close", (status) => {
			end();
			resolve({ status, stdout, stderr });
		});
	});
}

function killGroup(group: number): void {
	try {
		process.kill(-group, "SIGKILL");
	} catch {
		// It is gone already.
	}
}
