interface Entry<T> {
	readonly value: Promise<T>;
	/** The last answer, and when it was tried last; absent before. */
	last?: T;
	until: number;
}

/**
 * A cache, because many clusters ask for the same: it is fetched again only when it is old. If that fails, the old
 * answer stays: it was good a while ago, in this very run.
 *
 * @param fetch Gets its last answer, so that it can ask whether that has changed.
 * @param seconds How long an answer is cached, and how long a failure: a server that does not respond must not be waited
 * for by each of a thousand clusters.
 */
export function remembering<T>(
	fetch: (key: string, last: T | undefined) => Promise<T>,
	seconds = { good: 300, bad: 30 },
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
					entry.until = now() + seconds.good * 1000;
					return value;
				},
				(error: unknown) => {
					entry.until = now() + seconds.bad * 1000;
					if (last === undefined) throw error;
					return last;
				},
			),
		};
		entries.set(key, entry);
		return entry.value;
	};
}
