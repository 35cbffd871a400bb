import type { DbVersion } from "../../core/version";

/**
 * What the router, the supervisor and the replica processes of one local cluster agree on.
 *
 * A cluster's folder (`home`):
 * ```
 * <shard>-<ordinal>/   one replica, such as 0-1
 *   data/              the engine's own files, and with them
 *     opened           the highest DB version that ever opened them
 *     numbers          how far they are in the cluster's writes (notes.ts)
 *   insert.data        the rows of the INSERT that is running
 *   engine.xml         the engine's configuration, written at each start
 *   data.new/          a copy of another replica's data that is being made
 * ```
 */
export const dataFolder = "data";
export const openedFile = `${dataFolder}/opened`;

/** Another replica whose data is to be copied. */
export interface CopySource {
	readonly replica: string;
	readonly socket: string;
}

/** The one argument of a replica's process, as JSON: `node replica.js <json>`. */
export interface ReplicaOptions {
	/** The cluster's folder, absolute. */
	readonly home: string;
	/** The replica's folder inside it: `0-1`. */
	readonly replica: string;
	/** What `SELECT version()` must answer; else the process ends before it touches data. */
	readonly version: DbVersion;
	/** The absolute folder that holds libchdb.so; LD_LIBRARY_PATH must name it when the process is spawned. */
	readonly library: string;
	/** The absolute path of chdb_node.node. */
	readonly addon: string;
	/** The path of the Unix socket to listen on; at most 107 bytes. */
	readonly socket: string;
	/** Whose data takes the place of its own before that is opened. */
	readonly source?: CopySource;
}

/** The answer to `GET /status`, from the moment that the process listens. */
export interface ReplicaStatus {
	readonly pid: number;
	readonly version: DbVersion;
	/** What it is doing: `loading the engine`, `copying the data of 0-1`, `opening the data`, `serving`, `stopping`. */
	readonly phase: string;
	/** It answers `POST /query` and `POST /write`. */
	readonly serving: boolean;
	/** Queries that it is running for clients. */
	readonly queries: number;
}
