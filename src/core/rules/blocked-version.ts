import { floor, standsEverywhere } from "../cluster";
import { releaseOf } from "../release";
import { sameVersion } from "../version";
import { isDowngrade, type Rule } from "./rule";

/**
 * The target is not blocked in the catalogue. Asked also about a cluster that can't be read or does not exist yet.
 *
 * The target of an unfinished update is refused as well: a block means that no further replica may get the version, and
 * those that do not have it yet still serve. A later version resumes from there; if there is none, lift the block. If
 * every replica has it, nothing is left to protect, and other changes must stay possible. Silent about a downgrade.
 */
export const blockedVersion: Rule<"blocked-version"> = {
	name: "blocked-version",
	judge({ target, cluster, catalogue }, ways) {
		if (target === undefined || catalogue === undefined) return undefined;
		const blocked = releaseOf(target, catalogue)?.blocked;
		if (
			blocked === undefined ||
			isDowngrade(cluster, target) ||
			(cluster !== undefined && standsEverywhere(cluster, target))
		)
			return undefined;
		const unfinished = sameVersion(cluster?.mark?.to, target);
		const lowest = unfinished ? target : cluster && floor(cluster);
		return { ...(blocked !== true && { reason: blocked }), unfinished, ...ways.newest(lowest) };
	},
};
