import { ControlError, PlatformError } from "../../../control/errors";
import type { Claim } from "../../../control/port";
import { retry } from "../../../control/retry";
import { compareVersions, type DbVersion } from "../../../core/version";
import { change } from "../adopted/template";
import { untilNoConflict } from "../api/api";
import type { KubeObject, Pod, StatefulSet } from "../api/types";
import { type Cluster, inEndpoints } from "../ask/cluster";
import { diagnose, isReady } from "../ask/diagnose";
import { noteOpening, openedBy, settle } from "../ask/opened";
import { allQueries } from "../ask/server";
import { clientServiceName, label, replicaName, shardName } from "../render/names";
import { statefulSet } from "../render/objects";
import type { Image } from "../render/pod";
import { indexes } from "../render/server-config";
import type { KeptSettings, Shape } from "../render/shape";
import { untilQuiet } from "./quiet";

/** Milliseconds that every claim has left when a step begins. */
const claimLasts = 10_000;

/** Takes the pod out of the client Service, and waits until no proxy sends it anything new. */
export async function drain(cluster: Cluster, claim: Claim, replica: string): Promise<void> {
	const settings = cluster.settings(await cluster.record.guard(claim));
	cluster.place(replica);
	const pod = await cluster.api.get<Pod>("pods", replica);
	if (pod === undefined) return;
	await relabel(cluster, pod, null);
	await until(
		`the EndpointSlices keep a drained pod, as if ${label.clients} were gone from the selector of ${cluster.services.join(", ")}`,
		async () => !inEndpoints(await cluster.slices(), pod),
	);
	// Also when an earlier call took it out: that one may have died within the moment.
	if (!isReady(pod)) return;
	await untilQuiet({
		queries: () => queriesEver(cluster, pod, settings),
		awayAt: () => cluster.api.connection.awayAt(),
		// Extended only where it would run out meanwhile: whoever comes after one that was killed waits until it has.
		keep: (waited) => (waited < claimLasts ? cluster.record.guard(claim) : cluster.record.extend(claim, 30)),
		now: Date.now,
		sleep,
	});
}

async function queriesEver(cluster: Cluster, pod: Pod, settings: KeptSettings): Promise<number | undefined> {
	try {
		return await allQueries(await cluster.server(pod, settings));
	} catch (error) {
		if (error instanceof ControlError) return undefined;
		throw error;
	}
}

export async function undrain(cluster: Cluster, claim: Claim, replica: string): Promise<void> {
	await cluster.record.guard(claim);
	cluster.place(replica);
	const pod = await cluster.api.get<Pod>("pods", replica);
	if (pod !== undefined && pod.metadata.deletionTimestamp === undefined)
		await relabel(cluster, pod, clientServiceName(cluster.name));
}

/** Only this very pod: its successor has the label from its template. */
export async function relabel(cluster: Cluster, pod: Pod, value: string | null): Promise<void> {
	if ((pod.metadata.labels?.[label.clients] ?? null) === value) return;
	const patch = { metadata: { uid: pod.metadata.uid, labels: { [label.clients]: value } } };
	await cluster.api.merge("pods", pod.metadata.name, patch).catch((error: Error) => {
		if (error.name !== "Conflict") throw error;
	});
}

/**
 * Gives the replica's shard the template of a version, then deletes the pod. Under OnDelete the others of the shard keep
 * theirs, and one that is lost meanwhile comes back with the new version, never with an older one.
 */
export async function restart(cluster: Cluster, claim: Claim, replica: string, version: DbVersion): Promise<void> {
	const stored = await cluster.record.guard(claim);
	const { shard } = cluster.place(replica);
	const pods = await cluster.pods();
	const settings = cluster.settings(stored);
	const opened = openedBy(stored, replica, podOf(pods, replica), settings.image);
	if (opened !== undefined && compareVersions(version, opened) < 0)
		throw new ControlError(`${replica} can't be started at ${version}: ${opened} opened its data`);
	const image = await cluster.image(settings, version);
	const set = await cluster.set(shard);
	if (set === undefined) throw new PlatformError(`the StatefulSet ${shardName(cluster, shard)} is gone`);
	const stopped = set.spec.replicas === 0;
	// Before the template: from then on any pod of the shard may come up with it.
	await cluster.record.under(claim, (now) => {
		const settled = settle(now, pods, settings.image);
		if (stopped) return settled;
		const members = indexes(now.replicas ?? 1).map((ordinal) => replicaName(cluster, shard, ordinal));
		const each = members.map((member) => ({ replica: member, pod: podOf(pods, member) }));
		return noteOpening(settled, version, each, settings.image);
	});
	const { existing } = cluster;
	const applied = existing
		? await change(cluster, existing, shard, image)
		: await applySet(cluster, cluster.shape(stored), shard, image);
	if (stopped) return;
	const revision = await takenUp(cluster, shard, applied);
	await cluster.record.guard(claim);
	await makeWay(cluster, applied, replica, pods);
	const pod = await cluster.api.get<Pod>("pods", replica);
	if (pod === undefined || !isToGo(cluster, pod, revision)) return;
	if (isReady(pod)) await cluster.api.hangUp(replica, cluster.httpPort);
	await cluster.api.delete("pods", replica, pod.metadata.uid);
}

/**
 * Under OrderedReady, which others may have chosen, a pod is made only once all before it are ready: of those, the ones
 * that can't come up are made anew first.
 */
async function makeWay(cluster: Cluster, { metadata, spec }: StatefulSet, replica: string, pods: readonly Pod[]) {
	if (spec.podManagementPolicy === "Parallel") return;
	const now = cluster.api.connection.now();
	for (const ordinal of indexes(cluster.place(replica).ordinal)) {
		const pod = podOf(pods, `${metadata.name}-${ordinal}`);
		if (pod !== undefined && !isReady(pod) && diagnose(pod, { now }).failure !== undefined)
			await cluster.api.delete("pods", pod.metadata.name, pod.metadata.uid);
	}
}

export const podOf = (pods: readonly Pod[], replica: string) => pods.find(({ metadata }) => metadata.name === replica);

/**
 * One that was made from this very template after the drain, when the former was lost or an earlier roll's restart came
 * through late, is spared another beginning.
 */
function isToGo(cluster: Cluster, pod: Pod, revision: string | undefined): boolean {
	if (pod.metadata.deletionTimestamp !== undefined) return false;
	const current = pod.metadata.labels?.["controller-revision-hash"] === revision;
	const drained = pod.metadata.labels?.[label.clients] === undefined;
	return !current || drained || diagnose(pod, { now: cluster.api.connection.now() }).failure !== undefined;
}

interface SetOptions {
	readonly joining?: boolean;
	/** At least so many replicas, unless it is stopped; as many as it has just now unless given. */
	readonly size?: number;
}

/** Applies all of a shard's StatefulSet. */
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

/** A shard's StatefulSet, with what of the live one must be as it is. */
export function renderedSet(
	shape: Shape,
	shard: number,
	image: Image,
	live: StatefulSet | undefined,
	{ joining, size = 0 }: SetOptions = {},
): KubeObject {
	const now = live?.spec.replicas ?? shape.replicas;
	return statefulSet(shape, shard, image, {
		joining,
		replicas: now === 0 ? 0 : Math.max(now, size),
		resourceVersion: live?.metadata.resourceVersion,
		volumeClaimTemplates: (live?.spec as { volumeClaimTemplates?: unknown } | undefined)?.volumeClaimTemplates,
	});
}

/** Waits until the controller knows the template: before, it would make a deleted pod anew from the one before. */
export async function takenUp(cluster: Cluster, shard: number, { metadata }: StatefulSet): Promise<string | undefined> {
	let revision: string | undefined;
	await until("the StatefulSet controller takes no notice of a changed template", async () => {
		const set = await cluster.set(shard);
		revision = set?.status?.updateRevision;
		return (set?.status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) && revision !== undefined;
	});
	return revision;
}

/** For what the cluster's own controllers do in a moment when they are well. */
export async function until(otherwise: string, done: () => Promise<boolean>, seconds = 30): Promise<void> {
	const deadline = Date.now() + seconds * 1000;
	const notYet = new PlatformError(`${otherwise}, for ${seconds} seconds`);
	const attempt = async () => {
		if (!(await done())) throw notYet;
	};
	await retry(attempt, (error, tries) =>
		error === notYet && Date.now() <= deadline ? Math.min(500, 25 * 1.5 ** (tries - 1)) : undefined,
	);
}

export const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
