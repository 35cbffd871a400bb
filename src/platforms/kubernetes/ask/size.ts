import { asRecord, type ClusterRecord, type Scaled } from "../../../control/record";
import type { StatefulSet } from "../api/types";
import { parseReplica } from "../render/names";
import { type Cluster, names } from "./cluster";
import type { Stored } from "./record";

export const desiredReplicas = ({ spec }: StatefulSet) => spec.replicas ?? 1;

/** The StatefulSets whose number of replicas differs from the record; 0 means stopped. */
export function scaledSets(cluster: Cluster, stored: Stored, sets: readonly StatefulSet[]): Scaled[] {
	const { shards = 1, replicas = 1 } = stored;
	return sets.flatMap((set) => {
		const { name, generation = 0 } = set.metadata;
		const isMember = (parseReplica(cluster, `${name}-0`)?.shard ?? shards) < shards;
		if (!isMember || desiredReplicas(set) === 0 || desiredReplicas(set) === replicas) return [];
		return [{ where: `StatefulSet ${name}`, replicas: desiredReplicas(set), generation }];
	});
}

/** The public record, with the deviations of the StatefulSets. */
export function sizedRecord(
	cluster: Cluster,
	stored: Stored | undefined,
	sets: readonly StatefulSet[],
): ClusterRecord | undefined {
	if (stored?.owner === undefined) return undefined;
	const { owner, generation = "", shards = 1, replicas = 1 } = stored;
	return asRecord({ ...stored, owner, generation, shards, replicas, scaled: scaledSets(cluster, stored, sets) });
}

/** The cluster's own replicas that no StatefulSet asks for although the cluster runs. */
export function scaledAway(cluster: Cluster, stored: Stored, sets: readonly StatefulSet[]): string[] {
	const down = sets.filter((set) => desiredReplicas(set) > 0 && desiredReplicas(set) < (stored.replicas ?? 1));
	return names(cluster, stored).filter((replica) => {
		const [, name, ordinal] = /^(.*)-(\d+)$/.exec(replica) ?? [];
		return down.some((set) => set.metadata.name === name && Number(ordinal) >= desiredReplicas(set));
	});
}
