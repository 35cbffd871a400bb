import { identifier, path } from "../../../control/sql";
import { type HeldTable, lackedBy, uncopied } from "../../../core/holdings";
import { databasesOf } from "./copy-tables";
import { inventoryOf } from "./inventory";
import { QueryError, type Server } from "./server";
import { askTogether } from "./together";

/** Which of some tables have a row. A table that can't be read, such as a Set, is left out. */
export async function readRows(server: Server, tables: readonly HeldTable[]): Promise<Map<HeldTable, boolean>> {
	const look = async (some: readonly HeldTable[]) => {
		const looks = some.map((table, index) => `SELECT i FROM (SELECT ${index} AS i FROM ${path(table)} LIMIT 1)`);
		const found = new Set((await server.rows(looks.join(" UNION ALL "))).map(({ i }) => Number(i)));
		return some.map((table, index) => [table, found.has(index)] as const);
	};
	return new Map(await askTogether(tables, 20, look, (error) => error instanceof QueryError));
}

/** Of the tables whose rows only this server has: those that have some, and those for which it is unknown. */
export async function withOwnRows(
	server: Server,
	tables: readonly HeldTable[],
): Promise<{ readonly table: HeldTable; readonly certain: boolean }[]> {
	const own = uncopied({ tables });
	const read = await readRows(
		server,
		own.filter(({ rows }) => rows === null),
	);
	return own.flatMap((table) => {
		const has = table.rows === null ? read.get(table) : true;
		return has === false ? [] : [{ table, certain: has === true }];
	});
}

/**
 * What would be lost with a server: tables with rows that do not replicate, and replicated ones that no other server of
 * the shard has alike. Also other reasons why it can't be removed. Rows that the others have still to fetch are not
 * checked here: see `health`.
 *
 * @param others The others of its shard; `undefined` if the shard is new, so that tables without rows are no loss.
 */
export async function heldAlone(server: Server, others: readonly Server[] | undefined): Promise<string[]> {
	const [databases, its, ...elsewhere] = await Promise.all([
		databasesOf(server),
		inventoryOf(server),
		...(others ?? []).map(inventoryOf),
	]);
	const found: string[] = [];
	for (const [database, engine] of databases)
		if (engine === "Replicated")
			found.push(
				`the database ${identifier(database)} uses the engine Replicated, and DbCluster does not remove replicas from such a database`,
			);
	const lacking = elsewhere.map((other) => new Set(lackedBy(other, its)));
	const lone = its.tables.filter((table) => table.path !== undefined && lacking.every((lacks) => lacks.has(table)));
	const read = others === undefined ? await readRows(server, lone) : undefined;
	for (const table of lone) {
		if (read?.get(table) === false) continue;
		const { engine, name, database } = table;
		const namesake = elsewhere.some(({ tables }) => tables.some((it) => it.name === name && it.database === database));
		found.push(
			namesake
				? `no other replica has ${path(table)} with the same engine and replication path (${engine}, ${table.path})`
				: `${path(table)} is on no other replica`,
		);
	}
	for (const { table, certain } of await withOwnRows(server, its.tables))
		found.push(
			certain
				? `${path(table)} has rows and does not replicate (${table.engine})`
				: `${path(table)} does not replicate (${table.engine}), and it may have rows`,
		);
	return found;
}
