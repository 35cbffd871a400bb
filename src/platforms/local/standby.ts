import type { ChildProcess } from "node:child_process";
import { engineEnvironment } from "./engines";
import { spawnDetached } from "./processes";
import type { ReplicaOptions } from "./protocol";

/** Which engine a process holds. */
export type EngineOf = Pick<ReplicaOptions, "version" | "library" | "addon">;

/**
 * The next process of a replica, ahead of its turn: it loads the engine, which is half of a start, and touches no data
 * before it gets the word. Without it, or when its router ends first, it ends.
 */
export class Standby {
	readonly #child: ChildProcess;
	#ended = false;

	private constructor(
		readonly options: ReplicaOptions,
		log: string,
		onExit: () => void,
	) {
		this.#child = spawnDetached({
			program: "replica",
			argument: JSON.stringify({ ...options, standby: true } satisfies ReplicaOptions),
			home: options.home,
			log,
			env: engineEnvironment(options.library),
			channel: true,
			onExit: () => {
				this.#ended = true;
				onExit();
			},
		});
	}

	static start(options: ReplicaOptions, log: string, onExit: () => void): Standby {
		return new Standby(options, log, onExit);
	}

	get ended(): boolean {
		return this.#ended;
	}

	/** Whether it can be used for that engine. */
	holds({ version, library, addon }: EngineOf): boolean {
		const { options } = this;
		return !this.#ended && version === options.version && library === options.library && addon === options.addon;
	}

	/** From now on it is the replica's process, and outlives this one. */
	go(): void {
		// What can't be sent has ended, and is seen to have.
		this.#child.send("go", () => {
			if (this.#child.connected) this.#child.disconnect();
		});
	}

	/** It is not needed. */
	end(): void {
		this.#child.kill("SIGKILL");
	}
}

/** In the process itself: resolves when it gets the word. */
export function word(): Promise<void> {
	return new Promise((resolve) => {
		const alone = () => process.exit(0);
		process.once("disconnect", alone);
		process.once("message", () => {
			process.off("disconnect", alone);
			resolve();
		});
		if (!process.connected) alone();
	});
}
