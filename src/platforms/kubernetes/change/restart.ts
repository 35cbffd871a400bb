import { ControlError, PlatformError } from "../../../control/errors";
import type { Claim } from "../../../control/port";
import { compareVersions, type DbVersion } from "../../../core/version";
import type { Pod, StatefulSet } from "../api/types";
import { type Cluster, podOf } from "../ask/cluster";
import { diagnose, isReady } from "../ask/diagnose";
import { noteOpening, openedBy, settle } from "../ask/opened";
import type { Stored } from "../ask/record";
import { label, replicaName, shardName } from "../render/names";
import type { Image } from "../render/pod";
import { indexes } from "../render/server-config";
import { takenUp } from "./apply";

/** Writes a shard's pod template with an image. */
export type WriteTemplate<Its extends Cluster> = (
	cluster: Its,
	stored: Stored,
	shard: number,
	image: Image,
) => Promise<StatefulSet>;

/**
 * Writes the version to the template of the replica's shard, then deletes the pod. Under OnDelete the others of the
 * shard keep theirs, and one that is lost comes back with the new version, never with an older one.
 */
export async function restart<Its extends Cluster>(
	cluster: Its,
	claim: Claim,
	replica: string,
	version: DbVersion,
	writeTemplate: WriteTemplate<Its>,
): Promise<void> {
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
	// Before the template: from then on any pod of the shard may start with it.
	await cluster.record.under(claim, (now) => {
		const settled = settle(now, pods, settings.image);
		if (stopped) return settled;
		const members = indexes(now.replicas ?? 1).map((ordinal) => replicaName(cluster, shard, ordinal));
		const each = members.map((member) => ({ replica: member, pod: podOf(pods, member) }));
		return noteOpening(settled, version, each, settings.image);
	});
	const applied = await writeTemplate(cluster, stored, shard, image);
	if (stopped) return;
	const revision = await takenUp(cluster, shard, applied);
	await cluster.record.guard(claim);
	await makeWay(cluster, applied, replica, pods);
	const pod = await cluster.api.get<Pod>("pods", replica);
	if (pod === undefined || !isToGo(cluster, pod, revision)) return;
	await Promise.all([
		isReady(pod) && cluster.api.hangUp(replica, cluster.httpPort),
		cluster.api.delete("pods", replica, pod.metadata.uid),
	]);
}

/**
 * Under OrderedReady, as existing StatefulSets may have it, a pod is created only once all before it are ready: of
 * those, the ones that can't start are recreated first.
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

/**
 * A pod that was created from this very template after the drain, because the former one was lost or an earlier restart
 * took effect late, is not restarted again.
 */
function isToGo(cluster: Cluster, pod: Pod, revision: string | undefined): boolean {
	if (pod.metadata.deletionTimestamp !== undefined) return false;
	const current = pod.metadata.labels?.["controller-revision-hash"] === revision;
	const drained = pod.metadata.labels?.[label.clients] === undefined;
	return !current || drained || diagnose(pod, { now: cluster.api.connection.now() }).failure !== undefined;
}
