import { problemOf } from "../availability";
import { plan } from "../plan";
import type { RefusalFacts } from "../refusal";
import { mayResume, type Rule } from "./rule";

type Other = RefusalFacts["last-healthy-replica"]["others"][number];

/**
 * The next step leaves its shard a replica that can serve alone. Only the next step: the rollout checks each later one
 * before it takes it. A single replica has no other, and an idle cluster can be checked only once it is awake.
 */
export const lastHealthyReplica: Rule<"last-healthy-replica"> = {
	name: "last-healthy-replica",
	judge({ target, cluster }) {
		if (target === undefined || cluster === undefined) return undefined;
		if (cluster.state !== "Started" && !mayResume(cluster)) return undefined;
		const next = plan(cluster, target).lanes[0]?.steps[0];
		if (next === undefined || next.broken) return undefined;
		const others = cluster.replicas.filter(({ shard, name }) => shard === next.shard && name !== next.replica);
		const problems = others.flatMap((other): Other[] => {
			// What a roll waits out is a reason to refuse as long as it has not begun.
			const problem = problemOf(other) ?? (other.caughtUp === undefined ? "unknown" : undefined);
			const { name: replica, trouble } = other;
			return problem === undefined ? [] : [{ replica, problem, ...(trouble !== undefined && { trouble }) }];
		});
		return others.length > 0 && problems.length === others.length
			? { replica: next.replica, others: problems }
			: undefined;
	},
};
