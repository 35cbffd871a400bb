import type { ObservedCluster, Rival } from "../cluster";
import { plan } from "../plan";
import type { Rule } from "./rule";

/** No other cluster that holds copies of the same tables is under way: both might take down their last ones at once. */
export const sharedTables: Rule<"shared-tables"> = {
	name: "shared-tables",
	judge({ target, cluster }) {
		if (target === undefined || cluster?.rivals === undefined) return undefined;
		if (plan(cluster, target).lanes.length === 0) return undefined;
		return cluster.rivals.find((rival) => !goesFirst(cluster, rival));
	},
};

/** Of two updates that stopped midway one has to be the first to go on. */
export function goesFirst(
	{ name, mark }: Pick<ObservedCluster, "name" | "mark">,
	{ cluster, mark: its, active }: Rival,
): boolean {
	if (mark === undefined || active) return false;
	return mark.since === its.since ? name < cluster : mark.since < its.since;
}
