import { ControlError } from "../../control/errors";
import type { ClusterSpec, Obstacle } from "../../control/port";
import { compareVersions, type DbVersion } from "../../core/version";
import type { LocalCluster, RecordFile } from "./record";
import type { Store } from "./store";
import { replicaName } from "./view";

/** Throws unless a create may go on with what is in the folder: nothing, or what is this owner's. */
export function mustBeOurs({ cluster, retained }: RecordFile, spec: ClusterSpec, home: string): void {
	const there = cluster ?? retained;
	if (there !== undefined && there.owner !== spec.owner)
		throw new ControlError(
			cluster !== undefined
				? `the cluster ${there.name} in ${home} belongs to ${there.owner || "nobody"}, not to ${spec.owner}. Set adopt: true to take it over, or choose another name or local.directory.`
				: `${home} holds the data of a cluster ${there.name}: ${there.owner} destroyed the cluster and kept its data. Move the folder away, or choose another name or local.directory.`,
		);
	mustHaveOneShard(spec);
	if (there !== undefined && there.replicas !== spec.replicas)
		throw new ControlError(
			`the cluster ${there.name} already has ${counted(there.replicas)}. Set replicas to ${there.replicas}, and change it once the cluster runs.`,
		);
}

type Size = Pick<ClusterSpec, "name" | "shards" | "replicas">;

export function mustHaveOneShard(spec: Size): void {
	const [obstacle] = shardObstacles(spec);
	if (obstacle !== undefined) throw new ControlError(obstacle.reason);
}

/** A replica that joins copies the data of another one, which must run for that. */
export function sizeObstacles({ replicas }: Pick<LocalCluster, "replicas">, spec: Size, runs: boolean): Obstacle[] {
	if (replicas === spec.replicas || runs) return shardObstacles(spec);
	const reason = `${spec.name} has ${counted(replicas)} and is stopped; replicas can only be added or removed while it runs. Start it first, or set replicas back to ${replicas}.`;
	return [...shardObstacles(spec), { property: "replicas", reason }];
}

function shardObstacles({ shards }: Size): Obstacle[] {
	const reason = `shards is ${shards}, and a local cluster has one shard. Set shards to 1, or use kubernetes.`;
	return shards === 1 ? [] : [{ property: "shards", reason }];
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
	const known = Object.keys(cluster.engines).join(", ") || "none";
	throw new ControlError(
		`no engine of version ${version} is known (known versions: ${known}). Add its package or folder to local.engines.`,
	);
}
