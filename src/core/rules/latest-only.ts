import { latestOf } from "../release";
import { compareVersions, sameVersion } from "../version";
import { chosenBefore, type Rule } from "./rule";
import { sideBySide } from "./upgrade-path";

/**
 * Every update goes to the latest version, but by way of the stepping stones where it can't go there at once. Silent when
 * the cluster can't be read: whether the target is such a stone depends on what runs.
 */
export const latestOnly: Rule<"latest-only"> = {
	name: "latest-only",
	judge({ question, target, cluster, catalogue }) {
		if (question.policy !== "latest" || target === undefined || cluster === undefined) return undefined;
		const latest = latestOf(catalogue ?? []);
		if (catalogue === undefined || latest === undefined || compareVersions(target, latest) >= 0) return undefined;
		if (chosenBefore(cluster, target)) return undefined;
		const stones = sideBySide(cluster, latest, catalogue, question.known)?.steppingStones ?? [];
		return stones.some((stone) => sameVersion(stone, target)) ? undefined : { latest };
	},
};
