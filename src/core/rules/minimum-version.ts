import { standsAt, standsEverywhere } from "../cluster";
import { compareVersions, type DbVersion, sameVersion } from "../version";
import type { Rule } from "./rule";

/** The vendor supports updates in place from this version on; data of an older one is migrated by hand. */
const minimum = "0.9.2.0" as DbVersion;

/** Every replica can be updated in place. Creating a cluster at an older version, or keeping it, is no update. */
export const minimumVersion: Rule<"minimum-version"> = {
	name: "minimum-version",
	judge({ target, cluster }) {
		if (target === undefined || cluster === undefined || standsEverywhere(cluster, target)) return undefined;
		const [lowest] = cluster.replicas
			.flatMap((replica) => {
				const running = standsAt(replica);
				const isMade = cluster.mark?.creates && (replica.openedBy === undefined || sameVersion(running, target));
				return running === undefined || isMade ? [] : [{ replica: replica.name, running }];
			})
			.sort((a, b) => compareVersions(a.running, b.running));
		return lowest && compareVersions(lowest.running, minimum) < 0 ? { ...lowest, minimum } : undefined;
	},
};
