import type { Clock } from "../../src/roll/clock";

/** Time that jumps to the next sleeper as soon as nobody has anything else to do: hours pass in no time. */
export class VirtualClock implements Clock {
	/** Nothing that is tested takes as long: what does never ends, and no time limit of a test would stop it. */
	static longest = 24 * 60 * 60 * 1000;
	readonly #start = Date.UTC(2026, 0, 1);
	#now = this.#start;
	#sleepers: { readonly at: number; readonly wake: () => void }[] = [];
	#pumping = false;

	now(): number {
		return this.#now;
	}

	sleep(milliseconds: number): Promise<void> {
		return new Promise((wake) => {
			const at = this.#now + Math.max(0, milliseconds);
			if (at - this.#start > VirtualClock.longest) throw new Error("all that time has passed: this never ends");
			// Sorted, and first come first served among equals, so that a run can be repeated.
			const place = this.#sleepers.findLastIndex((sleeper) => sleeper.at <= at) + 1;
			this.#sleepers.splice(place, 0, { at, wake });
			if (!this.#pumping) {
				this.#pumping = true;
				whenSettled(this.#pump);
			}
		});
	}

	/** Every promise that could settle has: only sleepers are left. */
	readonly #pump = () => {
		const next = this.#sleepers.shift();
		if (next !== undefined) {
			this.#now = next.at;
			next.wake();
		}
		this.#pumping = this.#sleepers.length > 0;
		if (this.#pumping) whenSettled(this.#pump);
	};
}

/**
 * Node.js runs a tick that a promise's reaction has asked for once no promise is left that could settle; that is several
 * times as fast as an immediate. Nothing that this clock is for waits for anything but promises.
 */
function whenSettled(act: () => void): void {
	void Promise.resolve().then(() => process.nextTick(act));
}
