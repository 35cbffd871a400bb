import { setTimeout as wait } from "node:timers/promises";

/**
 * Calls again while the call fails.
 *
 * @param pause Milliseconds before the next try, after so many; `undefined` gives up, and the error is thrown on. What it
 * throws itself is thrown instead.
 */
export async function retry<T>(
	call: () => Promise<T>,
	pause: (error: unknown, tries: number) => number | undefined,
	sleep: (milliseconds: number) => Promise<void> = wait,
): Promise<T> {
	for (let tries = 1; ; tries++) {
		try {
			return await call();
		} catch (error) {
			const milliseconds = pause(error, tries);
			if (milliseconds === undefined) throw error;
			await sleep(milliseconds);
		}
	}
}
