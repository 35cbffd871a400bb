import { ControlError } from "../../../control/errors";
import { identifier, ownDatabases, path } from "../../../control/sql";
import { isInner } from "../../../core/holdings";
import { QueryError, type Server, type Settings } from "./server";

interface Table {
	readonly database: string;
	readonly name: string;
	readonly statement: string;
}

/** Those of some settings that a server knows. */
async function known(server: Server, settings: Settings): Promise<Settings> {
	const names = Object.keys(settings).map((name) => `'${name}'`);
	const rows = await server.rows(`SELECT name FROM system.settings WHERE name IN (${names})`);
	return Object.fromEntries(rows.map(({ name }) => [String(name), settings[String(name)] ?? ""]));
}

/**
 * With the UUID, because replicas of one table share it and its path in Keeper may contain it; with passwords if the
 * server is configured to show them to us.
 */
const whole: Settings = {
	show_table_uuid_in_table_create_query_if_not_nil: "1",
	format_display_secrets_in_show_and_select: "1",
};

/** The tables of one server, including the hidden tables of views. */
async function tablesOf(server: Server): Promise<Table[]> {
	const sql = `SELECT database, name, engine, create_table_query AS statement FROM system.tables WHERE database NOT IN ${ownDatabases}`;
	return (await server.rows(sql, await known(server, whole))) as unknown as Table[];
}

export async function databasesOf(server: Server): Promise<Map<string, string>> {
	const rows = await server.rows(`SELECT name, engine FROM system.databases WHERE name NOT IN ${ownDatabases}`);
	return new Map(rows.map(({ name, engine }) => [String(name), String(engine)]));
}

/**
 * Enables everything that a server refuses to create by default: it is unknown which of it was enabled when a table was
 * created. ClickHouse does the same when it recreates a replica's tables (`enableAllExperimentalSettings`).
 */
async function unrestricted(server: Server): Promise<Settings> {
	const rows = await server.rows(
		"SELECT name FROM system.settings WHERE name LIKE 'allow_%' AND value = '0' AND name NOT LIKE '%analyzer%' AND name NOT LIKE '%parallel%'",
	);
	const allowed = Object.fromEntries(rows.map(({ name }) => [String(name), "1"]));
	return { ...allowed, ...(await known(server, { flatten_nested: "0" })) };
}

/**
 * @throws ControlError if a server hides a secret of a table: the copy would be created with another one.
 */
function refuseHidden(what: string, statement: string): void {
	if (!statement.includes("'[HIDDEN]'")) return;
	throw new ControlError(
		`the definition of ${what} contains a secret that its server shows as [HIDDEN], so ${what} can't be copied to a new replica. Set display_secrets_in_show_and_select to true in kubernetes.config, or create ${what} on the new replica yourself, then run pulumi up again`,
	);
}

/** SQL user-defined functions, which views and columns may call. */
async function copyFunctions(from: Server, to: Server): Promise<void> {
	const [column] = await from.rows(
		"SELECT name FROM system.columns WHERE database = 'system' AND table = 'functions' AND name = 'create_query'",
	);
	if (column === undefined) return;
	const sql = "SELECT name, create_query AS statement FROM system.functions WHERE create_query != ''";
	const have = new Set((await to.rows(sql)).map(({ name }) => name));
	for (const { name, statement } of await from.rows(sql)) if (!have.has(name)) await to.run(String(statement));
}

/**
 * Copies the databases, functions and tables that a server lacks from another; rows come by replication.
 *
 * @param patience Milliseconds for errors that pass: a Distributed table can be created only once the names of its
 * hosts resolve, and that of a new pod takes some seconds.
 * @returns whether it has them all: tables of a database of engine Replicated appear by themselves, in their own
 * time.
 * @throws ControlError naming the table that can't be created, with the server's message.
 */
export async function copyTables(from: Server, to: Server, patience = 10_000): Promise<boolean> {
	const deadline = Date.now() + patience;
	const [databases, tables, have, there, settings] = await Promise.all([
		databasesOf(from),
		tablesOf(from),
		databasesOf(to),
		tablesOf(to),
		unrestricted(to),
	]);
	const present = new Set(there.map(path));
	const lacking = tables.filter((table) => !isInner(table) && !present.has(path(table)));
	let missing = lacking.filter(({ database }) => databases.get(database) !== "Replicated");
	for (const table of missing) refuseHidden(`the table ${path(table)}`, table.statement);
	for (const database of databases.keys()) {
		if (have.has(database)) continue;
		const [row] = await from.rows(`SHOW CREATE DATABASE ${identifier(database)}`, await known(from, whole));
		const statement = String(row?.statement);
		refuseHidden(`the database ${identifier(database)}`, statement);
		await to.run(statement.replace(/^CREATE DATABASE /, "CREATE DATABASE IF NOT EXISTS "), settings);
	}
	if (missing.length > 0) await copyFunctions(from, to);
	// Views and dictionaries need what they read to exist first, so all are tried again and again while there is
	// progress.
	while (missing.length > 0) {
		const failed: { readonly table: Table; readonly why: QueryError }[] = [];
		for (const table of missing) {
			try {
				await to.run(
					table.statement.replace(
						/^(CREATE|ATTACH) ((?:\w+ )*?)(TABLE|VIEW|DICTIONARY) /,
						"CREATE $2$3 IF NOT EXISTS ",
					),
					settings,
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
			throw new ControlError(
				`the table ${path(first.table)} can't be created on the new replica: ${first.why.message}`,
			);
		missing = failed.map(({ table }) => table);
	}
	return lacking.every(({ database }) => databases.get(database) !== "Replicated");
}

/** The others hold its rows, so large tables, and those that a dictionary reads, are dropped as well. */
const unguarded: Settings = {
	max_table_size_to_drop: "0",
	check_table_dependencies: "0",
	check_referential_table_dependencies: "0",
};

/** Removes a server from replication: drops its replicated tables, on this server only. */
export async function dropReplicated(server: Server): Promise<void> {
	const databases = await databasesOf(server);
	const settings = await known(server, unguarded);
	for (const row of await server.rows("SELECT database, table FROM system.replicas")) {
		const table = { database: String(row.database), name: String(row.table) };
		// An Atomic database drops later unless told otherwise, and the replica would count until then.
		const sync = databases.get(table.database) === "Atomic" ? " SYNC" : "";
		await server.run(`DROP TABLE IF EXISTS ${path(table)}${sync}`, settings);
	}
	const [left] = await server.rows("SELECT count() AS tables FROM system.replicas");
	if (Number(left?.tables) > 0)
		throw new ControlError("some of its replicated tables are not dropped yet: run pulumi up again");
}
