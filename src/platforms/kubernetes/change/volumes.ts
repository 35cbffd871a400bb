import { ControlError } from "../../../control/errors";
import type { Obstacle } from "../../../control/port";
import { type DbVersion, parseVersion } from "../../../core/version";
import type { Pod, StatefulSet, VolumeClaim } from "../api/types";
import { type Cluster, names } from "../ask/cluster";
import { everStarted, openedBy } from "../ask/opened";
import type { Stored } from "../ask/record";
import { annotation, clusterSelector, parseReplica } from "../render/names";
import { amount } from "../render/settings-schema";
import type { KeptSettings, Shape } from "../render/shape";

export const volumeClaims = (cluster: Cluster) =>
	cluster.api.list<VolumeClaim>("persistentvolumeclaims", { labels: clusterSelector(cluster.name) });

export const requestedStorage = ({ spec }: VolumeClaim) => spec?.resources?.requests?.storage ?? "0";

/** Whether volumes have a StorageClass already: the default one may be named, and left out again. */
export function haveClass(sets: readonly StatefulSet[], claims: readonly VolumeClaim[], wanted: string | undefined) {
	// A claim always names one, so a StatefulSet says whether it was left out.
	const templates = sets.flatMap(({ spec }) => spec.volumeClaimTemplates ?? []);
	const those = wanted === undefined ? templates : claims;
	return those.length > 0 && those.every(({ spec }) => spec?.storageClassName === wanted);
}

/** Grows the volumes of a shape's replicas to its size; a StatefulSet keeps its original size for new ones. */
export async function growVolumes(
	cluster: Cluster,
	claims: readonly VolumeClaim[],
	shape: Pick<Shape, "shards" | "replicas"> & { readonly settings: Pick<KeptSettings, "storage"> },
	options: { readonly dryRun?: boolean } = {},
): Promise<void> {
	const { storage } = shape.settings;
	for (const each of claimsOf(claims, names(cluster, shape))) {
		if (amount(requestedStorage(each)) >= amount(storage)) continue;
		const patch = { spec: { resources: { requests: { storage } } } };
		await cluster.api.merge("persistentvolumeclaims", each.metadata.name, patch, options);
	}
}

/** A replica's volume claim is called `data-<replica>`. */
const replicaOf = ({ metadata }: VolumeClaim) => metadata.name.replace(/^data-/, "");

/** Annotates the claims with the version that opened their data, and who keeps it, for when the record is gone. */
export async function rememberOpened(
	cluster: Cluster,
	stored: Stored,
	claims: readonly VolumeClaim[],
	pods: readonly Pod[],
	keptBy?: string,
) {
	const { image } = cluster.settings(stored);
	for (const each of claims) {
		const replica = replicaOf(each);
		const pod = pods.find(({ metadata }) => metadata.name === replica);
		const version = openedBy(stored, replica, pod && everStarted(pod) ? pod : undefined, image);
		if (version === undefined && keptBy === undefined) continue;
		const annotations = { [annotation.openedBy]: version, [annotation.keptBy]: keptBy };
		const metadata = { annotations };
		await cluster.api.merge("persistentvolumeclaims", each.metadata.name, { metadata });
	}
}

/** The annotations that an earlier cluster of this name left on its claims. */
export function openedVolumes(claims: readonly VolumeClaim[]): Record<string, DbVersion> {
	return Object.fromEntries(
		claims.flatMap((each) => {
			const version = parseVersion(each.metadata.annotations?.[annotation.openedBy]);
			return version === undefined ? [] : [[replicaOf(each), version]];
		}),
	);
}

/** Of the claims that an earlier cluster left: who kept their data, if that is not this owner. */
export const othersData = (claims: readonly VolumeClaim[], owner: string) =>
	claims
		.map(({ metadata }) => metadata.annotations?.[annotation.keptBy])
		.find((by) => by !== undefined && by !== owner);

/** The data is that of a cluster from now on, which has its own owner. */
export async function markUsed(cluster: Cluster, claims: readonly VolumeClaim[]): Promise<void> {
	for (const { metadata } of claims) {
		if (metadata.annotations?.[annotation.keptBy] === undefined) continue;
		const annotations = { [annotation.keptBy]: null };
		await cluster.api.merge("persistentvolumeclaims", metadata.name, { metadata: { annotations } });
	}
}

/** Whether Kubernetes deletes a StatefulSet's volume claims with the pods that it is scaled down by, or with itself. */
export const dropsClaims = ({ spec }: StatefulSet, when: "whenScaled" | "whenDeleted") =>
	spec.persistentVolumeClaimRetentionPolicy?.[when] === "Delete" && (spec.volumeClaimTemplates ?? []).length > 0;

/** Why StatefulSets can't be stopped, or deleted, without their data. */
export function lossOfClaims({ api }: Cluster, sets: readonly StatefulSet[], when: "whenScaled" | "whenDeleted") {
	const losing = sets.filter((set) => set.spec.replicas !== 0 || when === "whenDeleted");
	return losing.flatMap((set) => {
		if (!dropsClaims(set, when)) return [];
		const { name } = set.metadata;
		const patch = JSON.stringify({ spec: { persistentVolumeClaimRetentionPolicy: { [when]: "Retain" } } });
		const does = when === "whenScaled" ? "scaled to 0" : "deleted";
		return [
			`once ${name} is ${does}, Kubernetes deletes its volume claims with all data, because its persistentVolumeClaimRetentionPolicy.${when} is Delete. Set it to Retain in the manifest or the chart's values and on the StatefulSet: kubectl --namespace ${api.namespace} patch statefulset ${name} --patch '${patch}'`,
		];
	});
}

/** @throws ControlError if the data would be lost with StatefulSets that are stopped, or deleted. */
export function mustKeepClaims(...them: Parameters<typeof lossOfClaims>): void {
	const lost = lossOfClaims(...them);
	if (lost.length > 0) throw new ControlError(lost.join("\n"));
}

/** Annotates the claims of replicas that were removed on purpose, or that are back. */
export async function markLeft(cluster: Cluster, claims: readonly VolumeClaim[], left: boolean): Promise<void> {
	for (const { metadata } of claims) {
		if ((metadata.annotations?.[annotation.left] === "true") === left) continue;
		const annotations = { [annotation.left]: left ? "true" : null };
		await cluster.api.merge("persistentvolumeclaims", metadata.name, { metadata: { annotations } });
	}
}

export const claimsOf = (claims: readonly VolumeClaim[], replicas: readonly string[]) =>
	claims.filter((each) => replicas.includes(replicaOf(each)));

type Size = Pick<Shape, "shards" | "replicas">;

/**
 * Why a cluster can't have this size with the volumes that an earlier one of its name left: a smaller one would serve
 * without the data on the others; in a larger one, new replicas would serve without tables.
 */
export function sizeOfVolumes(cluster: Cluster, claims: readonly VolumeClaim[], wanted: Size): Obstacle[] {
	const places = claims.flatMap(({ metadata: { name, annotations }, status }) => {
		const place = parseReplica(cluster, name.replace(/^data-/, ""));
		if (place === undefined || annotations?.[annotation.left] === "true") return [];
		// A claim that was never bound holds nothing, but still shows the size.
		return [{ shards: place.shard + 1, replicas: place.ordinal + 1, name, holds: status?.phase !== "Pending" }];
	});
	if (places.length === 0) return [];
	return (["shards", "replicas"] as const).flatMap((property): Obstacle[] => {
		const had = Math.max(...places.map((place) => place[property]));
		const size = property === "shards" ? count(had, "shard") : `${count(had, "replica")} per shard`;
		const kept = `an earlier cluster '${cluster.name}' left volumes of ${size}`;
		const asked = wanted[property];
		const later = `; once the cluster serves, set ${property} to ${asked}`;
		const beyond = places.flatMap((place) => (place.holds && place[property] > asked ? [place.name] : []));
		if (asked > had)
			return [
				{
					property,
					reason: `${kept}, and with ${property}: ${asked} the replicas without such a volume would serve without tables. Set ${property} to ${had}${later}.`,
				},
			];
		if (beyond.length === 0) return [];
		const then = property === "replicas" ? later : "";
		return [
			{
				property,
				reason: `${kept}, and with ${property}: ${asked} no replica would serve the data on ${beyond.join(", ")}. Set ${property} to ${had}${then}. If you don't need that data, delete it: kubectl delete pvc ${beyond.join(" ")} -n ${cluster.api.namespace}.`,
			},
		];
	});
}

/** Why volumes that an earlier cluster left can't have the StorageClass that is asked for. */
export function classOfVolumes({ name, api }: Cluster, claims: readonly VolumeClaim[], wanted?: string): Obstacle[] {
	if (wanted === undefined || claims.length === 0 || haveClass([], claims, wanted)) return [];
	const classes = [...new Set(claims.map(({ spec }) => spec?.storageClassName || "none"))].join(", ");
	const all = claims.map(({ metadata }) => metadata.name).join(" ");
	const reason = `the volumes that an earlier cluster '${name}' left have the StorageClass ${classes}, and that can't be changed. Leave storageClass out. If you don't need their data, delete it: kubectl delete pvc ${all} -n ${api.namespace}.`;
	return [{ property: "kubernetes.storageClass", reason }];
}

const count = (number: number, one: string) => `${number} ${one}${number === 1 ? "" : "s"}`;
