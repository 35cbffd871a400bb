import { ControlError } from "../../control/errors";
import type { ClusterSpec, Obstacle } from "../../control/port";
import { compareVersions, type DbVersion } from "../../core/version";
import type { LocalCluster, RecordFile } from "./record";
import type { Store } from "./store";
import { replicaName } from "./view";

/** Throws unless a create may go on with what is in the folder: nothing, or what is this owner's. */
export function mustBeOurs({ cluster, retained }: RecordFile, spec: ClusterSpec, home: string): void {
	const there = cluster ?? retained;
	if (there !== undefined && there.owner !== spec.owner) {
		throw new ControlError(
			cluster !== undefined
				? `the cluster ${there.name} in ${home} belongs to ${there.owner || "nobody"}, not to ${spec.owner}. Set adopt: true to take it over, or choose another name or local.directory.`
				: `${home} holds the data of a cluster ${there.name} that ${there.owner} destroyed and kept. Move the folder away, or choose another name or local.directory.`,
		);
	}
	mustHaveSize(there?.replicas ?? spec.replicas, spec);
}

type Size = Pick<ClusterSpec, "name" | "shards" | "replicas">;

/** Throws when a creation asks for another size than what is there has. */
function mustHaveSize(replicas: number, spec: Size): void {
	mustHaveOneShard(spec);
	if (replicas !== spec.replicas)
		throw new ControlError(
			`${spec.name} has ${counted(replicas)} there already. Set replicas to ${replicas}; it can be changed once the cluster runs.`,
		);
}

export function mustHaveOneShard(spec: Size): void {
	const [obstacle] = shardObstacles(spec);
	if (obstacle !== undefined) throw new ControlError(obstacle.reason);
}

/** A replica that joins copies the data of another one, which must run for that. */
export function sizeObstacles({ replicas }: Pick<LocalCluster, "replicas">, spec: Size, runs: boolean): Obstacle[] {
	const found = shardObstacles(spec);
	if (replicas !== spec.replicas && !runs)
		found.push({
			property: "replicas",
			reason: `${spec.name} has ${counted(replicas)} and is stopped, and replicas join and leave only a cluster that runs. Start it first, or set replicas back to ${replicas}.`,
		});
	return found;
}

function shardObstacles({ shards }: Size): Obstacle[] {
	if (shards === 1) return [];
	return [
		{
			property: "shards",
			reason: `shards is ${shards}, and a local cluster has one shard. Set shards to 1, or use kubernetes.`,
		},
	];
}

const counted = (replicas: number) => `${replicas} replica${replicas === 1 ? "" : "s"}`;

/** Throws unless an engine of that version is known, and no data were opened by a newer one. */
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
			`the data of ${replicaName(cluster, folder)} were opened by ${by}, and ${version} can't open them any more: a DB version never goes back. Use ${by} or later.`,
		);
	}
	if (cluster.engines[version] !== undefined) return;
	throw new ControlError(noEngine(version, Object.keys(cluster.engines)));
}

function noEngine(version: DbVersion, known: readonly string[]): string {
	return `no engine of version ${version} is known; there is ${known.join(", ") || "none"}. Name its package or folder in local.engines.`;
}
