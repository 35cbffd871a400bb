import { Claimed, ClaimLost } from "./errors";
import type { Claim } from "./port";
import type { ClaimRecord } from "./record";

/** What claims are about, of a record that is changed by compare-and-swap alone: what is decided here is decided there. */
export interface Claimable {
	readonly claim?: ClaimRecord;
	/** Of the last claim that was given: stays when that is released, so that each is greater than all before. */
	readonly fence: number;
}

type Its<R extends Claimable> = NonNullable<R["claim"]>;

/** The claim that keeps others out: one that did not run out. */
export function liveClaim<R extends Pick<Claimable, "claim">>(record: R, now: number): R["claim"] {
	return record.claim !== undefined && Date.parse(record.claim.expires) > now ? record.claim : undefined;
}

/**
 * The record with a new claim in it; throws {@link Claimed} while another holds one.
 *
 * A fence is never below the clock, so that it also grows over a record that was deleted and made anew.
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

/** The record with the claim's time made longer; throws {@link ClaimLost}. */
export function withExtended<R extends Claimable>(record: R, claim: Claim, seconds: number, now: number): R {
	return { ...record, claim: { ...mustHold(record, claim).claim, expires: expiry(seconds, now) } };
}

/** The record without the claim; the very same one where that does not hold. */
export function withoutClaim<R extends Claimable>(record: R, claim: Claim): R {
	return isHeld(record, claim) ? { ...record, claim: undefined } : record;
}

/**
 * The record, on proof that a claim holds, as before each change; throws {@link ClaimLost}. One that ran out still holds
 * while nobody has taken it: what matters is that no two hold it.
 */
export function mustHold<R extends Claimable>(record: R, claim: Claim): R {
	if (!isHeld(record, claim)) throw new ClaimLost(record.claim?.holder);
	return record;
}

export const isHeld = ({ claim: its }: Pick<Claimable, "claim">, { fence, holder }: Claim): boolean =>
	its?.fence === fence && its.holder === holder;

const expiry = (seconds: number, now: number) => new Date(now + seconds * 1000).toISOString();
