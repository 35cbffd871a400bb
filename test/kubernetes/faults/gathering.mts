import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Milliseconds that one waits for the others: a request to the API server is given up after 30 seconds. */
const patience = 22_000;

/** Runs a command once for several who come to it one after the other, so that it disturbs all of them at the same time. */
export class Gathering {
	#here: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
	#timer: NodeJS.Timeout | undefined;
	#last: Promise<unknown> = Promise.resolve();

	/** @param expected How many come at most. */
	constructor(
		private readonly command: string,
		private expected: number,
	) {}

	/** Resolves once the command has run. */
	come(): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#here.push({ resolve, reject });
			this.#timer ??= setTimeout(() => this.#begin(), patience);
			if (this.#here.length === this.expected) this.#begin();
		});
	}

	/** One comes no more. */
	leave(): void {
		this.expected--;
		if (this.#here.length > 0 && this.#here.length === this.expected) this.#begin();
	}

	#begin(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const here = this.#here;
		this.#here = [];
		this.#last = this.#last
			.then(() => promisify(execFile)("sh", ["-c", this.command]))
			.then(
				() => {
					for (const { resolve } of here) resolve();
				},
				(error: unknown) => {
					for (const { reject } of here) reject(error);
				},
			);
	}
}
