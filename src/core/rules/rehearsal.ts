import { plan } from "../plan";
import type { Rule } from "./rule";

/**
 * With `update.rehearsal.policy: "required"` an update needs a rehearsal that passed, in preview too. An unfinished
 * update resumes without one: a cluster of two versions is worse.
 */
export const rehearsal: Rule<"rehearsal"> = {
	name: "rehearsal",
	judge({ question: { unrehearsed }, target, cluster }) {
		if (unrehearsed === undefined || target === undefined || cluster === undefined) return undefined;
		return cluster.mark === undefined && plan(cluster, target).upgrades ? { unrehearsed } : undefined;
	},
};
