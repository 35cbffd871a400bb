import { ControlError } from "../../../control/errors";
import type { Claim, ClusterSpec, Obstacle } from "../../../control/port";
import type { UpdateMark } from "../../../core/cluster";
import { compareVersions, type DbVersion, highest, sameVersion } from "../../../core/version";
import type { StatefulSet } from "../api/types";
import { type Cluster, names } from "../ask/cluster";
import { isCreated, lostRecord, toldToStart } from "../ask/lost";
import { settle } from "../ask/opened";
import { annotation, recordName, shardName } from "../render/names";
import { surroundings, wholeCluster } from "../render/objects";
import { indexes } from "../render/server-config";
import type { KubernetesSettings } from "../render/settings-schema";
import { kept, shapeOf } from "../render/shape";
import { applyAll, noteUnopened } from "./apply";
import { collector, strangersAmong } from "./obstacles";
import {
	claimsOf,
	classOfVolumes,
	growVolumes,
	markLeft,
	markUsed,
	openedVolumes,
	othersData,
	sizeOfVolumes,
	volumeClaims,
} from "./volumes";

export type Spec = ClusterSpec<KubernetesSettings>;

/**
 * What exists already of a cluster that is to be created, of an earlier one of its name also the volumes, with the
 * versions that opened their data, and why they don't fit its size.
 *
 * @throws ControlError if it belongs to another owner, or if a later version opened the data.
 */
export async function mayBeMade(cluster: Cluster, spec: Omit<Spec, "generation">) {
	const before = await cluster.record.read();
	if (before?.owner !== undefined && before.owner !== spec.owner)
		throw new ControlError(
			`the cluster '${cluster.name}' in the namespace ${cluster.api.namespace} belongs to ${before.owner}: choose another name, or set adopt to take it over`,
		);
	const [sets, claims] = await Promise.all([cluster.sets(), volumeClaims(cluster)]);
	if (before?.owner === undefined) await refuseStrangers(cluster, spec, sets);
	const isLost = before?.owner === undefined && sets.length > 0;
	const told = isLost ? toldToStart(cluster, sets, names(cluster, spec), spec.settings.image) : {};
	const opened = { ...openedVolumes(claims), ...told };
	const newest = highest([...Object.values(before?.openedBy ?? {}), ...Object.values(opened)]);
	if (sets.length === 0 && newest !== undefined && compareVersions(spec.version, newest) < 0)
		throw new ControlError(
			`the volumes of '${cluster.name}' hold data that ${newest} opened, and a DB version never goes back: set version to ${newest} or later`,
		);
	const by = before?.owner === undefined ? othersData(claims, spec.owner) : undefined;
	if (by !== undefined && !spec.adopt)
		throw new ControlError(
			`the volumes of '${cluster.name}' hold the data of an earlier cluster: ${by} destroyed it and kept the data. Set adopt to true to use the data, or choose another name`,
		);
	const obstacles: Obstacle[] = [];
	if (isLost) obstacles.push(...lostObstacles(cluster, spec, sets, newest));
	// An existing cluster keeps its settings, too.
	if (isLost || sets.length === 0) {
		const its = claimsOf(claims, names(cluster, spec));
		obstacles.push(
			...sizeOfVolumes(cluster, claims, spec),
			...classOfVolumes(cluster, its, spec.settings.storageClass),
		);
		await collector(obstacles)("kubernetes.storage", () => growVolumes(cluster, its, spec, { dryRun: true }));
	}
	return { sets, isLost, opened, claims, obstacles };
}

/** Why a cluster without its record can't be had as it is asked for: all that is known of it is what runs. */
function lostObstacles(
	{ name, api }: Cluster,
	{ version, replicas, adopt }: Omit<Spec, "generation">,
	sets: readonly StatefulSet[],
	runs: DbVersion | undefined,
): Obstacle[] {
	const [first] = sets;
	if (first !== undefined && !adopt) return [{ property: "name", reason: lostRecord(first, name) }];
	const stopped = sets.find(({ spec }) => spec.replicas === 0)?.metadata.name;
	return [
		...(stopped === undefined
			? []
			: [
					{
						property: "name",
						reason: `${stopped} is scaled to 0, and a new record is only written for a cluster that runs. Scale it up first: kubectl scale statefulset ${stopped} --replicas=${replicas} --namespace=${api.namespace}`,
					},
				]),
		...(runs === undefined || sameVersion(version, runs)
			? []
			: [
					{
						property: "version",
						reason: `'${name}' runs ${runs}. Set version to ${runs}: what the missing record said is taken from what runs. Update in the next step.`,
					},
				]),
	];
}

/** What a create would do to what exists already, by topic. */
export async function foundBy(cluster: Cluster, spec: Omit<Spec, "generation">): Promise<Record<string, string>> {
	const [before, sets, claims] = await Promise.all([cluster.record.read(), cluster.sets(), volumeClaims(cluster)]);
	if (before?.owner !== undefined) return {};
	if (sets.length > 0)
		return { record: `the ConfigMap ${recordName(cluster.name)} is missing: a new one is written for what runs` };
	const used = claimsOf(claims, names(cluster, spec)).filter(({ status }) => status?.phase !== "Pending");
	const isOwn = used.every(({ metadata }) => metadata.annotations?.[annotation.keptBy] === spec.owner);
	if (isOwn) return {};
	const by = othersData(claims, spec.owner);
	const who =
		by === undefined ? "an earlier cluster of this name left data" : `${by} destroyed its cluster and kept the data`;
	return { data: `${who}, which is used: ${used.map(({ metadata }) => metadata.name).join(", ")}` };
}

const markOf = ({ api }: Cluster, version: DbVersion): UpdateMark => {
	const since = new Date(api.connection.now()).toISOString();
	return { from: version, to: version, since, creates: true };
};

/** Creates what is missing; data that a server has opened keeps its version. */
export async function create(cluster: Cluster, claim: Claim, spec: Spec): Promise<void> {
	await cluster.record.guard(claim);
	const { sets, opened, claims, obstacles } = await mayBeMade(cluster, spec);
	if (obstacles.length > 0) throw new ControlError(obstacles.map(({ reason }) => reason).join("\n"));
	const pods = await cluster.pods();
	// A missing image is reported before anything is written, and so is a right that a preview can do without.
	const image = await cluster.image(kept(spec.settings), spec.version);
	if (sets.length === 0)
		for (const object of wholeCluster(shapeOf(spec), image)) await cluster.api.apply(object, { dryRun: true });
	const stored = await cluster.record.under(claim, (now) => {
		const settled = settle(now, pods, spec.settings.image);
		const { owner, generation, shards, replicas, update } = spec;
		// An existing cluster keeps its size and settings, too: changing those is up to `configure`.
		const made = sets.length > 0 && now.settings !== undefined;
		const shape = made ? {} : { shards, replicas, settings: kept(spec.settings) };
		const mark = now.owner === undefined ? { mark: markOf(cluster, spec.version) } : {};
		const next = {
			...settled,
			...shape,
			...mark,
			owner,
			generation,
			...(update && { update }),
			openedBy: { ...opened, ...settled.openedBy },
		};
		return noteUnopened(cluster, next, next, spec.version, pods);
	});
	const shape = cluster.shape(stored);
	await markUsed(cluster, claims);
	await markLeft(cluster, claimsOf(claims, names(cluster, stored)), false);
	await growVolumes(cluster, claims, shape);
	await applyAll(cluster, { stored, sets, pods }, shape, spec.version);
}

export async function adopt(cluster: Cluster, claim: Claim, owner: string, generation: string): Promise<void> {
	await cluster.record.guard(claim);
	const [sets, pods] = await Promise.all([cluster.sets(), cluster.pods()]);
	if (sets.length === 0)
		throw new ControlError(`the cluster '${cluster.name}' can't be taken over, because its StatefulSets do not exist`);
	await cluster.record.under(claim, (now) => {
		const settings = now.settings ?? kept(cluster.given);
		const shards = now.shards ?? sets.length;
		const replicas = now.replicas ?? Math.max(1, ...sets.map(({ spec }) => spec.replicas ?? 1));
		return { ...settle(now, pods, settings.image), owner, generation, shards, replicas, settings };
	});
}

async function refuseStrangers(
	cluster: Cluster,
	spec: Omit<Spec, "generation">,
	sets: readonly StatefulSet[],
): Promise<void> {
	const named = await Promise.all(
		indexes(spec.shards).map((shard) => cluster.api.get<StatefulSet>("statefulsets", shardName(cluster, shard))),
	);
	const stranger = [...sets, ...named].find((set) => set !== undefined && !isCreated(set, cluster.name));
	if (stranger !== undefined)
		throw new ControlError(
			`the namespace ${cluster.api.namespace} has a StatefulSet ${stranger.metadata.name} that was not created by DbCluster: choose another name, or set kubernetes.existing to take it over`,
		);
	const [other] = await strangersAmong(cluster, surroundings(shapeOf(spec)));
	if (other !== undefined)
		throw new ControlError(
			`the namespace ${cluster.api.namespace} has a ${other.kind} ${other.metadata.name} that does not belong to this cluster: choose another name, or remove it first`,
		);
}
