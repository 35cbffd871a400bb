import { type DbVersion, parseVersion } from "../../core/version";
import type { Cluster } from "./cluster";
import { annotation, clusterSelector } from "./names";
import { everStarted, openedBy } from "./opened";
import type { Stored } from "./record";
import { amount } from "./settings";
import type { KeptSettings } from "./shape";
import type { Pod, VolumeClaim } from "./types";

export const volumeClaims = (cluster: Cluster) =>
	cluster.api.list<VolumeClaim>("persistentvolumeclaims", { labels: clusterSelector(cluster.name) });

export const requestedStorage = ({ spec }: VolumeClaim) => spec?.resources?.requests?.storage ?? "0";

/** Gives every volume the size that the settings say; a StatefulSet keeps the one that it was made with for new ones. */
export async function growVolumes(
	cluster: Cluster,
	claims: readonly VolumeClaim[],
	{ storage }: Pick<KeptSettings, "storage">,
	options: { readonly dryRun?: boolean } = {},
): Promise<void> {
	for (const each of claims) {
		if (amount(requestedStorage(each)) >= amount(storage)) continue;
		const patch = { spec: { resources: { requests: { storage } } } };
		await cluster.api.merge("persistentvolumeclaims", each.metadata.name, patch, options);
	}
}

/** The claim of a replica's volume is called `data-<replica>`. */
const replicaOf = ({ metadata }: VolumeClaim) => metadata.name.replace(/^data-/, "");

/** Writes on the claims which version opened their data, for when the cluster's record is gone. */
export async function rememberOpened(
	cluster: Cluster,
	stored: Stored,
	claims: readonly VolumeClaim[],
	pods: readonly Pod[],
) {
	const { image } = cluster.settings(stored);
	for (const each of claims) {
		const replica = replicaOf(each);
		const pod = pods.find(({ metadata }) => metadata.name === replica);
		const version = openedBy(stored, replica, pod && everStarted(pod) ? pod : undefined, image);
		if (version === undefined) continue;
		const metadata = { annotations: { [annotation.openedBy]: version } };
		await cluster.api.merge("persistentvolumeclaims", each.metadata.name, { metadata });
	}
}

/** What an earlier cluster of this name wrote on the claims that it left. */
export function openedVolumes(claims: readonly VolumeClaim[]): Record<string, DbVersion> {
	return Object.fromEntries(
		claims.flatMap((each) => {
			const version = parseVersion(each.metadata.annotations?.[annotation.openedBy]);
			return version === undefined ? [] : [[replicaOf(each), version]];
		}),
	);
}
