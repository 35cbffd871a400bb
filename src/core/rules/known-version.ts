import { releaseOf } from "../release";
import { chosenBefore, type Rule } from "./rule";

/** How many versions to offer. */
const offered = 3;

/** The target exists. It speaks of a cluster that can't be read, too: a version that was mistyped is mistyped anyway. */
export const knownVersion: Rule<"known-version"> = {
	name: "known-version",
	judge({ target, cluster, catalogue }, ways) {
		if (target === undefined || catalogue === undefined) return undefined;
		if (releaseOf(target, catalogue) !== undefined) return undefined;
		if (cluster !== undefined && chosenBefore(cluster, target)) return undefined;
		return catalogue.length === 0 ? { empty: true, instead: [] } : ways.newest(undefined, offered);
	},
};
