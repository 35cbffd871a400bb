import type { HeldTable, Holdings } from "../../../core/holdings";
import { QueryError, type Server } from "./server";

/** What a server brings along itself. */
export const ownDatabases = `('system', 'information_schema', 'INFORMATION_SCHEMA', '_temporary_and_external_tables')`;

/** Databases whose tables are elsewhere: to list them would ask that place, which may not answer. */
const elsewhere =
	"('MySQL', 'PostgreSQL', 'SQLite', 'S3', 'HDFS', 'Filesystem', 'DataLakeCatalog', 'Iceberg', 'Remote', 'Backup')";

/** Of a part's folder, the disk that it lies on. */
const disk = `replaceRegexpOne(path, '(data/[^/]+/[^/]+|store/[^/]+/[^/]+)/[^/]+/?$', '')`;

/** Of a database's folder, what is below that of the disk. */
const ofDatabase = /\/(data\/[^/]+|store)\/?$/;

/**
 * All that a server says of what it holds and of its place among others, in one question that servers from 18.16 on
 * understand. Of `system.replicas` it reads what a server knows without asking Keeper.
 */
export const inventory = `SELECT kind, a, b, c, d, n FROM (
SELECT 'table' AS kind, database AS a, name AS b, engine AS c, '' AS d, toUInt64(position(engine_full, ' TTL ') > 0) AS n FROM system.tables WHERE database IN (SELECT name FROM system.databases WHERE name NOT IN ${ownDatabases} AND engine NOT IN ${elsewhere})
UNION ALL SELECT 'table' AS kind, name AS a, '*' AS b, engine AS c, '' AS d, toUInt64(0) AS n FROM system.databases WHERE engine IN ${elsewhere}
UNION ALL SELECT 'path' AS kind, database AS a, table AS b, zookeeper_path AS c, replica_name AS d, toUInt64(0) AS n FROM system.replicas
UNION ALL SELECT 'rows' AS kind, database AS a, table AS b, '' AS c, '' AS d, sum(rows) AS n FROM system.parts WHERE active GROUP BY database, table
UNION ALL SELECT DISTINCT 'data' AS kind, ${disk} AS a, '' AS b, '' AS c, '' AS d, toUInt64(0) AS n FROM system.parts WHERE active
UNION ALL SELECT 'data' AS kind, data_path AS a, '' AS b, '' AS c, '' AS d, toUInt64(0) AS n FROM system.databases WHERE name = 'system'
UNION ALL SELECT 'macro' AS kind, macro AS a, substitution AS b, '' AS c, '' AS d, toUInt64(0) AS n FROM system.macros
UNION ALL SELECT 'member' AS kind, cluster AS a, toString(shard_num) AS b, toString(replica_num) AS c, host_name AS d, toUInt64(is_local) AS n FROM system.clusters)`;

const withoutMembers = inventory.replace(/\nUNION ALL SELECT 'member' .*(?=\)$)/, "");

/** What a server is among others, as it says itself. */
export interface Topology {
	readonly macros: Readonly<Record<string, string>>;
	/** Of each cluster that it knows, by name: its hosts. None where they can't be told just now. */
	readonly clusters: Readonly<Record<string, readonly Member[]>>;
	/** Under which name it holds each replicated table, by the table's path. */
	readonly replicaNames: Readonly<Record<string, string>>;
}

export interface Member {
	readonly host: string;
	readonly shard: number;
	readonly replica: number;
	readonly isLocal: boolean;
}

export interface Inventory extends Pick<Holdings, "tables"> {
	readonly topology: Topology;
	/** Folders in which the server keeps data. */
	readonly paths: readonly string[];
}

/** Engines whose tables hold rows of one server alone. */
export const storing = /(MergeTree|Log)$|^(Set|Join|File|Memory|EmbeddedRocksDB)$/;
/** Merges leave every row as it is. */
const keepsRows = "MergeTree";

/**
 * Old servers look up every host of `system.clusters` and answer nothing where one has no address, which is so while its pod
 * is gone. What they hold is the same: then they are asked without, and tell of no cluster.
 */
export async function inventoryOf(server: Pick<Server, "rows">): Promise<Inventory> {
	const rows = await server.rows(inventory).catch((error: unknown) => {
		if (error instanceof QueryError && /\bDNS\b/.test(error.message)) return server.rows(withoutMembers);
		throw error;
	});
	return readInventory(rows);
}

/** Reads the answer to {@link inventory}. */
export function readInventory(answer: readonly Readonly<Record<string, unknown>>[]): Inventory {
	const rows = answer.map(({ kind, a, b, c, d, n }) => ({
		kind: String(kind),
		a: String(a),
		b: String(b),
		c: String(c),
		d: String(d),
		n: Number(n),
	}));
	const of = (kind: string) => rows.filter((row) => row.kind === kind);
	const key = ({ a, b }: { readonly a: string; readonly b: string }) => `${a}\0${b}`;
	const paths = new Map(of("path").map((row) => [key(row), row.c]));
	const counts = new Map(of("rows").map((row) => [key(row), row.n]));
	const tables = of("table").map((row): HeldTable => {
		const { a: database, b: name, c: engine } = row;
		const path = paths.get(key(row));
		if (path !== undefined) return { database, name, engine, path };
		if (!storing.test(engine)) return { database, name, engine };
		const count = /MergeTree$/.test(engine) ? (counts.get(key(row)) ?? 0) : null;
		const shrinks = engine !== keepsRows || row.n > 0;
		return { database, name, engine, rows: count !== null && count > 0 && shrinks ? null : count };
	});
	const clusters: Record<string, Member[]> = {};
	for (const { a, b, c, d, n } of of("member")) {
		clusters[a] ??= [];
		clusters[a].push({ host: d, shard: Number(b), replica: Number(c), isLocal: n === 1 });
	}
	return {
		tables,
		paths: [...new Set(of("data").map(({ a }) => a.replace(ofDatabase, "/")))],
		topology: {
			macros: Object.fromEntries(of("macro").map(({ a, b }) => [a, b])),
			clusters,
			replicaNames: Object.fromEntries(of("path").map(({ c, d }) => [c, d])),
		},
	};
}
