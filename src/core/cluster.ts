import { type Holdings, lackedBy, tableName } from "./holdings";
import type { State } from "./state";
import { compareVersions, type DbVersion, highest, lowest } from "./version";

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
	/** A cluster whose update stopped midway is Updating or Degraded; one that was Stopped or Idle then is so still. */
	readonly state: State;
	/** Every replica of every shard, by shard, then by ordinal. At least one. */
	readonly replicas: readonly ObservedReplica[];
	/** Replicas that serve were asked what they hold; one without an answer could not tell. */
	readonly asked?: true;
	/** There when an update of ours is under way or stopped midway. */
	readonly mark?: UpdateMark;
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
 * It is certain that no replica ever started the target of the unfinished update, so that nothing was upgraded. A
 * replica of which it is not known what opened its data counts as one that started it.
 */
export function neverStarted(cluster: ObservedCluster, mark: UpdateMark): boolean {
	const below = (version: DbVersion | undefined) => version !== undefined && compareVersions(version, mark.to) < 0;
	return cluster.replicas.every((replica) => below(replica.openedBy) && (!replica.serving || below(replica.version)));
}

/**
 * The version below which no replica may be taken: the highest that runs or ever opened a replica's data. What an
 * unfinished update asked a replica to start does not count while it is certain that it opened nothing.
 */
export function floor({ mark, replicas }: ObservedCluster): DbVersion | undefined {
	const counting = replicas.flatMap(({ serving, version, openedBy }) => {
		const onlyAskedFor = mark !== undefined && !serving && openedBy !== undefined;
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
	/** Replicas that run have to be restarted for it; until then they are `outdated`. */
	readonly restarts: boolean;
	/** Replicas that are to be made, or were made and are not let in yet. */
	readonly joins: readonly Joining[];
	/** Names of the replicas that are to go, in the order in which they can. */
	readonly leaves: readonly string[];
}

/** What a replica holds once it has joined another that holds this. */
const withoutRows = ({ tables }: Holdings): Holdings => ({
	tables: tables.map((table) => (table.rows === undefined ? table : { ...table, rows: 0 })),
});

/** A cluster as it will be with its new size, before the first replica restarts for the settings or the version. */
export function reshaped(cluster: ObservedCluster, { restarts, joins, leaves }: Reshaping): ObservedCluster {
	const shards = byShard(cluster);
	const stay = cluster.replicas.filter(({ name }) => !leaves.includes(name));
	const joined = joins.map(({ lacks: _, ...replica }): ObservedReplica => {
		const peers = shards.get(replica.shard) ?? cluster.replicas;
		const { version, openedBy } = peers[0] as ObservedReplica;
		const holds = peers.find((peer) => peer.holds !== undefined)?.holds;
		return {
			...replica,
			version,
			openedBy,
			serving: true,
			readOnly: false,
			caughtUp: true,
			...(holds && { holds: withoutRows(holds) }),
		};
	});
	const replicas = [...stay.map((replica) => (restarts ? { ...replica, outdated: true } : replica)), ...joined].sort(
		(a, b) => a.shard - b.shard || a.ordinal - b.ordinal,
	);
	return { ...cluster, replicas };
}
