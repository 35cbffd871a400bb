import type { Asked } from "../../../control/port";
import type { Failure } from "../../../core/cluster";
import type { StatefulSet } from "../api/types";
import { label, replicaName, serverIn, shardName } from "../render/names";
import { type Cluster, names } from "./cluster";
import { versionOf } from "./opened";
import type { Stored } from "./record";

/**
 * What a shard's StatefulSet asks for, inside or outside Pulumi. While new replicas are created, its size is ours: their
 * template lacks the clients' label.
 */
export function desiredState(
	cluster: Cluster,
	stored: Stored | undefined,
	shard: number,
	set: StatefulSet | undefined,
): Asked | undefined {
	const of = stored?.replicas;
	if (stored?.owner === undefined || of === undefined || shard >= (stored.shards ?? 1)) return undefined;
	const object = `StatefulSet ${shardName(cluster, shard)}`;
	if (set === undefined) return { object, of };
	const { template, replicas = 1 } = set.spec;
	if (template.metadata?.labels?.[label.clients] === undefined) return undefined;
	const image = serverIn(template)?.image;
	const version = versionOf(cluster.settings(stored).image, template);
	return { object, of, replicas, ...(image !== undefined && { image }), ...(version !== undefined && { version }) };
}

/** Why a replica of the cluster is not created: its StatefulSet was scaled down. A stopped cluster is fine. */
export function scaledDown(
	cluster: Cluster,
	stored: Stored | undefined,
	shard: number,
	ordinal: number,
	set: StatefulSet | undefined,
): Failure | undefined {
	const { object, of, replicas = 0 } = desiredState(cluster, stored, shard, set) ?? {};
	if (object === undefined || set === undefined || replicas === 0 || ordinal < replicas) return undefined;
	if (!names(cluster, stored ?? {}).includes(replicaName(cluster, shard, ordinal))) return undefined;
	return { cause: "scaled", words: `its ${object} was scaled to ${replicas} of ${of} replicas outside Pulumi` };
}
