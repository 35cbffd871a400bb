import { releaseOf, spelledOtherwise } from "../release";
import { chosenBefore, isDowngrade, type Rule } from "./rule";

const offered = 3;

/** The target exists. Asked also about a cluster that can't be read: a typo is a typo anyway. Silent about a downgrade. */
export const knownVersion: Rule<"known-version"> = {
	name: "known-version",
	judge({ question, target, cluster, catalogue }, ways) {
		if (target === undefined || catalogue === undefined) return undefined;
		if (releaseOf(target, catalogue) !== undefined) return undefined;
		if (isDowngrade(cluster, target) || (cluster !== undefined && chosenBefore(cluster, target))) return undefined;
		const others = question.catalogue.known ? spelledOtherwise(question.catalogue.value, target).slice(0, offered) : [];
		const elsewhere = others.length > 0 && { elsewhere: others };
		if (catalogue.length === 0) return { empty: true, instead: [], ...elsewhere };
		return { ...ways.newest(undefined, offered), ...elsewhere };
	},
};
