import type { ObservedCluster } from "../cluster";
import type { Question } from "../question";
import type { Refusal } from "../refusal";
import { settable } from "../release";
import { type DbVersion, parseVersion } from "../version";
import { waysFrom } from "../ways";
import { blockedVersion } from "./blocked-version";
import { eligibleState } from "./eligible-state";
import { knownVersion } from "./known-version";
import { lastCopy } from "./last-copy";
import { lastHealthyReplica } from "./last-healthy-replica";
import { latestOnly } from "./latest-only";
import { layout } from "./layout";
import { maintenanceWindow } from "./maintenance-window";
import { minimumVersion } from "./minimum-version";
import { noDowngrade } from "./no-downgrade";
import { persistentData } from "./persistent-data";
import { rehearsal } from "./rehearsal";
import type { Subject } from "./rule";
import { sharedTables } from "./shared-tables";
import { unfinishedUpdate } from "./unfinished-update";
import { upgradePath } from "./upgrade-path";
import { versionFormat } from "./version-format";

/** Every rule, in the order in which people read what they say. */
export const rules = [
	versionFormat,
	noDowngrade,
	minimumVersion,
	eligibleState,
	unfinishedUpdate,
	knownVersion,
	blockedVersion,
	latestOnly,
	upgradePath,
	lastHealthyReplica,
	persistentData,
	layout,
	lastCopy,
	sharedTables,
	rehearsal,
	maintenanceWindow,
] as const;

/** The rules about versions. Refusals suggest only what all of these allow. */
export const versionRules = [
	noDowngrade,
	minimumVersion,
	unfinishedUpdate,
	knownVersion,
	blockedVersion,
	latestOnly,
	upgradePath,
] as const;

/** What must hold whenever a replica is restarted, even if its version stays. */
export const restartRules = [lastHealthyReplica, persistentData, layout, lastCopy, sharedTables] as const;

/** Used when only a rule's verdict matters: it suggests nothing, so that rules do not ask each other in a loop. */
const nowhere = waysFrom({}, () => false);

/**
 * Every reason why an update is not allowed, in the order of {@link rules}; none if it is. Total.
 *
 * It is about an update: ask when the version changes or an update is unfinished. The rules about versions allow a
 * version that runs already, but a Restoring cluster is refused even then, which must not bother a program that changes
 * nothing.
 *
 * @param among The rules to ask, in their order; all unless given.
 * @example decide({ target: "1.7.1", cluster: known(cluster), catalogue: known([]), policy: "any" }); // [{ rule:
 * "no-downgrade", property: "version", target: "1.7.1", highest: "1.8.0", byDataOnly: false }]
 */
export function decide(question: Question, among: readonly (typeof rules)[number][] = rules): Refusal[] {
	const subject: Subject = {
		question,
		target: parseVersion(question.target),
		cluster: question.cluster.known ? question.cluster.value : undefined,
		catalogue: question.catalogue.known ? settable(question.catalogue.value) : undefined,
	};
	const passes = (target: DbVersion, cluster: ObservedCluster | undefined) =>
		versionRules.every(({ judge }) => judge({ ...subject, target, cluster }, nowhere) === undefined);
	const ways = waysFrom(subject, passes);
	return among.flatMap(({ name, judge }) => {
		const facts = judge(subject, ways);
		if (facts === undefined) return [];
		// The table pairs each name with its facts; the compiler can't follow a union of pairs.
		return [{ rule: name, property: "version", target: String(question.target), ...facts } as Refusal];
	});
}
