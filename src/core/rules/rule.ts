import { floor, type ObservedCluster, runsEverywhere, standsEverywhere } from "../cluster";
import type { Question, Release } from "../question";
import type { RefusalFacts, RuleName } from "../refusal";
import { compareVersions, type DbVersion, sameVersion } from "../version";
import type { Ways } from "../ways";

/** A question, read once for all rules. `undefined` is not known: a rule that needs it stays silent. */
export interface Subject {
	readonly question: Question;
	readonly target: DbVersion | undefined;
	readonly cluster: ObservedCluster | undefined;
	readonly catalogue: readonly Release[] | undefined;
}

export interface Rule<Name extends RuleName> {
	readonly name: Name;
	/**
	 * The facts of a refusal, or `undefined` if the rule has no objection. Never throws.
	 *
	 * @param ways The versions that may be set instead.
	 */
	readonly judge: (subject: Subject, ways: Ways) => RefusalFacts[Name] | undefined;
}

/** The target is below what may be set at all: then only no-downgrade speaks of it, and suggests what every rule allows. */
export function isDowngrade(cluster: ObservedCluster | undefined, target: DbVersion): boolean {
	const lowestAllowed = cluster && floor(cluster);
	return lowestAllowed !== undefined && compareVersions(target, lowestAllowed) < 0;
}

/** The mark shows that this is our own update or creation, which may be resumed. */
export function mayResume({ mark, state }: ObservedCluster): boolean {
	if (mark === undefined) return false;
	return state === "Degraded" || state === (mark.creates ? "Starting" : "Updating");
}

/**
 * The target was chosen earlier: an unfinished update goes to it, or every replica is at it already. The catalogue is
 * not asked then: leaving a version that is gone from it, or no longer the newest, would mean going back.
 */
export function chosenBefore(cluster: ObservedCluster, target: DbVersion): boolean {
	return sameVersion(cluster.mark?.to, target) || runsEverywhere(cluster, target) || standsEverywhere(cluster, target);
}
