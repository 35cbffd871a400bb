import { type Holdings, lackedBy, tableName } from "./holdings";
import type { State } from "./state";
import { compareVersions, type DbVersion, highest, lowest, sameVersion } from "./version";

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
	/** Its tables, where it was asked for them. */
	readonly holds?: Holdings;
	/** It runs with settings from before their last change: a restart gives it the new ones. */
	readonly outdated?: boolean;
	/** What a person should know of it in one clause, such as its last words: `exits at start: "Code: 1000 ..."`. */
	readonly trouble?: string;
	/** What kind of trouble that is, where it is known. */
	readonly cause?: Cause;
}

/** What keeps a replica from serving: each kind has a way out of its own. */
export type Cause =
	/** Its image is not there, or can't be pulled. */
	| "image"
	/** Its server ends by itself. */
	| "exits"
	| "memory"
	/** What its pod needs is named wrongly, or is not there: a Secret, a ConfigMap, a ServiceAccount. */
	| "configuration"
	/** A quota or a limit of the place has no room for it. */
	| "quota"
	/** A policy of the place forbids it. */
	| "admission"
	/** No node takes it. */
	| "scheduling"
	| "volume"
	/** Its node does not answer. */
	| "node"
	| "network"
	/** A container that others put into its pod. */
	| "container"
	| "keeper"
	/** It can't fetch what the others of its shard have. */
	| "replication"
	/** Others told its shard to have fewer replicas. */
	| "scaled"
	/** A later version opened its data. */
	| "version"
	/** It lacks the tables of the others. */
	| "emptied"
	/** Its data may differ from the others'. */
	| "data"
	/** Somebody else has the port of the cluster. */
	| "port"
	/** The platform won't do what it is asked for. */
	| "refused";

/** Why something can't be had by waiting. */
export interface Failure {
	readonly cause: Cause;
	/** In one clause, with its own last words. */
	readonly words: string;
}

/** The mark that an update leaves on the cluster while it is under way, and when it died midway. */
export interface UpdateMark {
	/** The lowest version that ran when it began. */
	readonly from: DbVersion;
	readonly to: DbVersion;
	/** When it began, ISO 8601 in UTC. */
	readonly since: string;
	/** The cluster is being made and has not served yet. */
	readonly creates?: true;
}

/** Another cluster that holds copies of tables of this one, and of which an update is under way or stopped midway. */
export interface Rival {
	readonly cluster: string;
	readonly mark: UpdateMark;
	/** Some process is at it just now. */
	readonly active: boolean;
	/** The path in Keeper that both have copies under, and its replica that has one. */
	readonly path: string;
	readonly replica: string;
}

/** What was seen of a whole cluster. Plain data: it can be recorded as JSON and judged later. */
export interface ObservedCluster {
	readonly name: string;
	/**
	 * A cluster whose update stopped midway is Updating or Degraded, one that is still being made Starting or Degraded; one
	 * that was Stopped or Idle then is so still.
	 */
	readonly state: State;
	/** Every replica of every shard, by shard, then by ordinal. At least one. */
	readonly replicas: readonly ObservedReplica[];
	/** Replicas that serve were asked what they hold; one without an answer could not tell. */
	readonly asked?: true;
	/** There when an update of ours is under way or stopped midway. */
	readonly mark?: UpdateMark;
	readonly rivals?: readonly Rival[];
}

/**
 * What a replica is updated from. One that does not serve may have been told to start a version that never opened its
 * data (a tag that does not exist): then it still stands where its data does.
 */
export function standsAt({ serving, version, openedBy }: ObservedReplica): DbVersion | undefined {
	if (serving) return version ?? openedBy;
	return lowest([version, openedBy].filter((v) => v !== undefined));
}

/**
 * Every replica runs a version, or will when it starts: nobody has to be told to start it. Its data may be of an older one
 * all the same; see {@link standsEverywhere}.
 */
export function runsEverywhere({ replicas }: ObservedCluster, target: DbVersion): boolean {
	return replicas.length > 0 && replicas.every(({ version }) => sameVersion(version, target));
}

/**
 * Every replica's data is at a version: with it nothing is upgraded any more. One may have been told to start another
 * version all the same, and not have done so; see {@link runsEverywhere}.
 */
export function standsEverywhere({ replicas }: ObservedCluster, target: DbVersion): boolean {
	return replicas.length > 0 && replicas.every((replica) => sameVersion(standsAt(replica), target));
}

/**
 * It is certain that no replica ever started the target of the unfinished update, so that nothing was upgraded. A
 * replica of which it is not known what opened its data counts as one that started it; but in a cluster that is still
 * being made it is known of each, and `undefined` is no version yet.
 */
export function neverStarted(cluster: ObservedCluster, mark: UpdateMark): boolean {
	const below = (version: DbVersion | undefined) =>
		version === undefined ? mark.creates === true : compareVersions(version, mark.to) < 0;
	return cluster.replicas.every((replica) => below(replica.openedBy) && (!replica.serving || below(replica.version)));
}

/**
 * The version below which no replica may be taken: the highest that runs or ever opened a replica's data. What an
 * unfinished update asked a replica to start does not count while it is certain that it opened nothing.
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

/**
 * With as much of what replicas hold as the rules and caveats look at: tables that every replica of a shard has alike, and
 * that replicate, are left out.
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
	/** Tables whose rows it will not have, though its shard has some: they differ between replicas on purpose. */
	readonly lacks?: readonly string[];
}

/** What other settings or another size do to a cluster that runs. */
export interface Reshaping {
	/** Names of the replicas that have to be restarted for it, and of no others; until then they are `outdated`. */
	readonly restarts: readonly string[];
	/** Replicas that are to be made, or were made and are not let in yet. */
	readonly joins: readonly Joining[];
	/** Names of the replicas that are to go, in the order in which they can. */
	readonly leaves: readonly string[];
	/** Names of the cluster's replicas that somebody scaled away, and that come back on what they had. */
	readonly rejoins: readonly string[];
}

/** A cluster as it will be with its new size, before the first replica restarts for the settings or the version. */
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
		// It starts with what its shard was last told to, or, of a new shard, the first.
		const version = highest(peers.flatMap(({ version }) => version ?? []));
		return { ...replica, version, openedBy: version, ...fit, ...holdsLike(peers, own === undefined) };
	});
	const replicas = [...stay, ...joined].sort((a, b) => a.shard - b.shard || a.ordinal - b.ordinal);
	return { ...cluster, replicas };
}

/** A cluster once the replicas that somebody scaled away are back, which is the first that is done. */
export function restored(cluster: ObservedCluster, { rejoins }: Pick<Reshaping, "rejoins">): ObservedCluster {
	if (rejoins.length === 0) return cluster;
	const shards = byShard(cluster);
	const replicas = cluster.replicas.map(({ trouble, ...replica }): ObservedReplica => {
		const isBack = rejoins.includes(replica.name) && !replica.serving;
		if (!isBack) return { ...replica, ...(trouble !== undefined && { trouble }) };
		return { ...replica, ...fit, ...holdsLike((shards.get(replica.shard) ?? []).filter(({ holds }) => holds)) };
	});
	const isWhole = cluster.state === "Degraded" && replicas.every(({ serving }) => serving);
	return { ...cluster, replicas, ...(isWhole && { state: "Started" }) };
}

const fit = { serving: true, readOnly: false, caughtUp: true };

/**
 * What a replica will hold that comes to others: their tables, without the rows that do not replicate. Under which paths
 * those of a new shard will replicate is not known: with the others' they would seem to be of one shard.
 */
function holdsLike(peers: readonly ObservedReplica[], isNewShard = false): Pick<ObservedReplica, "holds"> {
	const holds = peers.find((peer) => peer.holds !== undefined)?.holds;
	if (holds === undefined) return {};
	const tables = holds.tables.filter(({ path }) => path === undefined || !isNewShard);
	return { holds: { tables: tables.map(({ rows: _, ...table }) => table) } };
}
