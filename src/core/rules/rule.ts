import { type ObservedCluster, runsEverywhere, standsEverywhere } from "../cluster";
import type { Question, Release } from "../question";
import type { RefusalFacts, RuleName } from "../refusal";
import { type DbVersion, sameVersion } from "../version";
import type { Ways } from "../ways";

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
	/**
	 * The facts of a refusal, or `undefined` where the rule has nothing against the update. Never throws.
	 *
	 * @param ways what may be set instead.
	 */
	readonly judge: (subject: Subject, ways: Ways) => RefusalFacts[Name] | undefined;
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
export function chosenBefore(cluster: ObservedCluster, target: DbVersion): boolean {
	return sameVersion(cluster.mark?.to, target) || runsEverywhere(cluster, target) || standsEverywhere(cluster, target);
}
