import { Claimed, ClaimLost } from "../../control/errors";
import type { Claim } from "../../control/port";
import { isAlive, ownProcessId } from "./process-id";
import type { LocalClaim, RecordFile } from "./record";

/** The claim that keeps others out: not expired, and its process lives. */
export function liveClaim({ claim }: RecordFile, now: number): LocalClaim | undefined {
	return claim !== undefined && Date.parse(claim.expires) > now && isAlive(claim.process) ? claim : undefined;
}

/**
 * The record with a new claim in it; throws {@link Claimed} while another holds one.
 *
 * A fence is never below the clock, so that it also grows over a folder that was deleted and made anew.
 */
export function withClaim(record: RecordFile, holder: string, seconds: number, now: number): RecordFile {
	const held = liveClaim(record, now);
	if (held !== undefined) throw new Claimed(held.holder, held.expires);
	const fence = Math.max(record.fence + 1, now);
	return { ...record, fence, claim: { holder, fence, expires: until(now, seconds), process: ownProcessId() } };
}

/** The record with the claim's time made longer; throws {@link ClaimLost}. */
export function withExtended(record: RecordFile, claim: Claim, seconds: number, now: number): RecordFile {
	return { ...record, claim: { ...mustHold(record, claim), expires: until(now, seconds) } };
}

/**
 * The record without the claim, if it still holds. What was drained under it stays drained until somebody undrains it:
 * only a holder that died takes its drains along.
 */
export function withReleased(record: RecordFile, { fence }: Claim): RecordFile | undefined {
	if (record.claim?.fence !== fence) return undefined;
	const { claim: _, cluster, ...rest } = record;
	if (cluster === undefined) return rest;
	const wanted = Object.entries(cluster.wanted).map(([name, replica]) => [
		name,
		replica.drainedUnder === fence ? { ...replica, drainedUnder: drainedForGood } : replica,
	]);
	return { ...rest, cluster: { ...cluster, wanted: Object.fromEntries(wanted) } };
}

/** In the place of a fence: drained until undrained. */
const drainedForGood = 0;

/** The replicas that are out of the endpoint by somebody's order. */
export function drainedReplicas(record: RecordFile, now: number): ReadonlySet<string> {
	const live = liveClaim(record, now)?.fence;
	const drained = Object.entries(record.cluster?.wanted ?? {}).filter(
		([, { drainedUnder }]) => drainedUnder === drainedForGood || (drainedUnder !== undefined && drainedUnder === live),
	);
	return new Set(drained.map(([name]) => name));
}

/**
 * Checks a claim before a change; throws {@link ClaimLost}. One that ran out still holds while nobody has taken it: what
 * matters is that no two hold it.
 */
export function mustHold(record: RecordFile, { fence }: Claim): LocalClaim {
	const { claim } = record;
	if (claim?.fence === fence) return claim;
	throw new ClaimLost(claim?.holder);
}

function until(now: number, seconds: number): string {
	return new Date(now + seconds * 1000).toISOString();
}
