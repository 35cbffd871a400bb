import { type DbVersion, highest, sameVersion } from "../../../core/version";
import { untilNoConflict } from "../api/api";
import type { KubeObject, Pod, StatefulSet } from "../api/types";
import { type Cluster, membersOf, names, podOf } from "../ask/cluster";
import { diagnose } from "../ask/diagnose";
import { isImageOf } from "../ask/images";
import { everStarted, noteOpening, openedBy, versionOf } from "../ask/opened";
import type { Stored } from "../ask/record";
import { rests } from "../ask/size";
import { container, label, shardName } from "../render/names";
import { statefulSet, surroundings } from "../render/objects";
import { type Image, isSurplus, type WhileJoining } from "../render/pod";
import { indexes } from "../render/server-config";
import type { Shape } from "../render/shape";
import { until } from "./wait";

/** What was observed of a cluster before it is changed. */
export interface Seen {
	readonly stored: Stored;
	readonly sets: readonly StatefulSet[];
	readonly pods: readonly Pod[];
}

/**
 * Applies every object of a shape. If the shape is larger than what was observed, clients do not reach its new replicas
 * yet: see `joining.ts`. A StatefulSet whose data a server has opened keeps its version, and gets it again where it was
 * deleted; a new one gets that of the others or, if there are none, `version`. Pods that serve are left alone.
 */
export async function applyAll(cluster: Cluster, seen: Seen, shape: Shape, version: DbVersion): Promise<void> {
	for (const object of surroundings(shape)) await cluster.api.apply(object);
	// Of a stopped cluster a StatefulSet that was deleted is stopped, too.
	const size = rests(seen.sets) ? 0 : shape.replicas;
	for (const shard of indexes(shape.shards)) {
		const image = await imageOf(cluster, seen, shape, shard, version);
		await applySet(cluster, shape, shard, image, { joining: joins(seen.stored, shape, shard), size });
	}
	await replaceBroken(cluster, seen.stored, shape);
}

/** Whether a shard of a shape has replicas that are not in the cluster yet. */
export const joins = ({ shards, replicas }: Stored, shape: Shape, shard: number) =>
	shards !== undefined && replicas !== undefined && (shard >= shards || shape.replicas > replicas);

/** The image that a shard's pods have, or will get from the settings of a shape. */
export async function imageOf(
	cluster: Cluster,
	{ stored, sets, pods }: Seen,
	{ settings }: Shape,
	shard: number,
	version: DbVersion,
): Promise<Image> {
	const before = cluster.settings(stored).image;
	const name = shardName(cluster, shard);
	const opened = openedIn(cluster, stored, name, pods);
	const fits = ({ spec }: StatefulSet) => opened === undefined || sameVersion(versionOf(before, spec.template), opened);
	const live = sets.find(({ metadata }) => metadata.name === name) ?? sets.find(fits);
	if (live === undefined && opened !== undefined) return cluster.image(settings, opened);
	const runs =
		live !== undefined && openedIn(cluster, stored, live.metadata.name, pods) !== undefined
			? versionOf(before, live.spec.template)
			: undefined;
	const found = live?.spec.template.spec.containers.find(({ name }) => name === container);
	if (runs === undefined || found?.image === undefined) return cluster.image(settings, version);
	// As it is, even if its version has a higher revision by now: that comes with the next restart.
	if (!isImageOf(settings.image, found.image) && settings.image !== before) return cluster.image(settings, runs);
	const { imagePullPolicy } = found as { imagePullPolicy?: string };
	return { reference: found.image, version: runs, pullAlways: imagePullPolicy === "Always" };
}

/** The highest version that opened the data of a StatefulSet's replicas. */
function openedIn(cluster: Cluster, stored: Stored, set: string, pods: readonly Pod[]): DbVersion | undefined {
	const { image } = cluster.settings(stored);
	const its = membersOf(cluster, stored, set).map((replica) => openedBy(stored, replica, podOf(pods, replica), image));
	return highest(its.filter((version) => version !== undefined));
}

/** Records that data which no server ever opened is about to be started with a version. */
export function noteUnopened(
	cluster: Cluster,
	stored: Stored,
	size: Pick<Stored, "shards" | "replicas">,
	version: DbVersion,
	pods: readonly Pod[],
): Stored {
	const { image } = cluster.settings(stored);
	const unopened = names(cluster, size)
		.map((replica) => ({ replica, pod: podOf(pods, replica) }))
		.filter(({ replica, pod }) => openedBy(stored, replica, pod, image) === undefined);
	return noteOpening(stored, version, unopened, image);
}

/** Under OnDelete a pod that can't start keeps its old template. It serves nobody, so it is replaced. */
async function replaceBroken(cluster: Cluster, stored: Stored, { shards }: Shape): Promise<void> {
	const members = names(cluster, stored);
	const now = cluster.api.connection.now();
	for (const shard of indexes(shards)) {
		const set = await cluster.set(shard);
		const revision = set && (await takenUp(cluster, shard, set));
		for (const pod of await cluster.pods()) {
			const { labels, name, uid } = pod.metadata;
			const stale = labels?.[label.shard] === String(shard) && labels["controller-revision-hash"] !== revision;
			// A pod beyond the former size serves nobody, and never would with its template.
			const isOut = isSurplus(pod) || !members.includes(name);
			const broken = !everStarted(pod) || isOut || diagnose(pod, { now }).failure !== undefined;
			if (stale && broken) await cluster.api.delete("pods", name, uid);
		}
	}
}

interface SetOptions extends WhileJoining {
	/** The least number of replicas; the current number by default. */
	readonly size?: number;
}

export function applySet(
	cluster: Cluster,
	shape: Shape,
	shard: number,
	image: Image,
	options: SetOptions = {},
): Promise<StatefulSet> {
	return untilNoConflict(async () => {
		const live = await cluster.set(shard);
		return cluster.api.apply<StatefulSet>(renderedSet(shape, shard, image, live, options));
	});
}

/** A shard's StatefulSet, with the fields of the live one that must stay. */
export function renderedSet(
	shape: Shape,
	shard: number,
	image: Image,
	live: StatefulSet | undefined,
	{ joining, members, size }: SetOptions = {},
): KubeObject {
	const now = live?.spec.replicas ?? size ?? shape.replicas;
	return statefulSet(shape, shard, image, {
		joining,
		members,
		replicas: Math.max(now, size ?? 0),
		resourceVersion: live?.metadata.resourceVersion,
		volumeClaimTemplates: (live?.spec as { volumeClaimTemplates?: unknown } | undefined)?.volumeClaimTemplates,
	});
}

/** Waits until the controller has seen the template: before, it would recreate a deleted pod from the old one. */
export async function takenUp(cluster: Cluster, shard: number, written: StatefulSet): Promise<string | undefined> {
	let set: StatefulSet | undefined = written;
	const isTakenUp = () =>
		(set?.status?.observedGeneration ?? 0) >= (written.metadata.generation ?? 0) &&
		set?.status?.updateRevision !== undefined;
	await until(
		`the StatefulSet controller has not observed the changed template of ${written.metadata.name}`,
		async () => {
			if (!isTakenUp()) set = await cluster.set(shard);
			return isTakenUp();
		},
	);
	return set?.status?.updateRevision;
}
