import type { KubeObject } from "../api/types";
import { clusterSelector } from "../render/names";
import { surroundings } from "../render/objects";
import type { Cluster } from "./cluster";

const kinds = { ConfigMap: "configmaps", Service: "services", PodDisruptionBudget: "poddisruptionbudgets" } as const;

/**
 * What a cluster of ours has beside its StatefulSets and somebody deleted, such as `Service db`; nothing of one that is
 * still being created.
 */
export async function missing(cluster: Cluster): Promise<readonly string[]> {
	const stored = await cluster.record.read();
	if (stored?.settings === undefined || stored.mark?.creates) return [];
	const labels = clusterSelector(cluster.name);
	const lists = Object.entries(kinds).map(async ([kind, plural]) => {
		const all = await cluster.api.list<KubeObject>(plural, { labels });
		return all.map(({ metadata }) => `${kind} ${metadata.name}`);
	});
	const there = new Set((await Promise.all(lists)).flat());
	return surroundings(cluster.shape(stored))
		.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
		.filter((name) => !there.has(name));
}
