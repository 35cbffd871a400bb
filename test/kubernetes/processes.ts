import { readdirSync, readFileSync } from "node:fs";

/** Collects the command lines of all processes of this machine, which may be the cluster's node, many times a second. */
export class ProcessList {
	readonly #seen = new Set<string>();
	readonly #timer = setInterval(() => this.#look(), 20);

	#look(): void {
		for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
			try {
				this.#seen.add(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
			} catch {
				// It has ended meanwhile.
			}
		}
	}

	/** Every command line that was seen. */
	stop(): readonly string[] {
		clearInterval(this.#timer);
		return [...this.#seen];
	}
}
