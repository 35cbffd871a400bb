import { ControlError } from "../../../control/errors";
import type { Assessment, Claim, ClusterSpec, Obstacle } from "../../../control/port";
import { type HeldTable, type LocalTables, lackedBy, tableName } from "../../../core/holdings";
import type { DbVersion } from "../../../core/version";
import type { KubeObject, Pod, PodTemplate, StatefulSet, VolumeClaim } from "../api/types";
import { type Cluster, membersOf, names, podOf } from "../ask/cluster";
import { copyTables } from "../ask/copy-tables";
import { isReady } from "../ask/diagnose";
import { health } from "../ask/health";
import { inventoryOf } from "../ask/inventory";
import { foreseeJoins } from "../ask/lacks";
import { noteOpening, settle } from "../ask/opened";
import type { Stored } from "../ask/record";
import { deletedSets, isIdle, rests, scaledAway } from "../ask/size";
import { clientServiceName, parseReplica, replicaName, shardName } from "../render/names";
import { surroundings, wholeCluster } from "../render/objects";
import { isSurplus, templateHash } from "../render/pod";
import { indexes } from "../render/server-config";
import { amount, type KubernetesSettings } from "../render/settings-schema";
import { type Shape, shapeOf } from "../render/shape";
import { applySet, imageOf, joins, noteUnopened, renderedSet, type Seen } from "./apply";
import type { Spec } from "./create";
import { relabel } from "./drain";
import { applyJoining, letIn } from "./joining";
import { lossOf } from "./leave";
import { start } from "./lifecycle";
import { collector, strangersAmong, tryOut } from "./obstacles";
import { claimsOf, growVolumes, haveClass, markLeft, requestedStorage, volumeClaims } from "./volumes";

type Wanted = Omit<ClusterSpec<KubernetesSettings>, "generation">;

/** What a change of settings or size would do. The API server checks everything that would be applied, by a dry run. */
export async function assess(cluster: Cluster, wanted: Wanted): Promise<Assessment> {
	const [stored, sets, pods, claims] = await Promise.all([
		cluster.record.read(),
		cluster.sets(),
		cluster.pods(),
		volumeClaims(cluster),
	]);
	if (stored === undefined) throw cluster.gone();
	const shape = shapeOf(wanted);
	const members = names(cluster, stored);
	const joining = names(cluster, shape)
		.filter((name) => !members.includes(name))
		.map((name) => ({ name, ...cluster.place(name) }));
	const leaves = leavesOf(cluster, shape, stored, sets);
	const stays = members.filter((name) => !leaves.includes(name));
	const seen = { stored, sets, pods, claims };
	const obstacles = sizeObstacles(cluster, seen, wanted, joining.length + leaves.length > 0);
	const attempt = collector(obstacles);

	let joins: Assessment["joins"] = joining;
	// Of an idle one it is assessed again once it is awake.
	if (obstacles.length === 0 && !isIdle(sets)) {
		for (const replica of leaves) await attempt("replicas", () => lossOf(cluster, stored, replica, leaves));
		await attempt("replicas", async () => {
			const foreseen = await foreseeJoins(cluster, stored, pods, joining, wanted.localTables);
			joins = foreseen.joins;
			obstacles.push(...foreseen.obstacles);
		});
	}
	if (joining.length > 0) obstacles.push(...(await namesTaken(cluster, stored, shape)));
	const restarts: string[] = [];
	await attempt("kubernetes", async () => {
		for (const object of surroundings(shape)) await tryOut(cluster, obstacles, object);
		for (const set of sets) {
			const shard = parseReplica(cluster, `${set.metadata.name}-0`)?.shard ?? 0;
			if (shard >= shape.shards) continue;
			const image = await imageOf(cluster, seen, shape, shard, wanted.version);
			const { resourceVersion: _, ...metadata } = set.metadata;
			const object = renderedSet(shape, shard, image, { ...set, metadata });
			await tryOut(cluster, obstacles, object);
			const { template } = (object as { spec?: { template?: PodTemplate } }).spec ?? {};
			// By the pods, because the StatefulSet may have a template from a size change that was reverted.
			const outdated = pods.filter((pod) => templateHash(pod) !== templateHash(template)).map(nameOf);
			if (set.spec.replicas !== 0)
				restarts.push(...outdated.filter((name) => stays.includes(name) && cluster.place(name).shard === shard));
		}
	});
	await attempt("kubernetes.storage", () => growVolumes(cluster, claims, shape, { dryRun: true }));
	// A StatefulSet that is deleted may leave its pods running.
	const up = pods.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined).map(nameOf);
	const rejoins = scaledAway(cluster, stored, sets).filter((name) => ![...leaves, ...up].includes(name));
	return { obstacles, restarts: restarts.sort(), joins, leaves, rejoins };
}

/** Why a cluster can't grow where it is: what it would make has the name of somebody else's object. */
async function namesTaken(cluster: Cluster, stored: Stored, shape: Shape): Promise<Obstacle[]> {
	const image = { reference: shape.settings.image, version: "0.0.0" as DbVersion, pullAlways: true };
	const had = new Set(wholeCluster(cluster.shape(stored), image).map(shown));
	const made = wholeCluster(shape, image).filter((object) => !had.has(shown(object)));
	return (await strangersAmong(cluster, made)).map((object) => ({
		property: shape.shards > (stored.shards ?? 1) ? "shards" : "replicas",
		reason: `the namespace ${cluster.api.namespace} has a ${shown(object)} that does not belong to this cluster, which needs that name to grow. Remove it first.`,
	}));
}

const shown = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.name}`;

const nameOf = ({ metadata }: Pod) => metadata.name;

/**
 * The highest ordinal first, as StatefulSets shrink; all replicas of a shard that was created and never joined. The
 * cluster's own are included even if no StatefulSet asks for them, because it is stopped or was scaled outside Pulumi.
 */
function leavesOf(cluster: Cluster, shape: Shape, stored: Stored, sets: readonly StatefulSet[]): string[] {
	const made = sets.flatMap(({ metadata, spec }) => {
		const shard = parseReplica(cluster, `${metadata.name}-0`)?.shard;
		return shard === undefined ? [] : indexes(spec.replicas ?? 1).map((ordinal) => ({ shard, ordinal }));
	});
	const members = names(cluster, stored).map((name) => cluster.place(name));
	const beyond = [...made, ...members]
		.filter(({ shard, ordinal }) => shard >= shape.shards || ordinal >= shape.replicas)
		.sort((a, b) => b.ordinal - a.ordinal || a.shard - b.shard)
		.map(({ shard, ordinal }) => replicaName(cluster, shard, ordinal));
	return [...new Set(beyond)];
}

function sizeObstacles(
	cluster: Cluster,
	{ stored, sets, claims }: Seen & { readonly claims: readonly VolumeClaim[] },
	{ shards, replicas, settings }: Wanted,
	resizes: boolean,
): Obstacle[] {
	const { name } = cluster;
	const found: Obstacle[] = [];
	const refuse = (property: string, reason: string) => found.push({ property, reason });
	if (shards < (stored.shards ?? 1))
		refuse(
			"shards",
			`'${name}' has ${stored.shards} shards, and the rows of removed shards would be lost. Set shards to ${stored.shards}, or move their rows to another cluster.`,
		);
	const resized = replicas === stored.replicas ? "shards" : "replicas";
	const back = `Set shards to ${stored.shards ?? 1} and replicas to ${stored.replicas ?? 1}`;
	if (resizes && isIdle(sets) && stored.mark !== undefined)
		refuse(
			resized,
			`'${name}' is Idle in the middle of an update, and replicas can only be added or removed while it runs. ${back} and run pulumi up, which wakes it and completes the update; then change the size.`,
		);
	else if (resizes && !isIdle(sets) && sets.some(({ spec }) => spec.replicas === 0))
		refuse(
			resized,
			`'${name}' is stopped, and replicas can only be added or removed while it runs. ${back}, set desiredState to "Started" and run pulumi up --refresh; then change the size.`,
		);
	const { existing } = stored.settings ?? {};
	if (existing !== undefined)
		refuse(
			"kubernetes.existing",
			`'${name}' consists of existing StatefulSets, ${existing.statefulSets.join(", ")}, and that can't be changed. Set kubernetes.existing back.`,
		);
	const { storage, storageClass } = settings;
	const { storage: had = storage } = stored.settings ?? {};
	// Volumes may be larger than the program has ever said: grown by an autoresizer, or kept from a replica that left.
	const stay = { shards: Math.min(shards, stored.shards ?? 1), replicas: Math.min(replicas, stored.replicas ?? 1) };
	const its = claimsOf(claims, names(cluster, stay));
	const larger = its.find((each) => amount(requestedStorage(each)) > amount(storage));
	if (larger !== undefined && amount(storage) < amount(had))
		refuse(
			"kubernetes.storage",
			`volumes can't shrink: ${larger.metadata.name} has ${requestedStorage(larger)}, and ${storage} is less. Set storage to ${had} or more.`,
		);
	const isOther = stored.settings !== undefined && stored.settings.storageClass !== storageClass;
	if (isOther && !haveClass(sets, its, storageClass))
		refuse(
			"kubernetes.storageClass",
			`the volumes have ${stored.settings.storageClass ?? "the default StorageClass"}, and that can't be changed. Set storageClass back, or create a new cluster and move the data.`,
		);
	return found;
}

/**
 * Applies other settings, and creates new replicas. Pods that serve keep their settings until they are restarted; those
 * that can't start are recreated immediately.
 */
export async function configure(cluster: Cluster, claim: Claim, spec: Spec): Promise<void> {
	const before = await cluster.record.guard(claim);
	const { shards = 1, replicas = 1 } = before;
	if (spec.shards < shards || spec.replicas < replicas)
		throw new ControlError(
			`'${cluster.name}' can't be made smaller before its surplus replicas have been removed. Run pulumi up again: it removes the surplus replicas first.`,
		);
	const [sets, pods, claims] = await Promise.all([cluster.sets(), cluster.pods(), volumeClaims(cluster)]);
	const seen = { stored: before, sets, pods, claims };
	const [obstacle] = sizeObstacles(cluster, seen, spec, false);
	if (obstacle !== undefined) throw new ControlError(obstacle.reason);
	const shape = shapeOf(spec);
	const { version } = await imageOf(cluster, seen, shape, 0, spec.version);
	const noted = await noteRemade(cluster, seen, shape, spec.version);
	await cluster.record.under(claim, (now) => {
		const settled = noted(settle(now, pods, shape.settings.image));
		return noteUnopened(
			cluster,
			{ ...settled, settings: shape.settings, ...(spec.update && { update: spec.update }) },
			spec,
			version,
			pods,
		);
	});
	await growVolumes(cluster, claims, shape);
	// What was cut short in the middle of a start or a stop of the shards, one after the other.
	if (!rests(sets)) await start(cluster, claim);
	await applyJoining(cluster, claim, seen, shape, spec.version);
}

/**
 * Records that replicas are about to be started with the version of their shard's data: of a shard whose StatefulSet was
 * deleted in the middle of an update, some may still have been at an older one.
 */
async function noteRemade(cluster: Cluster, seen: Seen, shape: Shape, version: DbVersion) {
	const { stored, sets, pods } = seen;
	const { image } = cluster.settings(stored);
	const remade = deletedSets(cluster, stored, sets).map(async (name) => {
		const members = membersOf(cluster, stored, name).map((replica) => ({ replica, pod: podOf(pods, replica) }));
		const { shard = 0 } = parseReplica(cluster, `${name}-0`) ?? {};
		return { members, version: (await imageOf(cluster, seen, shape, shard, version)).version };
	});
	const all = await Promise.all(remade);
	return (now: Stored) => all.reduce((noted, { members, version }) => noteOpening(noted, version, members, image), now);
}

/** Gives new replicas the tables, then the rows, then clients. Returns those that are still out. */
export async function join(cluster: Cluster, claim: Claim, spec: Spec): Promise<readonly string[]> {
	const stored = await cluster.record.guard(claim);
	const shape = shapeOf(spec);
	const members = names(cluster, stored);
	const fresh = names(cluster, spec).filter((name) => !members.includes(name));
	if (fresh.length === 0) return [];
	const pods = await cluster.pods();
	await letIn(cluster, stored, members, pods);
	if (fresh.map((name) => podOf(pods, name)).some((pod) => pod !== undefined && isSurplus(pod))) {
		await applyJoining(cluster, claim, { stored, sets: await cluster.sets(), pods }, shape, spec.version);
		return fresh;
	}
	const fit = await Promise.all(fresh.map((name) => holdsAll(cluster, stored, name, members, pods, spec.localTables)));
	const out = fresh.filter((_, index) => !fit[index]);
	if (out.length > 0) return out;
	const sets = await cluster.sets();
	for (const shard of indexes(shape.shards)) {
		if (!joins(stored, shape, shard)) continue;
		const image = await imageOf(cluster, { stored, sets, pods }, shape, shard, spec.version);
		await applySet(cluster, shape, shard, image);
	}
	for (const name of fresh) {
		const pod = podOf(pods, name);
		if (pod !== undefined) await relabel(cluster, pod, clientServiceName(cluster.name));
	}
	const claims = await volumeClaims(cluster);
	await growVolumes(cluster, claims, shape);
	await markLeft(cluster, claimsOf(claims, fresh), false);
	// Last: after a crash before this, the next call repeats all of it.
	await cluster.record.under(claim, (now) => ({ ...now, shards: spec.shards, replicas: spec.replicas }));
	return [];
}

async function holdsAll(
	cluster: Cluster,
	stored: Stored,
	replica: string,
	members: readonly string[],
	pods: readonly Pod[],
	local: LocalTables | undefined,
): Promise<boolean> {
	const pod = podOf(pods, replica);
	if (pod === undefined || !isReady(pod)) return false;
	const settings = cluster.settings(stored);
	const shard = parseReplica(cluster, replica)?.shard ?? 0;
	const ready = pods.filter((its) => members.includes(its.metadata.name) && isReady(its));
	// From its own shard if that has others: only those hold its rows.
	const donor = ready.find(({ metadata }) => metadata.name.startsWith(`${shardName(cluster, shard)}-`)) ?? ready[0];
	if (donor === undefined)
		throw new ControlError(`no replica of '${cluster.name}' serves, so its tables can't be read`);
	const server = await cluster.server(pod, settings);
	const from = await cluster.server(donor, settings);
	const whole = await copyTables(from, server);
	if (!whole || !(await health(server)).caughtUp) return false;
	// Shards hold different rows.
	if (cluster.place(donor.metadata.name).shard !== shard) return true;
	const [own, theirs] = await Promise.all([inventoryOf(server), inventoryOf(from)]);
	const lacking = lackedBy(own, theirs, local);
	for (const table of lacking) {
		const its = own.tables.find((one) => tableName(one) === tableName(table));
		if (its !== undefined)
			throw new ControlError(
				`${replica} can't join: its table ${tableName(table)} is ${kindOf(its)}, but on ${donor.metadata.name} the table is ${kindOf(table)}, so ${replica} would never get its rows. Drop the table on ${replica} and create it there with one path for all replicas, or add the table to update.localTables, then run pulumi up again`,
			);
	}
	return lacking.length === 0;
}

const kindOf = ({ engine, path }: HeldTable) =>
	path === undefined ? engine : `${engine} under the replication path ${path}`;
