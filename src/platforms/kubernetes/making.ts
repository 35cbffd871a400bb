import { ControlError } from "../../control/errors";
import type { Claim, ClusterSpec } from "../../control/port";
import { compareVersions, type DbVersion, highest } from "../../core/version";
import { type Cluster, names } from "./cluster";
import { diagnose } from "./diagnose";
import { container, label, shardName } from "./names";
import { surroundings } from "./objects";
import { everStarted, noteOpening, openedBy, settle, versionOf } from "./opened";
import type { Image } from "./pod";
import type { Stored } from "./record";
import { indexes } from "./server-config";
import { amount, type KubernetesSettings } from "./settings";
import { kept } from "./shape";
import { applySet, podOf, takenUp } from "./steps";
import type { Pod, StatefulSet } from "./types";
import { openedVolumes, requestedStorage, volumeClaims } from "./volumes";

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
	const opened = openedVolumes(claims);
	const newest = highest([...Object.values(before?.openedBy ?? {}), ...Object.values(opened)]);
	if (sets.length === 0 && newest !== undefined && compareVersions(spec.version, newest) < 0)
		throw new ControlError(
			`the volumes of '${cluster.name}' hold data that ${newest} opened, and a DB version never goes back: set version to ${newest} or later`,
		);
	return { sets, opened };
}

/** Makes what is missing; what a server has opened keeps its version. */
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
		return noteUnopened(cluster, next, spec.version, pods);
	});
	await applyAll(cluster, stored, sets, pods, fresh);
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

/**
 * Applies other settings. Pods that serve keep running with theirs until they are restarted; those that can't come up are
 * made anew at once.
 */
export async function configure(cluster: Cluster, claim: Claim, spec: Spec): Promise<void> {
	const { shards, replicas } = await cluster.record.guard(claim);
	if (shards !== spec.shards || replicas !== spec.replicas)
		throw new ControlError(
			`'${cluster.name}' has ${shards} shards of ${replicas} replicas, and its size can't be changed: set shards and replicas to these`,
		);
	const [sets, pods, claims] = await Promise.all([cluster.sets(), cluster.pods(), volumeClaims(cluster)]);
	const { storage } = spec.settings;
	const larger = claims.find((each) => amount(requestedStorage(each)) > amount(storage));
	if (larger !== undefined)
		throw new ControlError(
			`volumes don't shrink: ${larger.metadata.name} has ${requestedStorage(larger)}, and ${storage} is less`,
		);
	const settings = kept(spec.settings);
	const fresh = await cluster.image(settings, spec.version);
	const stored = await cluster.record.under(claim, (now) =>
		noteUnopened(cluster, { ...settle(now, pods, settings.image), settings }, spec.version, pods),
	);
	for (const each of claims.filter((one) => amount(requestedStorage(one)) < amount(storage)))
		await cluster.api.merge("persistentvolumeclaims", each.metadata.name, {
			spec: { resources: { requests: { storage } } },
		});
	await applyAll(cluster, stored, sets, pods, fresh);
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

/** Notes that what no server ever opened is about to be started with a version. */
function noteUnopened(cluster: Cluster, stored: Stored, version: DbVersion, pods: readonly Pod[]): Stored {
	const { image } = cluster.settings(stored);
	const unopened = names(cluster.name, stored)
		.map((replica) => ({ replica, pod: podOf(pods, replica) }))
		.filter(({ replica, pod }) => openedBy(stored, replica, pod, image) === undefined);
	return noteOpening(stored, version, unopened, image);
}

/** Applies every object. A StatefulSet whose data a server has opened keeps its image; for others it is still to choose. */
async function applyAll(
	cluster: Cluster,
	stored: Stored,
	sets: readonly StatefulSet[],
	pods: readonly Pod[],
	fresh: Image,
): Promise<void> {
	const shape = cluster.shape(stored);
	for (const object of surroundings(shape)) await cluster.api.apply(object);
	for (const shard of indexes(shape.shards)) {
		const live = sets.find(({ metadata }) => metadata.name === shardName(cluster.name, shard));
		const opened = live !== undefined && wasOpened(cluster, stored, live, pods);
		await applySet(cluster, stored, shard, (opened && liveImage(live, shape.settings.image)) || fresh);
	}
	await replaceBroken(cluster, stored);
}

function wasOpened(cluster: Cluster, stored: Stored, { metadata }: StatefulSet, pods: readonly Pod[]): boolean {
	const { image } = cluster.settings(stored);
	return names(cluster.name, stored)
		.filter((replica) => replica.startsWith(`${metadata.name}-`))
		.some((replica) => openedBy(stored, replica, podOf(pods, replica), image) !== undefined);
}

/** Under OnDelete a pod that can't come up is left as it is, though its template was mended; it serves nobody. */
async function replaceBroken(cluster: Cluster, stored: Stored): Promise<void> {
	const now = cluster.api.connection.now();
	for (const shard of indexes(stored.shards ?? 1)) {
		const set = await cluster.set(shard);
		const revision = set && (await takenUp(cluster, shard, set));
		for (const pod of await cluster.pods()) {
			const { labels, name, uid } = pod.metadata;
			const stale = labels?.[label.shard] === String(shard) && labels["controller-revision-hash"] !== revision;
			const broken = !everStarted(pod) || diagnose(pod, { now }).failure !== undefined;
			if (stale && broken) await cluster.api.delete("pods", name, uid);
		}
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
