import { neverStarted } from "../cluster";
import { compareVersions, sameVersion } from "../version";
import type { Rule } from "./rule";

/**
 * An interrupted update is resumed to its target or a newer one: some replica's data may have the new format already.
 * If certainly none has, the update may be reverted. The same holds for the version of a cluster that is still being
 * created.
 */
export const unfinishedUpdate: Rule<"unfinished-update"> = {
	name: "unfinished-update",
	judge({ target, cluster }, ways) {
		if (target === undefined || cluster?.mark === undefined) return undefined;
		const { mark } = cluster;
		if (compareVersions(target, mark.to) >= 0 || neverStarted(cluster, mark)) return undefined;
		const { from, to, since, creates } = mark;
		const goesOn = ways.now().some((version) => sameVersion(version, to));
		return { unfinished: to, from, since, ...(creates && { creates }), ...(!goesOn && ways.newest()) };
	},
};
