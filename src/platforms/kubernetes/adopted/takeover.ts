import { isDeepStrictEqual } from "node:util";
import { ControlError } from "../../../control/errors";
import type { Assessment, Claim, Obstacle } from "../../../control/port";
import type { DbVersion } from "../../../core/version";
import type { Service } from "../api/types";
import { settle } from "../ask/opened";
import { takenUp } from "../change/apply";
import type { Spec } from "../change/create";
import { changePod } from "../change/drain";
import { dropsClaims } from "../change/volumes";
import { label } from "../render/names";
import { kept } from "../render/shape";
import type { AdoptedCluster } from "./cluster";
import { inspect, stopObstacles, type TakeoverSpec } from "./inspect";
import { servicesOf } from "./services";
import { change, noted, podLabels, podsOf } from "./template";

/**
 * Takes over existing StatefulSets; nothing restarts. The record comes last: a crash before it leaves a cluster that
 * belongs to nobody and works as before, and all of this is repeated.
 */
export async function takeOver(cluster: AdoptedCluster, claim: Claim, spec: Spec): Promise<void> {
	const before = await cluster.record.guard(claim);
	if (before.owner !== undefined && before.owner !== spec.owner)
		throw new ControlError(`the cluster '${cluster.name}' belongs to ${before.owner}: set adopt to take it over`);
	const { obstacles } = await inspect(cluster, spec);
	if (obstacles.length > 0) throw new ControlError(obstacles.map(({ reason }) => reason).join("\n"));
	await cluster.record.guard(claim);
	await prepare(cluster, spec.version);
	const pods = await cluster.pods();
	const { owner, generation, shards, replicas, update } = spec;
	await cluster.record.under(claim, (now) => {
		const settings = kept(spec.settings);
		const its = { owner, generation, shards, replicas, settings, ...(update && { update }) };
		return { ...settle(now, pods, settings.image), ...its };
	});
}

/** What other settings would do: most can't be changed from here. */
export async function assess(cluster: AdoptedCluster, wanted: TakeoverSpec): Promise<Assessment> {
	const [stored, sets, pods] = await Promise.all([cluster.record.read(), cluster.sets(), cluster.pods()]);
	if (stored === undefined) throw cluster.gone();
	const { existing } = cluster;
	const obstacles: Obstacle[] = [];
	const refuse = (property: string, reason: string) => void obstacles.push({ property, reason });
	const before = stored.settings?.existing;
	if (before === undefined)
		refuse(
			"kubernetes.existing",
			`'${cluster.name}' was created by DbCluster and can't be replaced by existing StatefulSets. Remove kubernetes.existing.`,
		);
	else if (!isDeepStrictEqual(before.statefulSets, existing.statefulSets) || before.container !== existing.container)
		refuse(
			"kubernetes.existing",
			`'${cluster.name}' consists of the container ${before.container} in ${before.statefulSets.join(", ")}, and that can't be changed. Set kubernetes.existing back. For another cluster, declare a DbCluster with another name.`,
		);
	if (obstacles.length > 0) return { obstacles, ...untouched };
	if (wanted.shards !== existing.statefulSets.length)
		refuse("shards", `shards can't be added to existing StatefulSets. Set shards to ${existing.statefulSets.length}.`);
	for (const set of sets) {
		const { metadata, spec } = set;
		// While it is stopped, its former size counts.
		const has = spec.replicas === 0 ? (stored.replicas ?? 1) : (spec.replicas ?? 1);
		if (has === wanted.replicas) continue;
		const loses = has > wanted.replicas && dropsClaims(set, "whenScaled");
		const loss =
			" With its persistentVolumeClaimRetentionPolicy, Kubernetes deletes the volumes of replicas that are scaled away.";
		refuse(
			"replicas",
			`the StatefulSet ${metadata.name} has ${has} ${has === 1 ? "replica" : "replicas"}, and DbCluster does not scale existing StatefulSets. Scale it with kubectl scale or its chart's values, then set replicas to the same number.${loses ? loss : ""}`,
		);
	}
	obstacles.push(...stopObstacles(cluster, sets, wanted), ...(await servicesOf(cluster, pods)).obstacles);
	return { obstacles, ...untouched };
}

const untouched = { restarts: [], joins: [], leaves: [], rejoins: [] };

/** Stores the settings, and restores our part of objects that may have been changed since. */
export async function configure(cluster: AdoptedCluster, claim: Claim, spec: Spec): Promise<void> {
	const before = await cluster.record.guard(claim);
	const settings = kept(spec.settings);
	const { shards, replicas, update } = spec;
	const its = { settings, shards, replicas, ...(update && { update }) };
	const pods = await cluster.pods();
	await cluster.record.under(claim, (now) => ({ ...settle(now, pods, settings.image), ...its }));
	await prepare(cluster);
	for (const name of before.settings?.existing?.services ?? [])
		if (!cluster.services.includes(name)) await select(cluster, name, null);
}

/** Releases the cluster: clients reach all replicas as before, and the servers keep running. */
export async function letGo(cluster: AdoptedCluster, claim: Claim): Promise<void> {
	const stored = await cluster.record.guard(claim);
	for (const name of cluster.services) await select(cluster, name, null);
	for (const { metadata } of await cluster.sets())
		await cluster.api.merge("statefulsets", metadata.name, {
			metadata: { uid: metadata.uid, labels: { [label.cluster]: null, [label.shard]: null } },
		});
	if (stored.owner !== undefined) await cluster.record.remove();
}

/**
 * First the templates of new pods, then the existing pods; the Services last, so that none of them loses a pod.
 *
 * @param version What all pods run, if that is known.
 */
async function prepare(cluster: AdoptedCluster, version?: DbVersion): Promise<void> {
	for (const [shard, name] of cluster.statefulSets.entries()) {
		const set = await change(cluster, shard);
		await takenUp(cluster, shard, set);
		for (const pod of await podsOf(cluster, set))
			if (pod.metadata.name.replace(/-\d+$/, "") === name && pod.metadata.deletionTimestamp === undefined)
				await changePod(cluster, pod, { labels: podLabels(cluster, shard), annotations: noted(cluster, pod, version) });
	}
	for (const name of cluster.services) await select(cluster, name, cluster.name);
}

/** Adds our label to a Service's selector, or removes it. */
function select(cluster: AdoptedCluster, name: string, value: string | null) {
	return cluster.api.edit<Service>("services", name, ({ spec: { selector } }) => {
		if ((selector?.[label.clients] ?? null) !== value) return { spec: { selector: { [label.clients]: value } } };
	});
}
