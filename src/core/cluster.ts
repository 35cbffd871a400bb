import type { State } from "./state";
import type { DbVersion } from "./version";

/** What was seen of one replica. `undefined` is "not known", never "no". */
export interface ObservedReplica {
	/** As the platform names it, unique in the cluster: `analytics-0-1` is ordinal 1 of shard 0. */
	readonly name: string;
	readonly shard: number;
	readonly ordinal: number;
	/** The version it runs, or, while stopped, would start. */
	readonly version: DbVersion | undefined;
	/** The highest version that ever opened its data; the data can't be opened by an older one. */
	readonly openedBy: DbVersion | undefined;
	/** Answers queries and is among the cluster's endpoints. */
	readonly serving: boolean;
	readonly readOnly: boolean | undefined;
	/** Holds every write that the others of its shard acknowledged. */
	readonly caughtUp: boolean | undefined;
	/** What a person should know of it in one clause, such as its last words: `exits at start: "Code: 1000 ..."`. */
	readonly trouble?: string;
}

/** The mark that an update leaves on the cluster while it is under way, and when it died midway. */
export interface UpdateMark {
	/** The lowest version that ran when it began. */
	readonly from: DbVersion;
	readonly to: DbVersion;
	/** When it began, ISO 8601 in UTC. */
	readonly since: string;
}

/** What was seen of a whole cluster. Plain data: it can be recorded as JSON and judged later. */
export interface ObservedCluster {
	readonly name: string;
	readonly state: State;
	/** Every replica of every shard, by shard, then by ordinal. At least one. */
	readonly replicas: readonly ObservedReplica[];
	/** There when an update of ours is under way or stopped midway. */
	readonly mark?: UpdateMark;
}

/** The versions that a cluster runs or whose format its data already has: what must never be undercut. */
export function runningVersions(cluster: ObservedCluster): DbVersion[] {
	return cluster.replicas.flatMap((replica) => [replica.version, replica.openedBy]).filter((v) => v !== undefined);
}

/** The largest number of replicas that a shard has. */
export function replicasPerShard(cluster: ObservedCluster): number {
	const counts = new Map<number, number>();
	for (const { shard } of cluster.replicas) counts.set(shard, (counts.get(shard) ?? 0) + 1);
	return Math.max(...counts.values());
}
