import { type ChildProcess, spawn } from "node:child_process";
import { processes } from "../../tools/processes.mts";

/** How a run of the CLI ended, and all that it printed, without colours. */
export interface Ran {
	/** The exit status; `null` when it was killed. */
	readonly status: number | null;
	readonly output: string;
}

/** A run of the Pulumi CLI, or of another program, that goes on. */
export class Cli {
	#output = "";
	#listeners = new Set<() => void>();
	readonly #child: ChildProcess;
	readonly ended: Promise<Ran>;

	constructor(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, program = "pulumi") {
		const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
		this.#child = child;
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (text: string) => {
				this.#output += text;
				for (const listener of this.#listeners) listener();
			});
		}
		this.ended = new Promise((resolve, reject) => {
			child.on("error", reject);
			// Not `close`: an orphaned provider may hold the pipes for long.
			child.on("exit", (status) => {
				resolve({ status, output: this.#output });
				for (const listener of this.#listeners) listener();
			});
		});
	}

	/** Waits until it has printed `text`; throws, with all that it did print, when it ends before. */
	async printed(text: string): Promise<void> {
		await new Promise<void>((resolve, reject) => {
			const look = () => {
				if (!this.#output.includes(text) && this.#running()) return;
				this.#listeners.delete(look);
				if (this.#output.includes(text)) resolve();
				else reject(new Error(`it ended without printing ${JSON.stringify(text)}:\n${this.#output}`));
			};
			this.#listeners.add(look);
			look();
		});
	}

	/** Sends a signal to the program itself, not to its children; by default one that ends it without any warning. */
	kill(signal: NodeJS.Signals = "SIGKILL"): void {
		this.#child.kill(signal);
	}

	/** The process of the dynamic provider that this run started. */
	async provider(): Promise<number> {
		const all = await processes();
		const mine = new Set([this.#child.pid]);
		for (let before = -1; before !== mine.size; ) {
			before = mine.size;
			for (const { pid, parent } of all) if (mine.has(parent)) mine.add(pid);
		}
		const found = all.find(({ pid, command }) => mine.has(pid) && /^\S*node\S* .*dynamic-provider/.test(command));
		if (found === undefined) throw new Error("the CLI has started no dynamic provider");
		return found.pid;
	}

	#running(): boolean {
		return this.#child.exitCode === null && this.#child.signalCode === null;
	}
}
