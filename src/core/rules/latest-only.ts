import { floor, type ObservedCluster } from "../cluster";
import { latestOf } from "../release";
import { compareVersions, type DbVersion, sameVersion } from "../version";
import { chosenBefore, type Rule, type Subject } from "./rule";
import { sideBySide } from "./upgrade-path";

/**
 * Every update goes to the latest version, but by way of the stepping stones where it can't go there at once. Silent when
 * the cluster can't be read: whether the target is such a stone depends on what runs. Silent of a downgrade, too:
 * no-downgrade names what passes here. A cluster that is still being made may begin with any version, as a new one may.
 */
export const latestOnly: Rule<"latest-only"> = {
	name: "latest-only",
	judge({ target, cluster, ...rest }) {
		if (target === undefined || cluster === undefined) return undefined;
		const lowestAllowed = floor(cluster);
		if (lowestAllowed !== undefined && compareVersions(target, lowestAllowed) < 0) return undefined;
		const latest = laterThan(target, cluster, rest);
		if (latest === undefined || chosenBefore(cluster, target)) return undefined;
		return stones(cluster, latest, rest).some((stone) => sameVersion(stone, target)) ? undefined : { latest };
	},
};

/** What may be asked for where a version is the lowest allowed; `undefined` where that and everything later may. */
export function passing(lowest: DbVersion, cluster: ObservedCluster, rest: Means): DbVersion[] | undefined {
	const latest = laterThan(lowest, cluster, rest);
	if (latest === undefined) return undefined;
	const next = stones(cluster, latest, rest)[0] ?? latest;
	return chosenBefore(cluster, lowest) ? [lowest, next] : [next];
}

type Means = Pick<Subject, "question" | "catalogue">;

/** The latest version, where updates have to go to it and a version is not as new. */
function laterThan(
	version: DbVersion,
	{ mark }: ObservedCluster,
	{ question, catalogue }: Means,
): DbVersion | undefined {
	const held = question.policy === "latest" && !mark?.creates;
	const latest = held && catalogue !== undefined ? latestOf(catalogue) : undefined;
	return latest !== undefined && compareVersions(version, latest) < 0 ? latest : undefined;
}

function stones(cluster: ObservedCluster, latest: DbVersion, { question, catalogue }: Means): readonly DbVersion[] {
	return sideBySide(cluster, latest, catalogue ?? [], question.known)?.steppingStones ?? [];
}
