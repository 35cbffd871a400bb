import { Claimed, ClaimLost } from "../../control/errors";
import type { Claim } from "../../control/port";
import { isAlive, ownProcessId } from "./process-id";
import type { LocalClaim, RecordFile } from "./record";

/** The claim that holds now: not expired, and its process lives. */
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
	if (held !== undefined && held.holder !== holder) throw new Claimed(held.holder, held.expires);
	const fence = Math.max(record.fence + 1, now);
	return { ...record, fence, claim: { holder, fence, expires: until(now, seconds), process: ownProcessId() } };
}

/** The record with the claim's time made longer; throws {@link ClaimLost}. */
export function withExtended(record: RecordFile, claim: Claim, seconds: number, now: number): RecordFile {
	return { ...record, claim: { ...mustHold(record, claim, now), expires: until(now, seconds) } };
}

/** Checks a claim before a change; throws {@link ClaimLost}. */
export function mustHold(record: RecordFile, { holder, fence }: Claim, now: number): LocalClaim {
	const held = liveClaim(record, now);
	if (held?.fence === fence && held.holder === holder) return held;
	throw new ClaimLost(held?.holder);
}

function until(now: number, seconds: number): string {
	return new Date(now + seconds * 1000).toISOString();
}
