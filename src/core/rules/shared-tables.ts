import type { ObservedCluster, Rival } from "../cluster";
import { plan } from "../plan";
import type { Rule } from "./rule";

/** No other cluster with copies of the same tables is being updated: both might take down the last copies together. */
export const sharedTables: Rule<"shared-tables"> = {
	name: "shared-tables",
	judge({ target, cluster }) {
		if (target === undefined || cluster?.rivals === undefined) return undefined;
		if (plan(cluster, target).lanes.length === 0) return undefined;
		return cluster.rivals.find((rival) => !goesFirst(cluster, rival));
	},
};

/** Decides which of two interrupted updates resumes first. */
export function goesFirst(
	{ name, mark }: Pick<ObservedCluster, "name" | "mark">,
	{ cluster, mark: its, active }: Rival,
): boolean {
	if (mark === undefined || active) return false;
	return mark.since === its.since ? name < cluster : mark.since < its.since;
}
