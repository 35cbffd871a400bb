import { ControlError } from "../../control/errors";
import type { Assessment, ClusterSpec, Obstacle } from "../../control/port";
import { withHeld } from "../../control/record";
import { compareVersions, type DbVersion, highest } from "../../core/version";
import { noEngine } from "./installed";
import { allFolders, type EngineChoice, type LocalCluster, type RecordFile, replicaFolders } from "./record";
import type { LocalSettings } from "./settings";
import type { Store } from "./store";
import { positionOf, replicaName } from "./view";

export function undrained(cluster: LocalCluster): LocalCluster {
	const wanted = Object.entries(cluster.wanted).map(([folder, { version, run }]) => [folder, { version, run }]);
	return { ...cluster, wanted: Object.fromEntries(wanted) };
}

/** With the replicas that are to join; those start with what the others were last told to run. */
export function withJoining(cluster: LocalCluster, spec: ClusterSpec<LocalSettings>): LocalCluster {
	mustHaveOneShard(spec);
	const known = allFolders(cluster);
	if (spec.replicas < known.length)
		throw new ControlError(
			`${cluster.name} still has ${known.length} replicas, more than the declared ${spec.replicas}. Run pulumi up again: it removes the surplus replicas first.`,
		);
	const version = highest(Object.values(cluster.wanted).map((replica) => replica.version));
	const joining = replicaFolders(spec.replicas).slice(known.length);
	const wanted = Object.fromEntries(joining.map((folder) => [folder, { version: version ?? spec.version, run: 1 }]));
	return { ...cluster, wanted: { ...cluster.wanted, ...wanted } };
}

/** The engines of the program as it is now go before those that the record has from earlier. */
export function withEngines(cluster: LocalCluster, { engines, addon }: EngineChoice): LocalCluster {
	return { ...cluster, engines: { ...cluster.engines, ...engines }, addon };
}

export function freshCluster(spec: ClusterSpec<LocalSettings>, port: number, choice: EngineChoice): LocalCluster {
	const { name, owner, generation, shards, replicas, version, settings, update } = spec;
	return {
		...{ name, owner, generation, shards, replicas, port, ...(update && { update }), ...choice },
		mark: { from: version, to: version, since: new Date().toISOString(), creates: true },
		desired: "Started",
		idleAfterSeconds: settings.idleAfterSeconds,
		wanted: Object.fromEntries(replicaFolders(replicas).map((folder) => [folder, { version, run: 1 }])),
	};
}

/** Throws unless a create may go on with what is in the folder: nothing, or what is this owner's. */
export function mustBeOurs({ cluster, retained }: RecordFile, spec: ClusterSpec, home: string): void {
	const there = cluster ?? retained;
	if (there !== undefined && there.owner !== spec.owner && !(spec.adopt && cluster === undefined))
		throw new ControlError(
			cluster !== undefined
				? `the cluster ${there.name} in ${home} belongs to ${there.owner || "nobody"}, not to ${spec.owner}. Set adopt: true to take it over, or choose another name or local.directory.`
				: `${home} holds the data of a cluster ${there.name}: ${there.owner} destroyed the cluster and kept its data. Set adopt: true to use the data, or choose another name or local.directory.`,
		);
	mustHaveOneShard(spec);
	if (there !== undefined && there.replicas !== spec.replicas)
		throw new ControlError(
			`the cluster ${there.name} already has ${counted(there.replicas)}. Set replicas to ${there.replicas}, and change it once the cluster runs.`,
		);
}

type Size = Pick<ClusterSpec, "name" | "shards" | "replicas">;

/** Without its last replica. Throws for any other, and if no other one `isWhole`, by its folder. */
export function withoutReplica(
	cluster: LocalCluster,
	folder: string,
	isWhole: (folder: string) => boolean,
): LocalCluster {
	const replica = replicaName(cluster, folder);
	if (!replicaFolders(cluster.replicas).some((other) => other !== folder && isWhole(other)))
		throw new ControlError(
			`${replica} can't be removed from ${cluster.name}: no other replica holds all of its data. Run pulumi up again once another replica does.`,
		);
	if (folder !== allFolders(cluster).at(-1))
		throw new ControlError(
			`${replica} can't be removed from ${cluster.name}: only the replica with the highest ordinal can be removed.`,
		);
	const { [folder]: _, ...wanted } = cluster.wanted;
	const replicas = Math.min(cluster.replicas, Object.keys(wanted).length);
	return { ...cluster, replicas, wanted, held: withHeld(cluster.held, replica, undefined) };
}

const oneShard = (shards: number) =>
	`shards is ${shards}, and a local cluster has one shard. Set shards to 1, or use kubernetes.`;

function mustHaveOneShard({ shards }: Size): void {
	if (shards !== 1) throw new ControlError(oneShard(shards));
}

/** What another size would do to a cluster, which `runs` or not. */
export function assessment(cluster: LocalCluster, wanted: Size, runs: boolean): Assessment {
	const joins = replicaFolders(wanted.replicas).slice(cluster.replicas);
	const leaves = allFolders(cluster).slice(wanted.replicas).reverse();
	return {
		obstacles: sizeObstacles(cluster, wanted, runs),
		restarts: [],
		joins: joins.map((folder) => ({ name: replicaName(cluster, folder), ...positionOf(folder) })),
		leaves: leaves.map((folder) => replicaName(cluster, folder)),
		rejoins: [],
	};
}

/** A replica that joins copies the data of another one, which must run for that. */
export function sizeObstacles({ replicas }: LocalCluster, { name, ...wanted }: Size, runs: boolean): Obstacle[] {
	const reason = `${name} has ${counted(replicas)} and is stopped, and replicas can only be added or removed while it runs. Set replicas to ${replicas}, set desiredState to "Started" and run pulumi up --refresh; then change replicas.`;
	return [
		...(wanted.shards === 1 ? [] : [{ property: "shards", reason: oneShard(wanted.shards) }]),
		...(replicas === wanted.replicas || runs ? [] : [{ property: "replicas", reason }]),
	];
}

const counted = (replicas: number) => `${replicas} replica${replicas === 1 ? "" : "s"}`;

/** Throws unless an engine of that version is known, and no data was opened by a newer one. */
export function mustRun(
	cluster: Pick<LocalCluster, "name" | "replicas" | "engines">,
	folders: readonly string[],
	version: DbVersion,
	store: Store,
): void {
	const opened = store.openedBy(cluster.replicas);
	for (const folder of folders) {
		const by = opened[folder];
		if (by === undefined || compareVersions(by, version) <= 0) continue;
		throw new ControlError(
			`the data of ${replicaName(cluster, folder)} was opened by ${by}, and a DB version never goes back to ${version}. Use ${by} or later.`,
		);
	}
	if (cluster.engines[version] !== undefined) return;
	const known = Object.keys(cluster.engines).join(", ");
	if (known === "") throw new ControlError(noEngine);
	throw new ControlError(
		`no engine of version ${version} is known (known versions: ${known}). Set version to one of these, or add the package or folder of ${version} to local.engines.`,
	);
}
