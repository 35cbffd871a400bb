import { ifKnown } from "../../../control/errors";
import type { Claim } from "../../../control/port";
import type { DbVersion } from "../../../core/version";
import type { Pod } from "../api/types";
import { type Cluster, podOf } from "../ask/cluster";
import type { Stored } from "../ask/record";
import { clientServiceName, replicaName } from "../render/names";
import { isSurplus } from "../render/pod";
import { indexes } from "../render/server-config";
import type { Shape } from "../render/shape";
import { applyAll, applySet, imageOf, joins, type Seen } from "./apply";
import { relabel } from "./drain";
import { until } from "./wait";

/**
 * Applies every object of a shape. The template that keeps clients from new replicas stays only until their pods exist,
 * because joining takes as long as there are rows, or forever if a pod can't start: a member that is lost meanwhile must
 * come back to its clients. A new replica that is lost then comes from the members' template, as a surplus pod, which
 * never serves: this is done again for it.
 */
export async function applyJoining(
	cluster: Cluster,
	claim: Claim,
	seen: Seen,
	shape: Shape,
	version: DbVersion,
): Promise<void> {
	await applyAll(cluster, seen, shape, version);
	const { shards = 0, replicas = 1 } = seen.stored;
	for (const shard of indexes(shards)) {
		if (!joins(seen.stored, shape, shard)) continue;
		await untilMade(cluster, shape, shard, replicas);
		await cluster.record.guard(claim);
		const image = await imageOf(cluster, seen, shape, shard, version);
		await applySet(cluster, shape, shard, image, { members: replicas });
	}
}

/** Seconds in which the controller creates pods, unless something refuses them. */
const creation = 10;

/** Waits until the pods of new replicas exist, or can't be created for now. */
async function untilMade(cluster: Cluster, shape: Shape, shard: number, members: number): Promise<void> {
	const fresh = indexes(shape.replicas - members).map((index) => replicaName(cluster, shard, members + index));
	const pods = (them: readonly Pod[]) => fresh.map((name) => podOf(them, name));
	const stops = pods(await cluster.pods()).some((pod) => pod?.metadata.deletionTimestamp !== undefined);
	const areMade = async () => pods(await cluster.pods()).every((pod) => pod !== undefined && !isSurplus(pod));
	await ifKnown(() => until("no pods", areMade, creation + (stops ? shape.settings.gracePeriodSeconds : 0)));
}

/**
 * Lets clients reach members whose pods come from the template of new replicas. What an unfinished rollout took out
 * stays out until it is known to be whole.
 */
export async function letIn(cluster: Cluster, { held }: Stored, members: readonly string[], pods: readonly Pod[]) {
	for (const pod of pods) {
		const { name, deletionTimestamp } = pod.metadata;
		if (members.includes(name) && held?.[name] === undefined && deletionTimestamp === undefined)
			await relabel(cluster, pod, clientServiceName(cluster.name));
	}
}
