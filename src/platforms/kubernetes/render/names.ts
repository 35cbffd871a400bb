import type { PodTemplate } from "../api/types";

/** Names, labels and annotations of a cluster's objects. They stand in users' clusters, so they never change. */

export const label = {
	cluster: "pulumi-dbcluster/cluster",
	shard: "pulumi-dbcluster/shard",
	/** Only the client Service selects on it: a pod without it gets no new connection and is otherwise left alone. */
	clients: "pulumi-dbcluster/clients",
} as const;

export const annotation = {
	/** Of a pod: the DB version of its image, for images whose tag does not say it. */
	version: "pulumi-dbcluster/version",
	/** Of a pod: the image that `version` is about; another image under the same annotation is of unknown version. */
	image: "pulumi-dbcluster/image",
	/** Of a pod that others made: its container that is the server. */
	container: "pulumi-dbcluster/container",
	/** Of a pod: a hash of all but the version that it is made from, the server's configuration too. One that differs from its template's is outdated. */
	template: "pulumi-dbcluster/template",
	/** Of a pod: how many replicas its shard had when it was made. One of a higher number is none of the cluster's. */
	size: "pulumi-dbcluster/size",
	/** Of a StatefulSet: an idler scaled it to zero. Public: idlers set it to `"true"`, and starting removes it. */
	idle: "pulumi-dbcluster/idle",
	/** Of a volume claim whose cluster is gone: the highest version that opened its data. */
	openedBy: "pulumi-dbcluster/opened-by",
	/** Of a volume claim: its replica left the cluster on purpose, with nothing that the others lack. Public: a create looks at no volume where a person sets it to `"true"`. */
	left: "pulumi-dbcluster/left",
} as const;

export const ports = { http: 8123, native: 9000, interserver: 9009, metrics: 9363 } as const;

/** The container that is the server, of pods that are made here. */
export const container = "server";
/** The container of a pod, or of a pod's template, that is the server. */
export const containerOf = ({ metadata }: Pick<PodTemplate, "metadata">): string =>
	metadata?.annotations?.[annotation.container] ?? container;
export const dataVolume = "data";

export const recordName = (cluster: string) => `${cluster}-dbcluster`;
export const configName = (cluster: string) => `${cluster}-config`;
export const headlessName = (cluster: string) => `${cluster}-headless`;
export const clientServiceName = (cluster: string) => cluster;

/** What the names of a cluster's StatefulSets and pods are made of. */
export interface Named {
	readonly name: string;
	/** Those of each shard, where others made them. */
	readonly statefulSets?: readonly string[];
}

export const shardName = ({ name, statefulSets }: Named, shard: number) => statefulSets?.[shard] ?? `${name}-${shard}`;
export const replicaName = (cluster: Named, shard: number, ordinal: number) =>
	`${shardName(cluster, shard)}-${ordinal}`;

export const clusterSelector = (cluster: string) => `${label.cluster}=${cluster}`;

/** Shard and ordinal of a replica; `undefined` when the name is not one of the cluster's. */
export function parseReplica(
	{ name, statefulSets }: Named,
	replica: string,
): { shard: number; ordinal: number } | undefined {
	const [, set, ordinal] = /^(.*)-(\d+)$/.exec(replica) ?? [];
	if (set === undefined) return undefined;
	const own = set.startsWith(`${name}-`) ? /^\d+$/.exec(set.slice(name.length + 1))?.[0] : undefined;
	const shard = statefulSets?.indexOf(set) ?? (own === undefined ? -1 : Number(own));
	return shard < 0 ? undefined : { shard, ordinal: Number(ordinal) };
}
