import type { ClusterRecord, Scaled } from "../../../control/record";
import type { StatefulSet } from "../api/types";
import { parseReplica } from "../render/names";
import { type Cluster, names } from "./cluster";
import { clusterRecord, type Stored } from "./record";

/** How many replicas a StatefulSet asks for. */
export const desiredReplicas = ({ spec }: StatefulSet) => spec.replicas ?? 1;

/** The StatefulSets that ask for another number of replicas than the record says; 0 is how a cluster is stopped. */
export function scaledSets(cluster: Cluster, stored: Stored, sets: readonly StatefulSet[]): Scaled[] {
	const { shards = 1, replicas = 1 } = stored;
	return sets.flatMap((set) => {
		const { name, generation = 0 } = set.metadata;
		const isMember = (parseReplica(cluster, `${name}-0`)?.shard ?? shards) < shards;
		if (!isMember || desiredReplicas(set) === 0 || desiredReplicas(set) === replicas) return [];
		return [{ where: `StatefulSet ${name}`, replicas: desiredReplicas(set), generation }];
	});
}

/** The record for everybody, with what the StatefulSets ask for that it does not. */
export function sizedRecord(
	cluster: Cluster,
	stored: Stored | undefined,
	sets: readonly StatefulSet[],
): ClusterRecord | undefined {
	return clusterRecord(stored, stored === undefined ? [] : scaledSets(cluster, stored, sets));
}

/** The cluster's own replicas that no StatefulSet asks for, though the cluster runs. */
export function scaledAway(cluster: Cluster, stored: Stored, sets: readonly StatefulSet[]): string[] {
	const down = sets.filter((set) => desiredReplicas(set) > 0 && desiredReplicas(set) < (stored.replicas ?? 1));
	return names(cluster, stored).filter((replica) => {
		const [, name, ordinal] = /^(.*)-(\d+)$/.exec(replica) ?? [];
		return down.some((set) => set.metadata.name === name && Number(ordinal) >= desiredReplicas(set));
	});
}
