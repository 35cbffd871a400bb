import { asRecord, type ClusterRecord, type Scaled } from "../../../control/record";
import type { StatefulSet } from "../api/types";
import { annotation, parseReplica, shardName } from "../render/names";
import { indexes } from "../render/server-config";
import { type Cluster, membersOf } from "./cluster";
import type { Stored } from "./record";

export const desiredReplicas = ({ spec }: StatefulSet) => spec.replicas ?? 1;

/** Stopped or idle. A single StatefulSet without replicas is neither: its start or stop was cut short. */
export const rests = (sets: readonly StatefulSet[]) =>
	sets.length > 0 && sets.every((set) => desiredReplicas(set) === 0);

/** An idler has scaled it to zero. */
export const isIdle = (sets: readonly StatefulSet[]) =>
	rests(sets) && sets.some(({ metadata }) => metadata.annotations?.[annotation.idle] === "true");

/** The StatefulSets whose number of replicas differs from the record, and those that were deleted. */
export function scaledSets(cluster: Cluster, stored: Stored, sets: readonly StatefulSet[]): Scaled[] {
	const { shards = 1, replicas = 1 } = stored;
	const scaled = sets.flatMap((set): Scaled[] => {
		const { name, generation = 0 } = set.metadata;
		const isMember = (parseReplica(cluster, `${name}-0`)?.shard ?? shards) < shards;
		const asks = desiredReplicas(set);
		if (!isMember || asks === replicas || (asks === 0 && (rests(sets) || isForeign(cluster)))) return [];
		return [{ where: `StatefulSet ${name}`, replicas: asks, generation }];
	});
	const deleted = deletedSets(cluster, stored, sets).map((name) => ({
		where: `StatefulSet ${name}`,
		generation: stored.fence,
	}));
	return [...scaled, ...deleted];
}

/** Only who made them can make existing StatefulSets again. */
export const isForeign = ({ statefulSets }: Cluster) => statefulSets !== undefined;

/** The StatefulSets that somebody deleted. Of a cluster that is still being created they may not exist yet. */
export function deletedSets(cluster: Cluster, stored: Stored, sets: readonly StatefulSet[]): string[] {
	if (stored.shards === undefined || stored.mark?.creates || isForeign(cluster)) return [];
	const existing = new Set(sets.map(({ metadata }) => metadata.name));
	return indexes(stored.shards)
		.map((shard) => shardName(cluster, shard))
		.filter((name) => !existing.has(name));
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
	if (rests(sets)) return [];
	const deleted = deletedSets(cluster, stored, sets);
	return indexes(stored.shards ?? 1).flatMap((shard) => {
		const name = shardName(cluster, shard);
		const set = sets.find(({ metadata }) => metadata.name === name);
		if (set === undefined && !deleted.includes(name)) return [];
		return membersOf(cluster, stored, name).slice(set === undefined ? 0 : desiredReplicas(set));
	});
}
