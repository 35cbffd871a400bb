import { ControlError } from "../../control/errors";
import type { Claim, ClusterSpec } from "../../control/port";
import { compareVersions, type DbVersion, highest, parseVersion } from "../../core/version";
import { untilNoConflict } from "./api";
import { type Cluster, names } from "./cluster";
import { annotation, clusterSelector, container, label, recordName, shardName } from "./names";
import { surroundings } from "./objects";
import { everStarted, noteOpening, openedBy, settle, versionOf } from "./opened";
import type { Image } from "./pod";
import type { Stored } from "./record";
import { indexes } from "./server-config";
import { amount, type KubernetesSettings } from "./settings";
import { kept } from "./shape";
import { applySet, until } from "./steps";
import type { Pod, StatefulSet, VolumeClaim } from "./types";

export type Spec = ClusterSpec<KubernetesSettings>;

/** What is there already of a cluster that is to be made. */
interface Found {
	readonly sets: readonly StatefulSet[];
	/** By which version the data of each replica was opened, as an earlier cluster of this name left it. */
	readonly opened: Readonly<Record<string, DbVersion>>;
}

/**
 * What is there already of a cluster that is to be made.
 *
 * @throws ControlError when it belongs to somebody else, or when a later version opened the data.
 */
export async function mayBeMade(cluster: Cluster, spec: Omit<Spec, "generation">): Promise<Found> {
	const before = await cluster.record.read();
	if (before?.owner !== undefined && before.owner !== spec.owner)
		throw new ControlError(
			`the cluster '${cluster.name}' in the namespace ${cluster.api.namespace} belongs to ${before.owner}: take another name, or set adopt to take it over`,
		);
	const [sets, claims] = await Promise.all([cluster.sets(), volumeClaims(cluster)]);
	if (before?.owner === undefined) await refuseStrangers(cluster, spec, sets);
	const opened = fromVolumes(claims);
	const newest = highest([...Object.values(before?.openedBy ?? {}), ...Object.values(opened)]);
	if (sets.length === 0 && newest !== undefined && compareVersions(spec.version, newest) < 0)
		throw new ControlError(
			`the volumes of '${cluster.name}' hold data that ${newest} opened, and a DB version never goes back: set version to ${newest} or later`,
		);
	return { sets, opened };
}

/** Makes what is missing; a shard that exists keeps its version. */
export async function create(cluster: Cluster, claim: Claim, spec: Spec): Promise<void> {
	await cluster.record.guard(claim);
	const { sets, opened } = await mayBeMade(cluster, spec);
	const pods = await cluster.pods();
	const fresh = await cluster.image(kept(spec.settings), spec.version);
	const stored = await cluster.record.under(claim, (now) => {
		const settled = settle(now, pods, spec.settings.image);
		const { owner, generation, shards, replicas } = spec;
		// What exists keeps its size and settings, too: changing those is `configure`.
		const made = sets.length > 0 && now.settings !== undefined;
		const shape = made ? {} : { shards, replicas, settings: kept(spec.settings) };
		const next = { ...settled, ...shape, owner, generation, openedBy: { ...opened, ...settled.openedBy } };
		if (sets.length > 0) return next;
		const each = names(cluster.name, next).map((replica) => ({ replica }));
		return noteOpening(next, spec.version, each, spec.settings.image);
	});
	await apply(cluster, stored, sets, fresh);
}

/** Every object of the cluster; StatefulSets that exist keep their image, unless told otherwise. */
async function apply(cluster: Cluster, stored: Stored, sets: readonly StatefulSet[], fresh: Image): Promise<void> {
	const shape = cluster.shape(stored);
	for (const object of surroundings(shape)) await cluster.api.apply(object);
	for (const shard of indexes(shape.shards)) {
		const live = sets.find(({ metadata }) => metadata.name === shardName(cluster.name, shard));
		await applySet(cluster, stored, shard, (live && liveImage(live, shape.settings.image)) ?? fresh);
	}
}

/** The image as a StatefulSet has it; `undefined` where it can't be told which version that is. */
function liveImage(set: StatefulSet, image: string): Image | undefined {
	const version = versionOf(image, set.spec.template);
	const found = set.spec.template.spec.containers.find(({ name }) => name === container);
	if (version === undefined || found?.image === undefined) return undefined;
	const { imagePullPolicy } = found as { imagePullPolicy?: string };
	return { reference: found.image, version, pullAlways: imagePullPolicy === "Always" };
}

async function refuseStrangers(
	cluster: Cluster,
	spec: Pick<Spec, "shards">,
	sets: readonly StatefulSet[],
): Promise<void> {
	const [ours] = sets;
	const stranger =
		ours ??
		(
			await Promise.all(
				indexes(spec.shards).map((shard) =>
					cluster.api.get<StatefulSet>("statefulsets", shardName(cluster.name, shard)),
				),
			)
		).find((set) => set !== undefined);
	if (stranger !== undefined)
		throw new ControlError(
			`the namespace ${cluster.api.namespace} has a StatefulSet ${stranger.metadata.name} that belongs to nobody known here: take another name, or set adopt to take it over`,
		);
}

export async function adopt(cluster: Cluster, claim: Claim, owner: string, generation: string): Promise<void> {
	await cluster.record.guard(claim);
	const [sets, pods] = await Promise.all([cluster.sets(), cluster.pods()]);
	if (sets.length === 0) throw new ControlError(`there is no cluster '${cluster.name}' to adopt`);
	await cluster.record.under(claim, (now) => {
		const settings = now.settings ?? kept(cluster.given);
		const shards = now.shards ?? sets.length;
		const replicas = now.replicas ?? Math.max(1, ...sets.map(({ spec }) => spec.replicas ?? 1));
		return { ...settle(now, pods, settings.image), owner, generation, shards, replicas, settings };
	});
}

/** Applies other settings. Pods that exist keep running with theirs: a restart of each gives it the new ones. */
export async function configure(cluster: Cluster, claim: Claim, spec: Spec): Promise<void> {
	const before = await cluster.record.guard(claim);
	if (spec.shards < (before.shards ?? 1))
		throw new ControlError(
			`a cluster of ${before.shards} shards can't have ${spec.shards}: a shard's rows are nowhere else`,
		);
	if (spec.replicas < (before.replicas ?? 1))
		throw new ControlError(
			`'${cluster.name}' can't go from ${before.replicas} to ${spec.replicas} replicas a shard yet: raise it again`,
		);
	const claims = await volumeClaims(cluster);
	const { storage } = spec.settings;
	const larger = claims.find((each) => amount(requested(each)) > amount(storage));
	if (larger !== undefined)
		throw new ControlError(
			`volumes don't shrink: ${larger.metadata.name} has ${requested(larger)}, and ${storage} is less`,
		);
	const sets = await cluster.sets();
	const fresh = await cluster.image(kept(spec.settings), spec.version);
	const settings = kept(spec.settings);
	const stored = await cluster.record.under(claim, (now) => {
		const next = { ...now, shards: spec.shards, replicas: spec.replicas, settings };
		const known = names(cluster.name, { shards: before.shards, replicas: before.replicas });
		const added = names(cluster.name, next).filter((replica) => !known.includes(replica));
		return noteOpening(
			next,
			spec.version,
			added.map((replica) => ({ replica })),
			settings.image,
		);
	});
	for (const each of claims.filter((one) => amount(requested(one)) < amount(storage)))
		await cluster.api.merge("persistentvolumeclaims", each.metadata.name, {
			spec: { resources: { requests: { storage } } },
		});
	await apply(cluster, stored, sets, fresh);
	if (sets.some((set) => (set.spec.replicas ?? 1) > 0)) await scale(cluster, spec.replicas);
}

/** Names of replicas that run with older settings than the cluster has now: a restart gives them those. */
export async function outdated(cluster: Cluster): Promise<string[]> {
	const [sets, pods] = await Promise.all([cluster.sets(), cluster.pods()]);
	const current = new Map(sets.map((set) => [set.metadata.labels?.[label.shard], set.status?.updateRevision]));
	return pods
		.filter(({ metadata: { labels } }) => {
			const revision = current.get(labels?.[label.shard]);
			return revision !== undefined && labels?.["controller-revision-hash"] !== revision;
		})
		.map(({ metadata }) => metadata.name)
		.sort();
}

export async function start(cluster: Cluster, claim: Claim): Promise<void> {
	const stored = await cluster.record.guard(claim);
	const sets = await cluster.sets();
	const down = sets.filter(({ spec }) => spec.replicas === 0);
	if (down.length === 0) return;
	const { image } = cluster.settings(stored);
	await cluster.record.under(claim, (now) =>
		down.reduce((noted, set) => {
			const version = versionOf(image, set.spec.template);
			const shard = `${set.metadata.name}-`;
			const members = names(cluster.name, now).filter((replica) => replica.startsWith(shard));
			return version === undefined
				? noted
				: noteOpening(
						noted,
						version,
						members.map((replica) => ({ replica })),
						image,
					);
		}, now),
	);
	await scale(cluster, stored.replicas ?? 1);
}

export async function stop(cluster: Cluster, claim: Claim): Promise<void> {
	const stored = await cluster.record.guard(claim);
	const pods = await cluster.pods();
	await cluster.record.under(claim, (now) => settle(now, pods, cluster.settings(stored).image));
	await scale(cluster, 0);
}

export async function wake(cluster: Cluster, claim: Claim): Promise<void> {
	await cluster.record.guard(claim);
	const sets = await cluster.sets();
	if (sets.some(({ metadata }) => metadata.annotations?.[annotation.idle] === "true")) await start(cluster, claim);
}

async function scale(cluster: Cluster, replicas: number): Promise<void> {
	for (const { metadata } of await cluster.sets())
		await untilNoConflict(async () => {
			const set = await cluster.api.get<StatefulSet>("statefulsets", metadata.name);
			const idle = set?.metadata.annotations?.[annotation.idle] !== undefined;
			if (set === undefined || (set.spec.replicas === replicas && !idle)) return;
			const { resourceVersion } = set.metadata;
			await cluster.api.merge("statefulsets", metadata.name, {
				metadata: { resourceVersion, ...(idle && { annotations: { [annotation.idle]: null } }) },
				spec: { replicas },
			});
		});
}

/** Deletes every object; the volumes' claims stay unless `data`, and keep in mind which version opened them. */
export async function destroy(cluster: Cluster, claim: Claim, { data }: { readonly data: boolean }): Promise<void> {
	const stored = await cluster.record.guard(claim);
	const { image } = cluster.settings(stored);
	const [sets, pods] = await Promise.all([cluster.sets(), cluster.pods()]);
	const settled = await cluster.record.under(claim, (now) => settle(now, pods, image));
	const claims = await volumeClaims(cluster);
	if (!data) await remember(cluster, settled, claims, pods);
	for (const { metadata } of sets) await cluster.api.delete("statefulsets", metadata.name, metadata.uid);
	for (const kind of ["services", "poddisruptionbudgets", "configmaps"] as const)
		for (const { metadata } of await cluster.api.list<Pod>(kind, { labels: clusterSelector(cluster.name) }))
			if (metadata.name !== recordName(cluster.name)) await cluster.api.delete(kind, metadata.name, metadata.uid);
	if (data)
		for (const { metadata } of claims) await cluster.api.delete("persistentvolumeclaims", metadata.name, metadata.uid);
	const seconds = cluster.settings(stored).gracePeriodSeconds + 60;
	await until("the pods do not go", async () => (await cluster.pods()).length === 0, seconds);
	if (data) await until("the volume claims do not go", async () => (await volumeClaims(cluster)).length === 0, seconds);
	// Last: what died before this is taken up again by it.
	if (stored.owner !== undefined) await cluster.record.remove();
}

const volumeClaims = (cluster: Cluster) =>
	cluster.api.list<VolumeClaim>("persistentvolumeclaims", { labels: clusterSelector(cluster.name) });

/** The claim of a replica's volume is called `data-<replica>`. */
const replicaOfClaim = ({ metadata }: VolumeClaim) => metadata.name.replace(/^data-/, "");

const requested = (claim: VolumeClaim) =>
	(claim as { spec?: { resources?: { requests?: { storage?: string } } } }).spec?.resources?.requests?.storage ?? "0";

async function remember(cluster: Cluster, stored: Stored, claims: readonly VolumeClaim[], pods: readonly Pod[]) {
	const { image } = cluster.settings(stored);
	for (const each of claims) {
		const replica = replicaOfClaim(each);
		const pod = pods.find(({ metadata }) => metadata.name === replica);
		const version = openedBy(stored, replica, pod && everStarted(pod) ? pod : undefined, image);
		if (version === undefined) continue;
		const metadata = { annotations: { [annotation.openedBy]: version } };
		await cluster.api.merge("persistentvolumeclaims", each.metadata.name, { metadata });
	}
}

function fromVolumes(claims: readonly VolumeClaim[]): Record<string, DbVersion> {
	return Object.fromEntries(
		claims.flatMap((each) => {
			const version = parseVersion(each.metadata.annotations?.[annotation.openedBy]);
			return version === undefined ? [] : [[replicaOfClaim(each), version]];
		}),
	);
}
