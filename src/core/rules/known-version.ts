import { releaseOf } from "../release";
import { chosenBefore, type Rule } from "./rule";

const offered = 3;

/** The target exists. Asked also about a cluster that can't be read: a typo is a typo anyway. */
export const knownVersion: Rule<"known-version"> = {
	name: "known-version",
	judge({ target, cluster, catalogue }, ways) {
		if (target === undefined || catalogue === undefined) return undefined;
		if (releaseOf(target, catalogue) !== undefined) return undefined;
		if (cluster !== undefined && chosenBefore(cluster, target)) return undefined;
		return catalogue.length === 0 ? { empty: true, instead: [] } : ways.newest(undefined, offered);
	},
};
