import { plan, restarting } from "../plan";
import type { Rule } from "./rule";

/** A replica that restarts keeps its data: it is on a volume that outlives the process and the pod. */
export const persistentData: Rule<"persistent-data"> = {
	name: "persistent-data",
	judge({ target, cluster }) {
		if (target === undefined || cluster === undefined) return undefined;
		const names = restarting(plan(cluster, target));
		const replicas = cluster.replicas.flatMap(({ name, holds }) =>
			names.has(name) && holds?.volatile !== undefined ? [{ replica: name, volatile: holds.volatile }] : [],
		);
		return replicas.length > 0 ? { replicas } : undefined;
	},
};
