/** How long clients must have left a server alone: the proxies of nodes that follow later than others have their requests in it. */
const quietMoment = 1000;
/** Where nobody asks anything there is nothing to see: idle proxies follow the EndpointSlices within about a second. */
const leastMoment = 1500;
/** Clients that keep their connections alive, and other shards, go on asking to the end. */
const longestMoment = 6000;
/**
 * A proxy whose API server was away learns nothing until it watches again: client-go tries that after 30 seconds at most,
 * doubled by chance.
 */
const proxiesReturn = 60_000;
const pause = 200;
const keepEvery = 1000;

export interface Surroundings {
	/** Queries that the server was ever asked, this question among them; `undefined` where that can't be told. */
	readonly queries: () => Promise<number | undefined>;
	/** When the API server was last found to be away. */
	readonly awayAt: () => number | undefined;
	/** Called each second with the milliseconds waited so far: keeps the claim, and finds out whether the API server is there. */
	readonly keep: (waited: number) => Promise<unknown>;
	readonly now: () => number;
	readonly sleep: (milliseconds: number) => Promise<void>;
}

/**
 * Waits until no new connections reach a server that has left the EndpointSlices. Each node's proxy follows those in its
 * own time, a busy one after many seconds, and nothing of Kubernetes tells when all of them have: so the server is asked
 * whether queries still come.
 */
export async function untilQuiet({ queries, awayAt, keep, now, sleep }: Surroundings): Promise<void> {
	const start = now();
	let disturbed = start;
	let kept = start;
	for (let before = await queries(); ; ) {
		const from = Math.max(start, (awayAt() ?? Number.NEGATIVE_INFINITY) + proxiesReturn);
		const at = now();
		if (at >= from + longestMoment || (at >= from + leastMoment && at - disturbed >= quietMoment)) return;
		await sleep(pause);
		if (now() - kept >= keepEvery) {
			await keep(now() - start);
			kept = now();
		}
		const count = await queries();
		// One more is our own question.
		if (before !== undefined && count !== undefined && count > before + 1) disturbed = now();
		before = count ?? before;
	}
}
