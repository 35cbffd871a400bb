/** Takes one step after the other, each after the pause that the one before asks for, or at once when it is poked. */
export class Loop {
	#closed = false;
	#poked = false;
	#wake: () => void = () => {};
	readonly #ended: Promise<void>;

	/** @param step answers after how many milliseconds to take the next one. It must not throw. */
	constructor(step: () => Promise<number>) {
		// Not before whoever makes it has said what it wants.
		this.#ended = Promise.resolve().then(() => this.#run(step));
	}

	/** Has it take a step at once. */
	poke(): void {
		this.#poked = true;
		this.#wake();
	}

	/** Resolves when it has ended: no step follows the one that is under way. */
	close(): Promise<void> {
		this.#closed = true;
		this.#wake();
		return this.#ended;
	}

	async #run(step: () => Promise<number>): Promise<void> {
		while (!this.#closed) {
			this.#poked = false;
			const pause = await step();
			if (this.#poked || this.#closed) continue;
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, pause);
				this.#wake = () => {
					clearTimeout(timer);
					resolve();
				};
			});
		}
	}
}
