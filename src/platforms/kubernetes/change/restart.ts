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

/** A shard whose pods start with the version from now on. */
interface Prepared {
	readonly set: StatefulSet;
	readonly pods: readonly Pod[];
}

/**
 * Writes the version to the template of the replica's shard. Under OnDelete its pods keep theirs, and one that is lost
 * comes back with the new version, never with an older one.
 */
export async function prepare<Its extends Cluster>(
	cluster: Its,
	claim: Claim,
	replica: string,
	version: DbVersion,
	writeTemplate: WriteTemplate<Its>,
): Promise<Prepared> {
	const { shard } = cluster.place(replica);
	const [stored, pods, set] = await Promise.all([cluster.record.guard(claim), cluster.pods(), cluster.set(shard)]);
	const settings = cluster.settings(stored);
	const opened = openedBy(stored, replica, podOf(pods, replica), settings.image);
	if (opened !== undefined && compareVersions(version, opened) < 0)
		throw new ControlError(
			`the data of ${replica} was opened by ${opened}, and a DB version never goes back to ${version}. Use ${opened} or later.`,
		);
	const image = await cluster.image(settings, version);
	if (set === undefined) throw new PlatformError(`the StatefulSet ${shardName(cluster, shard)} is gone`);
	if (cluster.written.get(shard) === stateOf(set, version)) return { set, pods };
	// Before the template: from then on any pod of the shard may start with it.
	await cluster.record.under(claim, (now) => {
		const settled = settle(now, pods, settings.image);
		if (isStopped(set)) return settled;
		const members = indexes(now.replicas ?? 1).map((ordinal) => replicaName(cluster, shard, ordinal));
		const each = members.map((member) => ({ replica: member, pod: podOf(pods, member) }));
		return noteOpening(settled, version, each, settings.image);
	});
	const after = await writeTemplate(cluster, stored, shard, image);
	cluster.written.set(shard, stateOf(after, version));
	return { set: after, pods };
}

/** Differs after any change of its template. */
const stateOf = ({ metadata: { uid, generation } }: StatefulSet, version: DbVersion) =>
	`${uid} ${generation} ${version}`;

/** {@link prepare}, which finds nothing to write if that was done while it was drained, and deletes the pod. */
export async function restart<Its extends Cluster>(
	cluster: Its,
	claim: Claim,
	replica: string,
	version: DbVersion,
	writeTemplate: WriteTemplate<Its>,
): Promise<void> {
	// At the same time: it takes some tenths of a second, and from here on nothing asks the server.
	const hungUp = cluster.api.hangUp(replica, cluster.httpPort);
	const { set, pods } = await prepare(cluster, claim, replica, version, writeTemplate);
	if (isStopped(set)) return;
	const revision = await takenUp(cluster, cluster.place(replica).shard, set);
	await makeWay(cluster, set, replica, pods);
	const [pod] = await Promise.all([cluster.api.get<Pod>("pods", replica), cluster.record.guard(claim)]);
	if (pod === undefined || !isToGo(cluster, pod, revision)) return;
	await cluster.api.delete("pods", replica, pod.metadata.uid);
	await hungUp;
}

const isStopped = ({ spec }: StatefulSet) => spec.replicas === 0;

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
