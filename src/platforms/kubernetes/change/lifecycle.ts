import type { Claim } from "../../../control/port";
import type { Pod, StatefulSet } from "../api/types";
import { type Cluster, membersOf } from "../ask/cluster";
import { noteOpening, settle, versionOf } from "../ask/opened";
import { desiredReplicas } from "../ask/size";
import { annotation, clusterSelector, recordName } from "../render/names";
import { mustKeepClaims, rememberOpened, volumeClaims } from "./volumes";
import { until } from "./wait";

export async function start(cluster: Cluster, claim: Claim): Promise<void> {
	const stored = await cluster.record.guard(claim);
	const sets = await cluster.sets();
	const down = sets.filter(({ spec }) => spec.replicas === 0);
	if (down.length === 0) return;
	const { image } = cluster.settings(stored);
	await cluster.record.under(claim, (now) =>
		down.reduce((noted, set) => {
			const version = versionOf(image, set.spec.template);
			const members = membersOf(cluster, now, set.metadata.name);
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
	await scale(cluster, (now) => now || (stored.replicas ?? 1));
}

export async function stop(cluster: Cluster, claim: Claim): Promise<void> {
	const stored = await cluster.record.guard(claim);
	const [sets, pods] = await Promise.all([cluster.sets(), cluster.pods()]);
	mustKeepClaims(cluster, sets, "whenScaled");
	await cluster.record.under(claim, (now) => settle(now, pods, cluster.settings(stored).image));
	await scale(cluster, () => 0);
}

export async function wake(cluster: Cluster, claim: Claim): Promise<void> {
	await cluster.record.guard(claim);
	const sets = await cluster.sets();
	if (sets.some(({ metadata }) => metadata.annotations?.[annotation.idle] === "true")) await start(cluster, claim);
}

async function scale(cluster: Cluster, size: (now: number) => number): Promise<void> {
	for (const { metadata } of await cluster.sets())
		await cluster.api.edit<StatefulSet>("statefulsets", metadata.name, (set) => {
			const replicas = size(desiredReplicas(set));
			const idle = set.metadata.annotations?.[annotation.idle] !== undefined;
			if (set.spec.replicas === replicas && !idle) return undefined;
			return { metadata: idle ? { annotations: { [annotation.idle]: null } } : {}, spec: { replicas } };
		});
}

/**
 * Deletes every object; the volume claims stay unless `data` is set, annotated with the version that opened them and with
 * their owner.
 */
export async function destroy(cluster: Cluster, claim: Claim, { data }: { readonly data: boolean }): Promise<void> {
	const stored = await cluster.record.guard(claim);
	const { image } = cluster.settings(stored);
	const [sets, pods] = await Promise.all([cluster.sets(), cluster.pods()]);
	if (!data) mustKeepClaims(cluster, sets, "whenDeleted");
	const settled = await cluster.record.under(claim, (now) => settle(now, pods, image));
	const claims = await volumeClaims(cluster);
	if (!data) await rememberOpened(cluster, settled, claims, pods, stored.owner || undefined);
	for (const { metadata } of sets) await cluster.api.delete("statefulsets", metadata.name, metadata.uid);
	for (const kind of ["services", "poddisruptionbudgets", "configmaps"] as const)
		for (const { metadata } of await cluster.api.list<Pod>(kind, { labels: clusterSelector(cluster.name) }))
			if (metadata.name !== recordName(cluster.name)) await cluster.api.delete(kind, metadata.name, metadata.uid);
	if (data)
		for (const { metadata } of claims) await cluster.api.delete("persistentvolumeclaims", metadata.name, metadata.uid);
	const seconds = cluster.settings(stored).gracePeriodSeconds + 60;
	await until("the pods are still not deleted", async () => (await cluster.pods()).length === 0, seconds);
	if (data)
		await until(
			"the volume claims are still not deleted",
			async () => (await volumeClaims(cluster)).length === 0,
			seconds,
		);
	// Last: after a crash before this, the record lets the next call resume.
	if (stored.owner !== undefined) await cluster.record.remove();
}
