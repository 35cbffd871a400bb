import { byShard } from "../cluster";
import { toldOf } from "../layout";
import { plan } from "../plan";
import { mayResume, type Rule } from "./rule";

/** The replicas of each declared shard are copies of each other, as far as their servers show. */
export const layout: Rule<"layout"> = {
	name: "layout",
	judge({ question, target, cluster }) {
		if (target === undefined || cluster === undefined) return undefined;
		if (cluster.state !== "Started" && !mayResume(cluster)) return undefined;
		if (plan(cluster, target).lanes.length === 0) return undefined;
		const told = toldOf(cluster, question.localTables);
		const declared = [...byShard(cluster).values()].map((replicas) => replicas.map(({ name }) => name));
		return told && { declared, ...told };
	},
};
