import { ownDatabases } from "../../../control/sql";
import { type HeldTable, type Holdings, isInner, isTransient } from "../../../core/holdings";
import { QueryError, type Server } from "./server";

/** Databases whose tables are elsewhere: listing them would query that place, which may not answer. */
const elsewhere =
	"('MySQL', 'PostgreSQL', 'SQLite', 'S3', 'HDFS', 'Filesystem', 'DataLakeCatalog', 'Iceberg', 'Remote', 'Backup')";

/** The names of the others, but for those that every server has. */
export const databasesHere = `SELECT name FROM system.databases WHERE name NOT IN ${ownDatabases} AND engine NOT IN ${elsewhere}`;

/** The disk of a part's folder. */
const disk = `replaceRegexpOne(path, '(data/[^/]+/[^/]+|store/[^/]+/[^/]+)/[^/]+/?$', '')`;

/** The part of a database's folder below its disk. */
const ofDatabase = /\/(data\/[^/]+|store)\/?$/;

/**
 * Everything that a server says about what it holds and its place in the cluster, in one query that servers from 18.16
 * on understand. From `system.replicas` it reads only columns that need no request to Keeper. That DELETE has masked rows
 * shows as a mutation of the column `_row_exists`: old servers have no `has_lightweight_delete`.
 */
export const inventory = `SELECT kind, a, b, c, d, n FROM (
SELECT 'table' AS kind, database AS a, name AS b, engine AS c, '' AS d, toUInt64(position(engine_full, ' TTL ') > 0 OR position(create_table_query, ' REFRESH ') > 0) AS n FROM system.tables WHERE database IN (${databasesHere})
UNION ALL SELECT 'table' AS kind, name AS a, '*' AS b, engine AS c, '' AS d, toUInt64(0) AS n FROM system.databases WHERE engine IN ${elsewhere}
UNION ALL SELECT 'path' AS kind, database AS a, table AS b, zookeeper_path AS c, replica_name AS d, toUInt64(0) AS n FROM system.replicas
UNION ALL SELECT 'rows' AS kind, database AS a, table AS b, '' AS c, toString(max(partition_id LIKE 'patch-%')) AS d, sum(rows) AS n FROM system.parts WHERE active GROUP BY database, table
UNION ALL SELECT DISTINCT 'falls' AS kind, database AS a, table AS b, '' AS c, '' AS d, toUInt64(0) AS n FROM system.mutations WHERE is_done = 0 OR command LIKE '%_row_exists%'
UNION ALL SELECT DISTINCT 'data' AS kind, ${disk} AS a, '' AS b, '' AS c, '' AS d, toUInt64(0) AS n FROM system.parts WHERE active
UNION ALL SELECT 'data' AS kind, data_path AS a, '' AS b, '' AS c, '' AS d, toUInt64(0) AS n FROM system.databases WHERE name = 'system'
UNION ALL SELECT 'macro' AS kind, macro AS a, substitution AS b, '' AS c, '' AS d, toUInt64(0) AS n FROM system.macros
UNION ALL SELECT 'member' AS kind, cluster AS a, toString(shard_num) AS b, toString(replica_num) AS c, host_name AS d, toUInt64(is_local) AS n FROM system.clusters)`;

const withoutMembers = inventory.replace(/\nUNION ALL SELECT 'member' .*(?=\)$)/, "");

/** A server's place in the cluster, as it says itself. */
export interface Topology {
	readonly macros: Readonly<Record<string, string>>;
	/** The hosts of each cluster that it knows, by name. Empty while it can't say. */
	readonly clusters: Readonly<Record<string, readonly Member[]>>;
	/** Its replica name in each replicated table, by the table's path. */
	readonly replicaNames: Readonly<Record<string, string>>;
}

export interface Member {
	readonly host: string;
	readonly shard: number;
	readonly isLocal: boolean;
}

export interface Inventory extends Pick<Holdings, "tables"> {
	readonly topology: Topology;
	/** Folders in which the server keeps data. */
	readonly paths: readonly string[];
}

/** Engines whose tables hold rows that only one server has. */
export const storing = /(MergeTree|Log)$|^(Set|Join|File|Memory|EmbeddedRocksDB)$/;
/** The engine whose merges keep every row. */
const keepsRows = "MergeTree";

/** What a server says of a name: that there is none, that it has no address, or that no DNS server answers. */
const noAddress = /\bDNS(\b|_ERROR)|Host not found|No address found/;

/**
 * Old servers resolve every host of `system.clusters` and fail if one has no address, as while its pod is gone. Then
 * they are asked without it: what they hold is the same, but they report no cluster.
 */
export async function inventoryOf(server: Pick<Server, "rows">): Promise<Inventory> {
	const rows = await server.rows(inventory).catch((error: unknown) => {
		if (error instanceof QueryError && noAddress.test(error.message)) return server.rows(withoutMembers);
		throw error;
	});
	return readInventory(rows);
}

/** Parses the answer to {@link inventory}. */
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
	// A merge drops the rows that DELETE has masked, patches of rows that UPDATE has written, and whatever a mutation deletes.
	const falling = new Set([...of("falls"), ...of("rows").filter(({ d }) => d === "1")].map(key));
	const found = of("table").filter(({ b }) => !isTransient({ name: b }));
	// Of a database with views that a schedule fills anew, each time with as many rows as there are then.
	const refreshing = new Set(found.filter(({ c, n }) => c === "MaterializedView" && n > 0).map(({ a }) => a));
	const tables = found.map((row): HeldTable => {
		const { a: database, b: name, c: engine } = row;
		const path = paths.get(key(row));
		if (path !== undefined) return { database, name, engine, path };
		if (!storing.test(engine)) return { database, name, engine };
		const count = /MergeTree$/.test(engine) ? (counts.get(key(row)) ?? 0) : null;
		const isRefilled = isInner({ name }) && refreshing.has(database);
		const shrinks = engine !== keepsRows || row.n > 0 || isRefilled || falling.has(key(row));
		return { database, name, engine, rows: count !== null && count > 0 && shrinks ? null : count };
	});
	const clusters: Record<string, Member[]> = {};
	for (const { a, b, d, n } of of("member")) {
		clusters[a] ??= [];
		clusters[a].push({ host: d, shard: Number(b), isLocal: n === 1 });
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
