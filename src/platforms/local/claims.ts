import { liveClaim, withClaim, withoutClaim } from "../../control/claims";
import type { Claim } from "../../control/port";
import { isAlive, ownProcessId } from "./process-id";
import type { RecordFile } from "./record";

/** The claim that keeps others out: not expired, and its process lives. */
export function claimOfLiving(record: RecordFile, now: number): RecordFile["claim"] {
	const claim = liveClaim(record, now);
	return claim !== undefined && isAlive(claim.process) ? claim : undefined;
}

/** The record with a new claim in it; throws {@link Claimed} while another that is alive holds one. */
export function withLocalClaim(record: RecordFile, holder: string, seconds: number, now: number): RecordFile {
	const free = claimOfLiving(record, now) === undefined ? { ...record, claim: undefined } : record;
	return withClaim(free, { holder, process: ownProcessId() }, seconds, now);
}

/**
 * The record without the claim, if it still holds. What was drained under it stays drained until somebody undrains it:
 * only a holder that died takes its drains along.
 */
export function withReleased(record: RecordFile, claim: Claim): RecordFile | undefined {
	const released = withoutClaim(record, claim);
	if (released === record) return undefined;
	const { cluster, ...rest } = released;
	if (cluster === undefined) return rest;
	const wanted = Object.entries(cluster.wanted).map(([name, replica]) => [
		name,
		replica.drainedUnder === claim.fence ? { ...replica, drainedUnder: drainedForGood } : replica,
	]);
	return { ...rest, cluster: { ...cluster, wanted: Object.fromEntries(wanted) } };
}

/** In the place of a fence: drained until undrained. */
const drainedForGood = 0;

export function drainedReplicas(record: RecordFile, now: number): ReadonlySet<string> {
	const live = claimOfLiving(record, now)?.fence;
	const drained = Object.entries(record.cluster?.wanted ?? {}).filter(
		([, { drainedUnder }]) => drainedUnder === drainedForGood || (drainedUnder !== undefined && drainedUnder === live),
	);
	return new Set(drained.map(([name]) => name));
}
