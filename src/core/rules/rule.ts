import type { ObservedCluster } from "../cluster";
import type { Question, Release } from "../question";
import type { RefusalFacts, RuleName } from "../refusal";
import { type DbVersion, sameVersion } from "../version";

/** A question, read once for all rules. What is `undefined` is not known: a rule that needs it has nothing to say. */
export interface Subject {
	readonly question: Question;
	readonly target: DbVersion | undefined;
	readonly cluster: ObservedCluster | undefined;
	readonly catalogue: readonly Release[] | undefined;
}

/** One reason why an update may not happen. */
export interface Rule<Name extends RuleName> {
	readonly name: Name;
	/** The facts of a refusal, or `undefined` where the rule has nothing against the update. Never throws. */
	readonly judge: (subject: Subject) => RefusalFacts[Name] | undefined;
}

/** The mark says that this is our own update or creation, to be gone on with. */
export function mayResume({ mark, state }: ObservedCluster): boolean {
	if (mark === undefined) return false;
	return state === "Degraded" || state === (mark.creates ? "Starting" : "Updating");
}

/**
 * The target was not chosen anew: an unfinished update goes to it, or every replica is at it already. The catalogue has
 * nothing to say to that: a version that is gone from it, or is no longer the newest, is not left by going back.
 */
export function chosenBefore({ mark, replicas }: ObservedCluster, target: DbVersion): boolean {
	const isTarget = (version: DbVersion | undefined) => sameVersion(version, target);
	if (isTarget(mark?.to)) return true;
	return (
		replicas.length > 0 &&
		replicas.every(({ version, openedBy, serving }) => isTarget(version) || (!serving && isTarget(openedBy)))
	);
}
