/** Requests at the same time: few enough for a small server, and enough that a round trip does not decide. */
const atOnce = 8;

/** Does something for each item, a few at the same time. Throws the first error, after what has begun has ended. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
	let next = 0;
	const lane = async () => {
		try {
			while (next < items.length) await work(items[next++] as T);
		} catch (error) {
			next = items.length;
			throw error;
		}
	};
	const lanes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, lane));
	for (const each of lanes) if (each.status === "rejected") throw each.reason;
}
