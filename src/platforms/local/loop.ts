/** Takes one step after the other, each after the pause that the one before asks for, or at once when it is poked. */
export class Loop {
	#poked = false;
	#wake: () => void = () => {};

	/** @param step answers after how many milliseconds to take the next one. It must not throw. */
	constructor(step: () => Promise<number>) {
		// Not before whoever makes it has said what it wants.
		void Promise.resolve().then(() => this.#run(step));
	}

	/** Has it take a step at once. */
	poke(): void {
		this.#poked = true;
		this.#wake();
	}

	async #run(step: () => Promise<number>): Promise<never> {
		for (;;) {
			this.#poked = false;
			const pause = await step();
			if (this.#poked) continue;
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
