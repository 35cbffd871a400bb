/** Milliseconds without client queries that count as quiet, for requests through slower nodes' proxies. */
const quietMoment = 1000;
/** The least wait, for a server without clients: idle proxies follow the EndpointSlices within about a second. */
const leastMoment = 1500;
/** The longest wait: keep-alive connections and other shards keep sending queries to the end. */
const longestMoment = 6000;
/**
 * After an outage of the API server a proxy learns nothing until it watches again: client-go retries after 30 seconds
 * at most, with jitter up to twice that.
 */
const proxiesReturn = 60_000;
const pause = 100;
const keepEvery = 1000;

export interface Surroundings {
	/** Queries since the server's start, including this one; `undefined` if unknown. */
	readonly queries: () => Promise<number | undefined>;
	/** When the API server was last unavailable. */
	readonly awayAt: () => number | undefined;
	/** Called every second with the milliseconds waited: keeps the claim, notices an outage of the API server. */
	readonly keep: (waited: number) => Promise<unknown>;
	readonly now: () => number;
	readonly sleep: (milliseconds: number) => Promise<void>;
}

/**
 * Waits until no new connections reach a server that has left the EndpointSlices. Each node's proxy follows those in
 * its own time, a busy one after many seconds, and Kubernetes does not report when all have: so the server is asked
 * whether queries still arrive.
 *
 * @returns whether none did for a moment: keep-alive connections and other shards may send some to the end.
 */
export async function untilQuiet({ queries, awayAt, keep, now, sleep }: Surroundings): Promise<boolean> {
	const start = now();
	let disturbed = start;
	let kept = start;
	for (let before = await queries(); ; ) {
		const from = Math.max(start, (awayAt() ?? Number.NEGATIVE_INFINITY) + proxiesReturn);
		const until = Math.min(from + longestMoment, Math.max(from + leastMoment, disturbed + quietMoment));
		const rest = until - now();
		if (rest <= 0) return now() - disturbed >= quietMoment;
		await sleep(Math.min(pause, rest));
		if (now() - kept >= keepEvery) {
			await keep(now() - start);
			kept = now();
		}
		const count = await queries();
		// One more is our own query.
		if (before !== undefined && count !== undefined && count > before + 1) disturbed = now();
		before = count ?? before;
	}
}
