import { Claimed, ClaimLost, RecordLost } from "./errors";
import type { Claim } from "./port";
import type { ClaimRecord } from "./record";

/**
 * The part of a cluster's record that claims are about. The record changes only by compare-and-swap, so these functions
 * decide inside it.
 */
export interface Claimable {
	readonly claim?: ClaimRecord;
	/** The fence of the last claim; kept after its release, so that each is greater than all before. */
	readonly fence: number;
}

type Its<R extends Claimable> = NonNullable<R["claim"]>;

/** The claim, if it has not expired. */
export function liveClaim<R extends Pick<Claimable, "claim">>(record: R, now: number): R["claim"] {
	return record.claim !== undefined && Date.parse(record.claim.expires) > now ? record.claim : undefined;
}

/**
 * The record with a new claim; throws {@link Claimed} while another holds one.
 *
 * A fence is never below the clock, so that it also grows when a record was deleted and recreated.
 */
export function withClaim<R extends Claimable>(
	record: R,
	mine: Omit<Its<R>, "fence" | "expires">,
	seconds: number,
	now: number,
): R {
	const other = liveClaim(record, now);
	if (other !== undefined) throw new Claimed(other.holder, other.expires);
	const fence = Math.max(record.fence + 1, now);
	return { ...record, fence, claim: { ...mine, fence, expires: expiry(seconds, now) } };
}

/** The record with the claim renewed; throws {@link ClaimLost}. */
export function withExtended<R extends Claimable>(record: R, claim: Claim, seconds: number, now: number): R {
	return { ...record, claim: { ...mustHold(record, claim).claim, expires: expiry(seconds, now) } };
}

/** The record without the claim; the very same record if the claim does not hold. */
export function withoutClaim<R extends Claimable>(record: R, claim: Claim): R {
	return isHeld(record, claim) ? { ...record, claim: undefined } : record;
}

/**
 * The record, after checking that the claim holds, as before each change; throws {@link ClaimLost}. An expired claim
 * still holds while nobody has taken it: what matters is that no two hold it.
 */
export function mustHold<R extends Claimable>(record: R, claim: Claim): R {
	if (isHeld(record, claim)) return record;
	// Fences only grow, unless the record was deleted.
	throw record.fence < claim.fence ? new RecordLost() : new ClaimLost(record.claim?.holder);
}

const isHeld = ({ claim: its }: Pick<Claimable, "claim">, { fence, holder }: Claim): boolean =>
	its?.fence === fence && its.holder === holder;

const expiry = (seconds: number, now: number) => new Date(now + seconds * 1000).toISOString();
