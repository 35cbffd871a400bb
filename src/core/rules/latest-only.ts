import { floor } from "../cluster";
import { latestOf } from "../release";
import { steppingStones } from "../stepping-stones";
import { compareVersions, sameVersion } from "../version";
import { chosenBefore, isDowngrade, type Rule } from "./rule";

/**
 * Every update goes to the latest version, or to a stepping stone towards it. Silent if the cluster can't be read:
 * whether the target is a stepping stone depends on what runs. Silent about a downgrade: no-downgrade suggests what
 * passes here. A cluster that is still being created may begin with any version, like a new one.
 */
export const latestOnly: Rule<"latest-only"> = {
	name: "latest-only",
	judge({ question: { policy, known }, target, cluster, catalogue }, ways) {
		if (policy !== "latest" || target === undefined || catalogue === undefined) return undefined;
		if (cluster === undefined || cluster.mark?.creates || chosenBefore(cluster, target)) return undefined;
		if (isDowngrade(cluster, target)) return undefined;
		const latest = latestOf(catalogue, target);
		if (latest === undefined || compareVersions(target, latest) >= 0) return undefined;
		const stones = steppingStones(cluster, latest, { catalogue, known });
		if (stones.some((stone) => sameVersion(stone, target))) return undefined;
		return { latest, ...ways.newest(floor(cluster)) };
	},
};
