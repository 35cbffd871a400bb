/** Names, labels and annotations of a cluster's objects. They stand in users' clusters, so they never change. */

/** Who owns the fields that are applied. */
export const fieldManager = "pulumi-dbcluster";

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
	/** Of a pod: a hash of all but the version that it is made from, the server's configuration too. One that differs from its template's is outdated. */
	template: "pulumi-dbcluster/template",
	/** Of a StatefulSet: an idler scaled it to zero. Public: idlers set it to `"true"`, and starting removes it. */
	idle: "pulumi-dbcluster/idle",
	/** Of a volume claim whose cluster is gone: the highest version that opened its data. */
	openedBy: "pulumi-dbcluster/opened-by",
} as const;

export const ports = { http: 8123, native: 9000, interserver: 9009, metrics: 9363 } as const;

/** The container that is the server. */
export const container = "server";
export const dataVolume = "data";

export const recordName = (cluster: string) => `${cluster}-dbcluster`;
export const configName = (cluster: string) => `${cluster}-config`;
export const headlessName = (cluster: string) => `${cluster}-headless`;
export const clientServiceName = (cluster: string) => cluster;
export const shardName = (cluster: string, shard: number) => `${cluster}-${shard}`;
export const replicaName = (cluster: string, shard: number, ordinal: number) => `${cluster}-${shard}-${ordinal}`;

export const clusterSelector = (cluster: string) => `${label.cluster}=${cluster}`;

/** Shard and ordinal of a replica; `undefined` when the name is not one of the cluster's. */
export function parseReplica(cluster: string, replica: string): { shard: number; ordinal: number } | undefined {
	if (!replica.startsWith(`${cluster}-`)) return undefined;
	const [, shard, ordinal] = /^(\d+)-(\d+)$/.exec(replica.slice(cluster.length + 1)) ?? [];
	return shard === undefined || ordinal === undefined ? undefined : { shard: Number(shard), ordinal: Number(ordinal) };
}
