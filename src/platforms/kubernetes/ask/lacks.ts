import type { Obstacle } from "../../../control/port";
import type { Joining } from "../../../core/cluster";
import { type HeldTable, isInner, isLocal, type LocalTables, lackedBy, tableName } from "../../../core/holdings";
import type { Pod } from "../api/types";
import { withOwnRows } from "./alone";
import { type Cluster, names } from "./cluster";
import { isReady } from "./diagnose";
import { inventoryOf } from "./inventory";
import type { Stored } from "./record";
import { type Server, tablesBy } from "./server";

/** A table whose rows new replicas of the shard do not get. */
interface Lack {
	readonly table: Pick<HeldTable, "database" | "name">;
	/** As a clause after the table's name. */
	readonly why: string;
}

/** How many tables a message names. */
const most = 5;

/**
 * The joining replicas with the tables whose rows they will lack, because those do not replicate, and obstacles. Replicas
 * of a new shard are meant to have no rows.
 */
export async function foreseeJoins(
	cluster: Cluster,
	stored: Stored,
	pods: readonly Pod[],
	joining: readonly Joining[],
	local: LocalTables | undefined,
): Promise<{ readonly joins: readonly Joining[]; readonly obstacles: readonly Obstacle[] }> {
	const settings = cluster.settings(stored);
	const members = names(cluster, stored);
	const joins: Joining[] = [];
	const refused = new Map<string, string>();
	const without: string[] = [];
	const ofShard = new Map<number, readonly Lack[]>();
	const donor = pods.find((pod) => members.includes(pod.metadata.name) && isReady(pod));
	const newShards = joining.some(({ shard }) => shard >= (stored.shards ?? 1));
	const obstacles = newShards && donor ? await oneForAllShards(await cluster.server(donor, settings), local) : [];
	for (const each of joining) {
		let lacks = ofShard.get(each.shard);
		if (lacks === undefined) {
			const peers = pods.filter(
				({ metadata: { name } }) => members.includes(name) && cluster.place(name).shard === each.shard,
			);
			lacks = await lacksOf(await Promise.all(peers.filter(isReady).map((pod) => cluster.server(pod, settings))));
			ofShard.set(each.shard, lacks);
		}
		const named = lacks.filter(({ table }) => isLocal(table, local)).map(({ table }) => tableName(table));
		const others = lacks.filter(({ table }) => !isLocal(table, local));
		if (others.length > 0) without.push(each.name);
		for (const { table, why } of others) refused.set(tableName(table), `${tableName(table)} ${why}`);
		joins.push({ ...each, ...(named.length > 0 && { lacks: named }) });
	}
	if (refused.size === 0) return { joins, obstacles };
	const clauses = [...refused.values()].slice(0, most);
	const left = refused.size - most;
	if (left > 0) clauses.push(`and ${left} more ${left === 1 ? "table" : "tables"}`);
	const [first] = refused.keys();
	const reason = `${without.join(", ")} would lack rows that ${without.length === 1 ? "its shard has" : "their shards have"}: ${clauses.join("; ")}. Recreate ${refused.size === 1 ? "it" : "them"} with a Replicated engine and one path for all replicas, or drop ${refused.size === 1 ? "it if it is" : "those that are"} not needed. If a table may differ between replicas, add it to update.localTables: ["${first}"].`;
	return { joins, obstacles: [...obstacles, { property: "replicas", reason }] };
}

/**
 * A new shard creates its tables with the statements of the others. If no path has the macro `shard`, it would be a
 * copy of them. A table that is meant to be the same on all shards is fine beside others that are not.
 */
async function oneForAllShards(server: Server, local: LocalTables | undefined): Promise<Obstacle[]> {
	const rows = await server.rows(
		"SELECT database, name, position(create_table_query, '{shard}') > 0 AS apart FROM system.tables WHERE engine LIKE 'Replicated%MergeTree'",
	);
	const tables = rows
		.map(({ database, name, apart }) => ({
			database: String(database),
			name: String(name),
			apart: Number(apart) === 1,
		}))
		.filter((table) => !isLocal(table, local));
	const [first] = tables;
	if (first === undefined || tables.some(({ apart }) => apart)) return [];
	const reason = `no table has the macro {shard} in its replication path, so a new shard would be a copy of the others. Recreate ${tableName(first)} with a path such as '/clickhouse/tables/{shard}/${first.name}', or leave shards as it is.`;
	return [{ property: "shards", reason }];
}

/** What the replicas of a shard hold and a new one will not. */
async function lacksOf(servers: readonly Server[]): Promise<Lack[]> {
	const found = new Map<string, Lack>();
	const note = (table: Lack["table"], why: string) => {
		if (!found.has(tableName(table))) found.set(tableName(table), { table, why });
	};
	const each = await Promise.all(servers.map(async (server) => ({ server, held: await inventoryOf(server) })));
	for (const { server, held } of each) {
		const { tables } = held;
		const own = await withOwnRows(server, tables);
		const views = own.some(({ table }) => isInner(table)) ? await viewsOf(server) : new Map<string, string>();
		for (const { table, certain } of own)
			note(
				{ ...table, name: views.get(tableName(table)) ?? table.name },
				certain ? `(${table.engine}) does not replicate` : `(${table.engine}) does not replicate, and it may have rows`,
			);
		for (const table of await apart(server)) note(table, "has a different replication path on each replica");
	}
	for (const one of each)
		for (const other of each)
			for (const table of one === other ? [] : lackedBy(one.held, other.held))
				if (table.path !== undefined)
					note(table, "is missing on some replicas, or has another engine or replication path there");
	return [...found.values()].sort((a, b) => (tableName(a.table) < tableName(b.table) ? -1 : 1));
}

/** The names of views, by the names of the hidden tables that hold their rows. */
async function viewsOf(server: Server): Promise<Map<string, string>> {
	const [column] = await server.rows(
		"SELECT name FROM system.columns WHERE database = 'system' AND table = 'tables' AND name = 'uuid'",
	);
	const uuid = column === undefined ? "''" : "toString(uuid)";
	const rows = await server.rows(
		`SELECT database, name, ${uuid} AS uuid FROM system.tables WHERE engine IN ('MaterializedView', 'WindowView', 'TimeSeries')`,
	);
	return new Map(
		rows.flatMap(({ database, name, uuid }) => [
			[`${database}..inner.${name}`, String(name)] as const,
			[`${database}..inner_id.${uuid}`, String(name)] as const,
		]),
	);
}

/** Replicated tables that are separate on each replica, by their CREATE statements. */
async function apart(server: Server): Promise<Lack["table"][]> {
	return tablesBy(
		server,
		"SELECT database, name FROM system.tables WHERE engine LIKE 'Replicated%' AND match(create_table_query, 'MergeTree[(][^,]*[{](replica|server_uuid)[}]')",
	);
}
