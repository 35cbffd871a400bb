import { ControlError } from "../../control/errors";
import { QueryError, type Server } from "./server";

/** What a server brings along itself. */
const own = `('system', 'information_schema', 'INFORMATION_SCHEMA', '_temporary_and_external_tables')`;

interface Table {
	readonly database: string;
	readonly name: string;
	readonly engine: string;
	readonly statement: string;
}

const quoted = (name: string) => `\`${name.replace(/[\\`]/g, "\\$&")}\``;
const path = ({ database, name }: Pick<Table, "database" | "name">) => `${quoted(database)}.${quoted(name)}`;

/** Tables of one server, those that views keep their rows in among them. */
async function tablesOf(server: Server): Promise<Table[]> {
	// Replicas of one table share its UUID, where a server gives it one: its path in Keeper may hold that.
	const [known] = await server.rows(
		"SELECT name FROM system.columns WHERE database = 'system' AND table = 'tables' AND name = 'uuid'",
	);
	const uuids = known === undefined ? "" : " SETTINGS show_table_uuid_in_table_create_query_if_not_nil = 1";
	const sql = `SELECT database, name, engine, create_table_query AS statement FROM system.tables WHERE database NOT IN ${own}${uuids}`;
	return (await server.rows(sql)) as unknown as Table[];
}

async function databasesOf(server: Server): Promise<Map<string, string>> {
	const rows = await server.rows(`SELECT name, engine FROM system.databases WHERE name NOT IN ${own}`);
	return new Map(rows.map(({ name, engine }) => [String(name), String(engine)]));
}

/** The tables of a view's rows come with the view. */
const isInner = ({ name }: Table) => name.startsWith(".inner");

/**
 * Gives a server the databases and tables that another has and it lacks; rows come by replication. Tables of a database of
 * engine Replicated come by themselves.
 *
 * @param patience milliseconds for what mends itself: a Distributed table is made only once the names of its hosts resolve,
 * and that of a new pod takes some seconds.
 * @throws ControlError naming the table that can't be made, with the server's words.
 */
export async function copyTables(from: Server, to: Server, patience = 10_000): Promise<void> {
	const deadline = Date.now() + patience;
	const [databases, tables, have, there] = await Promise.all([
		databasesOf(from),
		tablesOf(from),
		databasesOf(to),
		tablesOf(to),
	]);
	for (const database of databases.keys()) {
		if (have.has(database)) continue;
		const [row] = await from.rows(`SHOW CREATE DATABASE ${quoted(database)}`);
		await to.run(String(row?.statement).replace(/^CREATE DATABASE /, "CREATE DATABASE IF NOT EXISTS "));
	}
	const present = new Set(there.map(path));
	let missing = tables.filter(
		(table) => !isInner(table) && !present.has(path(table)) && databases.get(table.database) !== "Replicated",
	);
	// Views and dictionaries come after what they read, whatever that is: again and again, while there is progress.
	while (missing.length > 0) {
		const failed: { readonly table: Table; readonly why: QueryError }[] = [];
		for (const table of missing) {
			try {
				await to.run(
					table.statement.replace(
						/^(CREATE|ATTACH) ((?:\w+ )*?)(TABLE|VIEW|DICTIONARY) /,
						"CREATE $2$3 IF NOT EXISTS ",
					),
				);
			} catch (error) {
				if (!(error instanceof QueryError)) throw error;
				failed.push({ table, why: error });
			}
		}
		const [first] = failed;
		const stuck = first !== undefined && failed.length === missing.length;
		if (stuck && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 500));
		else if (stuck)
			throw new ControlError(`the table ${path(first.table)} can't be made on the new replica: ${first.why.message}`);
		missing = failed.map(({ table }) => table);
	}
}

/** Engines whose tables hold rows of one server alone. */
const storing = /(MergeTree|Log)$|^(Set|Join|File|Memory|EmbeddedRocksDB)$/;
const replicating = /^(Replicated|Shared).*MergeTree$/;

/**
 * What would be lost with a server: tables with rows that do not replicate, and replicated ones that no other server of the
 * shard has. Says why it can't leave, too, where that is for another reason. Rows that the others lack are not asked for
 * here: see `health`.
 */
export async function heldAlone(server: Server, others: readonly Server[]): Promise<string[]> {
	const [databases, tables, ...elsewhere] = await Promise.all([
		databasesOf(server),
		tablesOf(server),
		...others.map(tablesOf),
	]);
	const found: string[] = [];
	for (const [database, engine] of databases)
		if (engine === "Replicated")
			found.push(`the database ${quoted(database)} is of engine Replicated, whose replicas leave only by hand`);
	for (const table of tables.filter(({ engine }) => storing.test(engine))) {
		if (replicating.test(table.engine)) {
			const copies = elsewhere.filter((its) =>
				its.some(({ engine, ...other }) => path(other) === path(table) && replicating.test(engine)),
			);
			if (copies.length === 0) found.push(`${path(table)} is on no other replica`);
			continue;
		}
		const rows = await server.rows(`SELECT 1 FROM ${path(table)} LIMIT 1`);
		if (rows.length > 0) found.push(`${path(table)} has rows and does not replicate (${table.engine})`);
	}
	return found;
}

/** Takes a server out of replication: its replicated tables are dropped, here only. */
export async function dropReplicated(server: Server): Promise<void> {
	const databases = await databasesOf(server);
	// The others hold its rows: a guard against dropping large tables by mistake has nothing to guard here.
	const guard = "max_table_size_to_drop";
	const [known] = await server.rows(`SELECT name FROM system.settings WHERE name = '${guard}'`);
	const large = known === undefined ? "" : ` SETTINGS ${guard} = 0`;
	for (const row of await server.rows("SELECT database, table FROM system.replicas")) {
		const table = { database: String(row.database), name: String(row.table) };
		// An Atomic database drops later on unless told otherwise, and the replica would be counted until then.
		const sync = databases.get(table.database) === "Atomic" ? " SYNC" : "";
		await server.run(`DROP TABLE IF EXISTS ${path(table)}${sync}${large}`);
	}
	const [left] = await server.rows("SELECT count() AS tables FROM system.replicas");
	if (Number(left?.tables) > 0) throw new ControlError("some of its tables replicate still: run pulumi up again");
}
