interface Entry<T> {
	readonly value: Promise<T>;
	/** What was had last, and when the last try ended; absent before. */
	last?: T;
	until: number;
}

/** How long an answer is kept, in seconds. */
export interface Freshness {
	readonly good: number;
	/** So that a server that does not answer is not waited for by each of a thousand clusters. */
	readonly bad: number;
}

/**
 * Many clusters ask for the same: it is fetched once, and again only when it is old. An old answer stays where a new one
 * can't be had: it was good a while ago, in this very run.
 *
 * @param fetch is given what it answered last, to ask only whether that is still so.
 */
export function remembering<T>(
	fetch: (key: string, last: T | undefined) => Promise<T>,
	{ good, bad }: Freshness = { good: 300, bad: 30 },
	now: () => number = () => Date.now(),
): (key: string) => Promise<T> {
	const entries = new Map<string, Entry<T>>();
	return (key) => {
		const before = entries.get(key);
		if (before !== undefined && now() < before.until) return before.value;
		const last = before?.last;
		const entry: Entry<T> = {
			until: Number.POSITIVE_INFINITY,
			...(last !== undefined && { last }),
			value: fetch(key, last).then(
				(value) => {
					entry.last = value;
					entry.until = now() + good * 1000;
					return value;
				},
				(error: unknown) => {
					entry.until = now() + bad * 1000;
					if (last === undefined) throw error;
					return last;
				},
			),
		};
		entries.set(key, entry);
		return entry.value;
	};
}
