/** How long clients must have left a server alone: the proxies of nodes that follow later than others have their requests in it. */
const quietMoment = 1000;
/** Where nobody asks anything there is nothing to see: idle proxies follow the EndpointSlices within about a second. */
const leastMoment = 1500;
/** Clients that keep their connections alive, and other shards, go on asking to the end. */
const longestMoment = 6000;
const pause = 200;

export interface Clock {
	readonly now: () => number;
	readonly sleep: (milliseconds: number) => Promise<void>;
}

/**
 * Waits until no new connections reach a server that has left the EndpointSlices. Each node's proxy follows those in its
 * own time, a busy one after many seconds, and nothing of Kubernetes tells when all of them have: so the server is asked
 * whether queries still come.
 *
 * @param queries how many the server was ever asked, this question among them; `undefined` where that can't be told.
 */
export async function untilQuiet(queries: () => Promise<number | undefined>, { now, sleep }: Clock): Promise<void> {
	const start = now();
	let disturbed = start;
	for (let before = await queries(); ; ) {
		const waited = now() - start;
		if (waited >= longestMoment || (waited >= leastMoment && now() - disturbed >= quietMoment)) return;
		await sleep(pause);
		const count = await queries();
		// One more is our own question.
		if (before !== undefined && count !== undefined && count > before + 1) disturbed = now();
		before = count ?? before;
	}
}
