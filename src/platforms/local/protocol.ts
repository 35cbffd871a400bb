import type { DbVersion } from "../../core/version";

/**
 * What the router, the supervisor and the replica processes of one local cluster agree on.
 *
 * A cluster's folder (`home`):
 * ```
 * log/                 the numbered log of writes; the router alone appends (write-log.ts), replicas read (log-reader.ts)
 * <shard>-<ordinal>/   one replica, such as 0-1
 *   data/              the engine's own files
 *   opened             the highest DB version that ever opened data/
 *   applied            the number of the last entry of the log that is in data/
 *   begun              the entry that was begun last, and what data/ looked like before it
 *   engine.xml         the engine's configuration, written at each start
 *   insert.data        the rows of the INSERT that is being applied
 * ```
 */
export const logFolder = "log";
export const dataFolder = "data";
export const openedFile = "opened";
export const appliedFile = "applied";

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
	/** It loads the engine, and does nothing more before it gets a message. */
	readonly standby?: boolean;
}

/** The answer to `GET /status`, from the moment that the process listens. */
export interface ReplicaStatus {
	readonly pid: number;
	readonly version: DbVersion;
	/** What it is doing: `loading the engine`, `opening the data`, `replaying 3 of 7`, `serving`, `stopping`. */
	readonly phase: string;
	/** It answers `POST /query` and `POST /apply`. */
	readonly serving: boolean;
	/** The number of the last entry of the log that its data holds; 0 before the first. */
	readonly applied: number;
	/** Queries that it is running for clients. */
	readonly queries: number;
	/** Why it holds itself out for good although it runs, in one clause: its data may differ from the others'. */
	readonly trouble?: string;
}

/** One acknowledged write. Numbers start at 1 and have no gaps. */
export interface LogEntry {
	readonly n: number;
	/** The request's URL parameters, such as `query=INSERT...&database=x`, without the `?`. */
	readonly params: string;
	readonly body: Buffer;
}
