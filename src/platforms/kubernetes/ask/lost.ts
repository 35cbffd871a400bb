import { type DbVersion, highest } from "../../../core/version";
import type { StatefulSet } from "../api/types";
import { label, type Named, parseReplica, recordName } from "../render/names";
import { versionOf } from "./opened";

/** Whether DbCluster created a StatefulSet for this cluster: one that was taken over is its author's. */
export const isCreated = ({ metadata: { labels } }: StatefulSet, cluster: string): boolean =>
	labels?.[label.cluster] === cluster && labels["app.kubernetes.io/managed-by"] === "pulumi-dbcluster";

/** Nothing tells any more whose the cluster is. */
export function lostRecord({ metadata }: StatefulSet, cluster: string): string {
	return `the StatefulSet ${metadata.name} is part of the cluster '${cluster}', whose record, the ConfigMap ${recordName(cluster)}, is missing: restore it from a backup, or, if no other program manages the cluster, declare the cluster with adopt: true and run pulumi up, which writes a new record`;
}

/** The versions that may have opened the data, where no record tells: those that replicas were last told to start. */
export function toldToStart(
	cluster: Named,
	sets: readonly StatefulSet[],
	replicas: readonly string[],
	image: string,
): Record<string, DbVersion> {
	const told = sets.flatMap(({ metadata, spec }) => {
		const version = versionOf(image, spec.template);
		const shard = parseReplica(cluster, `${metadata.name}-0`)?.shard;
		return version === undefined ? [] : [{ shard, version }];
	});
	return Object.fromEntries(
		replicas.flatMap((replica) => {
			const its = told.filter(({ shard }) => shard === parseReplica(cluster, replica)?.shard);
			const version = highest(its.map((each) => each.version));
			return version === undefined ? [] : [[replica, version]];
		}),
	);
}
