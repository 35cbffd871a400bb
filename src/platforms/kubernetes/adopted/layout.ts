import type { ClusterSpec } from "../../../control/port";
import { type LayoutEvidence, type Placed, type Told, toldOtherwise } from "../../../core/layout";
import type { Pod } from "../api/types";
import { layoutOf } from "../ask/layout";
import { parseReplica } from "../render/names";
import type { Existing } from "../render/settings-schema";
import type { AskedServer } from "./data";

/** Why the StatefulSets are not one shard each, as a takeover requires. */
export function layoutProblem(
	{ statefulSets }: Existing,
	pods: readonly Pod[],
	asked: readonly Pick<AskedServer, "pod" | "inventory">[],
	{ shards, replicas, localTables }: Pick<ClusterSpec, "shards" | "replicas" | "localTables">,
): string | undefined {
	const placed = asked.map(({ pod, inventory }): Placed => {
		const { name } = pod.metadata;
		const { shard = 0 } = parseReplica({ name: "", statefulSets }, name) ?? {};
		return { name, shard, holds: { tables: inventory.tables, layout: layoutOf(name, inventory.topology) } };
	});
	const all = pods.map(({ metadata }) => metadata.name);
	const told = toldOtherwise(placed, all, localTables);
	if (told === undefined) return undefined;
	const [size, ...others] = new Set(told.shards.map((names) => names.length));
	const regular = others.length === 0;
	const shape = regular ? `shards: ${told.shards.length}, replicas: ${size}` : "shards of different sizes";
	const wayOut = regular
		? `or move its rows to a new DbCluster with that layout`
		: `or move its rows to a new DbCluster, whose shards all have the same number of replicas`;
	return `each StatefulSet must be one shard (shards: ${shards}, replicas: ${replicas}), but the servers report another layout (${shape}): ${told.shards.map((names) => names.join(", ")).join(" / ")}. ${evidenceText(told)}. Such a cluster can't be taken over: keep updating it as you do today, ${wayOut}. If the reported layout comes from a table that differs between replicas on purpose, add that table to update.localTables.`;
}

function evidenceText({ evidence, pair: [a, b], apart }: Told): string {
	const [what, one, other] = parts(evidence);
	if (evidence.by === "clusters") return `${what} has ${a} and ${b} in ${apart ? "different shards" : "one shard"}`;
	return one === other
		? `${what} is ${one} on both ${a} and ${b}, as in one shard, but they are pods of different StatefulSets`
		: `${what} is ${one} on ${a}, and ${other} on ${b}, as in different shards, but they are pods of one StatefulSet`;
}

function parts(evidence: LayoutEvidence): [what: string, one?: string, other?: string] {
	switch (evidence.by) {
		case "paths":
			return [`The path of ${evidence.table} in Keeper`, ...evidence.paths];
		case "macro":
			return ["The macro shard", ...evidence.values];
		default:
			return [`The cluster ${evidence.cluster} in system.clusters`];
	}
}
