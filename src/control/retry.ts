import { setTimeout as wait } from "node:timers/promises";

/**
 * Repeats a call while it fails.
 *
 * @param pause Milliseconds before the next try, by the number of tries; `undefined` stops, and the error is thrown.
 * If it throws, that error is thrown instead.
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
