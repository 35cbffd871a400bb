import type { ObservedReplica } from "../cluster";
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
		const problems = others.flatMap(problemOf);
		return others.length > 0 && problems.length === others.length
			? { replica: next.replica, others: problems }
			: undefined;
	},
};

function problemOf({ name, serving, readOnly, caughtUp, trouble }: ObservedReplica): Other[] {
	const of = (problem: Other["problem"]) => [{ replica: name, problem, ...(trouble !== undefined && { trouble }) }];
	if (!serving) return of("down");
	if (readOnly === true) return of("read-only");
	if (caughtUp === undefined) return of("unknown");
	return caughtUp ? [] : of("behind");
}
