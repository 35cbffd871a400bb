import type { PodTemplate } from "../api/types";

/** Names, labels and annotations of a cluster's objects. Users' clusters contain them, so they never change. */

export const label = {
	cluster: "pulumi-dbcluster/cluster",
	shard: "pulumi-dbcluster/shard",
	/** Only the client Service selects on it: a pod without it gets no new connection and is otherwise untouched. */
	clients: "pulumi-dbcluster/clients",
} as const;

export const annotation = {
	/** On a pod: the DB version of its image, for images whose tag does not contain it. */
	version: "pulumi-dbcluster/version",
	/** On a pod: the image that `version` is about; another image under the same annotation is of unknown version. */
	image: "pulumi-dbcluster/image",
	/** On a pod of an existing StatefulSet: the server's container. */
	container: "pulumi-dbcluster/container",
	/**
	 * On a pod: a hash of everything but the version that it was created from, including the server's configuration. If
	 * it differs from its template's, a restart is pending.
	 */
	template: "pulumi-dbcluster/template",
	/** On a pod: its shard's size when it was created. A pod with a higher ordinal is not part of the cluster. */
	size: "pulumi-dbcluster/size",
	/** On a StatefulSet: an idler scaled it to zero. Public: idlers set it to `"true"`, and starting removes it. */
	idle: "pulumi-dbcluster/idle",
	/** On a volume claim of a deleted cluster: the highest version that opened its data. */
	openedBy: "pulumi-dbcluster/opened-by",
	/** On a volume claim of a deleted cluster: the owner that kept its data. */
	keptBy: "pulumi-dbcluster/kept-by",
	/**
	 * On a volume claim: its replica was removed on purpose and holds nothing that the others lack. Public: if you set it
	 * to `"true"`, a create ignores the volume.
	 */
	left: "pulumi-dbcluster/left",
} as const;

export const ports = { http: 8123, native: 9000, interserver: 9009, metrics: 9363 } as const;

/** The server's container, in pods that are created here. */
export const container = "server";
/** The server's container in a pod or a template. */
export const containerOf = ({ metadata }: Pick<PodTemplate, "metadata">): string =>
	metadata?.annotations?.[annotation.container] ?? container;
/** The container that runs the server. */
export const serverIn = (of: PodTemplate) => of.spec.containers.find(({ name }) => name === containerOf(of));
export const dataVolume = "data";

export const recordName = (cluster: string) => `${cluster}-dbcluster`;
export const configName = (cluster: string) => `${cluster}-config`;
/** Of a rehearsal: no cluster has a ConfigMap of this name. */
export const trialConfigName = (cluster: string) => `${cluster}-config-trial`;
export const headlessName = (cluster: string) => `${cluster}-headless`;
export const clientServiceName = (cluster: string) => cluster;

/** What the names of a cluster's StatefulSets and pods are derived from. */
export interface Named {
	readonly name: string;
	/** Those of each shard, if they existed before. */
	readonly statefulSets?: readonly string[];
}

export const shardName = ({ name, statefulSets }: Named, shard: number) => statefulSets?.[shard] ?? `${name}-${shard}`;
export const replicaName = (cluster: Named, shard: number, ordinal: number) =>
	`${shardName(cluster, shard)}-${ordinal}`;

export const clusterSelector = (cluster: string) => `${label.cluster}=${cluster}`;

/** Shard and ordinal of a replica; `undefined` if the name is not one of the cluster's. */
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

/**
 * Marks a query as one of ours, those of probes included, so that it is not counted as a client's. After its first word:
 * servers of 2018 log a query without the comment at its end.
 */
export const asOurs = (sql: string) => sql.replace(/\w+/, "$& /* pulumi-dbcluster */");
