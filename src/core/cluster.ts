import { type Holdings, lackedBy, tableName } from "./holdings";
import type { State } from "./state";
import { compareVersions, type DbVersion, highest, lowest, sameVersion } from "./version";

/** What was observed of one replica. `undefined` is "not known", never "no". */
export interface ObservedReplica {
	/** As the platform names it, unique in the cluster: `analytics-0-1` is ordinal 1 of shard 0. */
	readonly name: string;
	readonly shard: number;
	readonly ordinal: number;
	/** The version that it runs or, while stopped, would start. */
	readonly version: DbVersion | undefined;
	/** The digest of the image that it runs, if its pod asks for one: `sha256:` and 64 hexadecimal digits. */
	readonly digest?: string;
	/** The highest version that ever opened its data; no older one can open it. */
	readonly openedBy: DbVersion | undefined;
	/** Answers queries and is among the cluster's endpoints. */
	readonly serving: boolean;
	readonly readOnly: boolean | undefined;
	/** Holds every write that the others of its shard acknowledged. */
	readonly caughtUp: boolean | undefined;
	readonly holds?: Holdings;
	/** Restart pending: it runs with settings from before their last change. */
	readonly outdated?: boolean;
	/** What is wrong with it in one clause, such as its last words: `exits at start: "Code: 1000 ..."`. */
	readonly trouble?: string;
	readonly cause?: Cause;
}

/** What keeps a replica from serving. Each has its own advice. */
export type Cause =
	/** Its image does not exist or can't be pulled. */
	| "image"
	| "exits"
	| "memory"
	/** A Secret, ConfigMap or ServiceAccount of its pod is missing or misnamed. */
	| "configuration"
	/** A quota or limit leaves no room for it. */
	| "quota"
	| "admission"
	| "scheduling"
	| "volume"
	| "node"
	| "network"
	/** An injected container in its pod, such as a service mesh's. */
	| "container"
	| "keeper"
	/** It can't fetch what the other replicas of its shard have. */
	| "replication"
	/** Its shard was scaled down outside Pulumi. */
	| "scaled"
	| "version"
	| "emptied"
	| "data"
	/** Another process has the cluster's port. */
	| "port"
	| "refused";

/** Why waiting does not help. */
export interface Failure {
	readonly cause: Cause;
	/** In one clause, with the server's last words. */
	readonly words: string;
}

/** The mark of an update on the cluster: it is in progress, or it was interrupted. */
export interface UpdateMark {
	/** The lowest version that ran when it began. */
	readonly from: DbVersion;
	readonly to: DbVersion;
	readonly since: string;
	/** The cluster is being created and has not served yet. */
	readonly creates?: true;
}

/** Another cluster with copies of the same tables, whose update is in progress or was interrupted. */
export interface Rival {
	readonly cluster: string;
	readonly mark: UpdateMark;
	/** A process is updating it right now. */
	readonly active: boolean;
	/** The path in Keeper under which both have copies, and the other cluster's replica there. */
	readonly path: string;
	readonly replica: string;
}

/** What was observed of a whole cluster. Plain data, so that it can be recorded as JSON and checked later. */
export interface ObservedCluster {
	readonly name: string;
	/**
	 * A cluster with an interrupted update is Updating or Degraded, one that is still being created Starting or Degraded.
	 * One that was Stopped or Idle then is still shown so.
	 */
	readonly state: State;
	/** Every replica of every shard, by shard, then by ordinal. At least one. */
	readonly replicas: readonly ObservedReplica[];
	/** The replicas that serve were asked what they hold; one without `holds` could not say. */
	readonly asked?: true;
	/** Present while an update of ours is in progress or was interrupted. */
	readonly mark?: UpdateMark;
	readonly rivals?: readonly Rival[];
}

/**
 * The version that a replica is updated from. One that does not serve may have been told to start a version that never
 * opened its data (a tag that does not exist): then its data is still at the old one.
 */
export function standsAt({ serving, version, openedBy }: ObservedReplica): DbVersion | undefined {
	if (serving) return version ?? openedBy;
	return lowest([version, openedBy].filter((v) => v !== undefined));
}

/**
 * Every replica runs this version, or will when it starts. Its data may still be of an older one; see {@link
 * standsEverywhere}. A replica that does not serve may run nothing, as one whose pod never started: then what opened its
 * data is what counts.
 */
export function runsEverywhere({ replicas }: ObservedCluster, target: DbVersion): boolean {
	return replicas.length > 0 && replicas.every((replica) => sameVersion(runsOrRan(replica), target));
}

const runsOrRan = ({ version, serving, openedBy }: ObservedReplica) => version ?? (serving ? undefined : openedBy);

/**
 * Every replica's data is at this version: going to it upgrades nothing. A replica may have been told to start another
 * version and not have done so; see {@link runsEverywhere}.
 */
export function standsEverywhere({ replicas }: ObservedCluster, target: DbVersion): boolean {
	return replicas.length > 0 && replicas.every((replica) => sameVersion(standsAt(replica), target));
}

/**
 * No replica ever started the target of the unfinished update, so nothing was upgraded. If it is not known what opened
 * a replica's data, it counts as started; but in a cluster that is still being created it is known, and `undefined` is
 * no version yet.
 */
export function neverStarted(cluster: ObservedCluster, mark: UpdateMark): boolean {
	const below = (version: DbVersion | undefined) =>
		version === undefined ? mark.creates === true : compareVersions(version, mark.to) < 0;
	return cluster.replicas.every((replica) => below(replica.openedBy) && (!replica.serving || below(replica.version)));
}

/**
 * The version below which no replica may go: the highest that runs or ever opened a replica's data. What an unfinished
 * update asked a replica to start does not count while it certainly opened nothing.
 */
export function floor({ mark, replicas }: ObservedCluster): DbVersion | undefined {
	const counting = replicas.flatMap(({ serving, version, openedBy }) => {
		const onlyAskedFor = mark !== undefined && !serving && (openedBy !== undefined || mark.creates === true);
		return onlyAskedFor ? [openedBy] : [version, openedBy];
	});
	return highest(counting.filter((version) => version !== undefined));
}

/** The replicas of each shard, in the order observed. */
export function byShard(cluster: ObservedCluster): Map<number, ObservedReplica[]> {
	const shards = new Map<number, ObservedReplica[]>();
	for (const replica of cluster.replicas) {
		const shard = shards.get(replica.shard);
		if (shard === undefined) shards.set(replica.shard, [replica]);
		else shard.push(replica);
	}
	return shards;
}

/** The other replicas of a replica's shard, by name. None of one that is not in the cluster. */
export function othersOf({ replicas }: Pick<ObservedCluster, "replicas">, replica: string): string[] {
	const shard = replicas.find(({ name }) => name === replica)?.shard;
	return replicas.flatMap((other) => (other.shard === shard && other.name !== replica ? [other.name] : []));
}

/**
 * Keeps only the holdings that rules and caveats look at: tables that replicate and that all replicas of a shard have
 * alike are left out.
 */
export function abridged(cluster: ObservedCluster): ObservedCluster {
	const shards = byShard(cluster);
	const replicas = cluster.replicas.map((replica) => {
		if (replica.holds === undefined) return replica;
		const others = (shards.get(replica.shard) ?? []).flatMap(({ holds }) => holds ?? []);
		const everywhere = new Set(replica.holds.tables.filter(({ rows }) => rows === undefined).map(tableName));
		for (const other of others) for (const table of lackedBy(other, replica.holds)) everywhere.delete(tableName(table));
		const tables = replica.holds.tables.filter((table) => !everywhere.has(tableName(table)));
		return { ...replica, holds: { ...replica.holds, tables } };
	});
	return { ...cluster, replicas };
}

export interface Joining extends Pick<ObservedReplica, "name" | "shard" | "ordinal"> {
	/** Tables whose rows it will not have although its shard does: they differ between replicas on purpose. */
	readonly lacks?: readonly string[];
}

/** What a change of settings or size does to a running cluster. */
export interface Reshaping {
	/** The replicas that have to be restarted for it; until then they are `outdated`. */
	readonly restarts: readonly string[];
	/** Replicas that are to be created, or were created and are not in the Service yet. */
	readonly joins: readonly Joining[];
	/** Names of the replicas that are to be removed, in order. */
	readonly leaves: readonly string[];
	/** Replicas of the cluster that were scaled away outside Pulumi and return with their data. */
	readonly rejoins: readonly string[];
}

/** A cluster at its new size, before the first replica restarts for the settings or the version. */
export function reshaped(before: ObservedCluster, reshaping: Reshaping): ObservedCluster {
	const { restarts, joins, leaves } = reshaping;
	const cluster = restored(before, reshaping);
	const shards = byShard(cluster);
	const stay = cluster.replicas.flatMap(({ outdated: _, ...replica }): ObservedReplica[] => {
		if (leaves.includes(replica.name)) return [];
		return [restarts.includes(replica.name) ? { ...replica, outdated: true } : replica];
	});
	const joined = joins.map(({ lacks: _, ...replica }): ObservedReplica => {
		const own = shards.get(replica.shard);
		const peers = own ?? shards.get(0) ?? [];
		// It starts with the version that its shard was last told or, in a new shard, that of the first.
		const version = highest(peers.flatMap(({ version }) => version ?? []));
		return { ...replica, version, openedBy: version, ...fit, ...holdsLike(peers, own === undefined) };
	});
	const replicas = [...stay, ...joined].sort((a, b) => a.shard - b.shard || a.ordinal - b.ordinal);
	return { ...cluster, replicas };
}

/**
 * A cluster once the replicas that were scaled away are back, which comes first. Those of a shard that does not serve
 * stay as they are: nobody can say what they hold.
 */
export function restored(cluster: ObservedCluster, { rejoins }: Pick<Reshaping, "rejoins">): ObservedCluster {
	const serving = new Set(cluster.replicas.flatMap((replica) => (replica.serving ? [replica.shard] : [])));
	const known = cluster.replicas.filter(({ name, shard }) => rejoins.includes(name) && serving.has(shard));
	return returned(cluster, { rejoins: known.map(({ name }) => name) });
}

/** A cluster once all replicas that were scaled away are back. */
export function returned(cluster: ObservedCluster, { rejoins }: Pick<Reshaping, "rejoins">): ObservedCluster {
	if (rejoins.length === 0) return cluster;
	const replicas = cluster.replicas.map(({ trouble, ...replica }): ObservedReplica => {
		const isBack = rejoins.includes(replica.name) && !replica.serving;
		if (!isBack) return { ...replica, ...(trouble !== undefined && { trouble }) };
		return { ...replica, ...fit, ...holdsLike(cluster.replicas.filter(({ shard }) => shard === replica.shard)) };
	});
	const isWhole = cluster.state === "Degraded" && replicas.every(({ serving }) => serving);
	return { ...cluster, replicas, ...(isWhole && { state: "Started" }) };
}

/** A cluster that is only to be stopped needs none of the replicas back that were scaled away. */
export function stopping<R extends Reshaping>(reshaping: R): R {
	const { restarts, joins, leaves } = reshaping;
	return restarts.length + joins.length + leaves.length > 0 ? reshaping : { ...reshaping, rejoins: [] };
}

const fit = { serving: true, readOnly: false, caughtUp: true };

/**
 * What a replica that joins others will hold: their tables, without the rows that do not replicate. The paths of a new
 * shard's tables are not known yet; with the other shards' paths it would look like the same shard.
 */
function holdsLike(peers: readonly ObservedReplica[], isNewShard = false): Pick<ObservedReplica, "holds"> {
	const holds = peers.find((peer) => peer.holds !== undefined)?.holds;
	if (holds === undefined) return {};
	const tables = holds.tables.filter(({ path }) => path === undefined || !isNewShard);
	return { holds: { tables: tables.map(({ rows: _, ...table }) => table) } };
}
