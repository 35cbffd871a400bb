import { floor, standsEverywhere } from "../cluster";
import { releaseOf } from "../release";
import { sameVersion } from "../version";
import type { Rule } from "./rule";

/**
 * The target is not blocked in the catalogue. It speaks of a cluster that can't be read, too, and of one that is to be
 * made.
 *
 * The target of an unfinished update is refused as well: whoever blocks a version says that no replica must get it any
 * more, and while none can go back from it, those that do not have it yet still serve. A later version goes on from
 * there; where there is none, whoever keeps the catalogue decides, by lifting the block. Where every replica has it, there
 * is nothing left to protect, and other changes must stay possible.
 */
export const blockedVersion: Rule<"blocked-version"> = {
	name: "blocked-version",
	judge({ target, cluster, catalogue }, ways) {
		if (target === undefined || catalogue === undefined) return undefined;
		const blocked = releaseOf(target, catalogue)?.blocked;
		if (blocked === undefined || (cluster !== undefined && standsEverywhere(cluster, target))) return undefined;
		const unfinished = sameVersion(cluster?.mark?.to, target);
		const lowest = unfinished ? target : cluster && floor(cluster);
		return { ...(blocked !== true && { reason: blocked }), unfinished, ...ways.newest(lowest) };
	},
};
