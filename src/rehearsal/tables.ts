import { ControlError, ifKnown, PlatformError } from "../control/errors";
import { identifier, ownDatabases } from "../control/sql";
import type { SqlServer, SqlSettings } from "../control/trial";
import { listed, type RefusedTable, type RehearsedTables } from "../core/rehearsal";
import { asLoaded, asTried, canTry, type Definition, ofServer } from "./definitions";
import { inParallel } from "./parallel";
import { standIns } from "./stand-ins";

const named = ({ database, name }: Pick<Definition, "database" | "name">) =>
	database === "" ? name : `${database}.${name}`;

/**
 * Creates the tables of a cluster, empty, on a server that is tried, and finds out which the server does not load, and
 * which it loads and would not create. The server has all that it loads afterwards, for queries to be planned on.
 */
export async function tryTables(
	cluster: SqlServer,
	server: SqlServer,
	definitions: readonly Definition[],
): Promise<RehearsedTables> {
	const remote = await remotePolicies(server);
	const tried: Definition[] = [];
	const skipped: Definition[] = [];
	for (const one of definitions) (canTry(one, remote) ? tried : skipped).push(one);
	const { here, others, unknown } = await databasesOf(cluster, server);
	for (const database of new Set([...here, ...definitions.map((one) => one.database).filter((name) => name !== "")]))
		await server.run(`CREATE DATABASE IF NOT EXISTS ${identifier(database)}`);
	await inParallel(await standIns(cluster, skipped), async (statement) => {
		await reasonAgainst(() => server.run(statement));
	});
	const notCreated: RefusedTable[] = [];
	let refused: RefusedTable[] = [];
	let loading: Awaited<ReturnType<typeof loadingOn>> | undefined;
	// What a table needs may come later in the list. Each round settles at least one, or it is the last.
	for (let rest = tried; rest.length > 0; ) {
		const uncreated = await failing(server, rest, ({ statement }) => asTried(statement));
		if (uncreated.size === 0) break;
		if (uncreated.size < rest.length) {
			rest = [...uncreated.keys()];
			continue;
		}
		loading ??= await loadingOn(server);
		const unloaded = await loading(rest);
		// That a stand-in lacks something says nothing about the version.
		const absent = [...skipped.map(({ name }) => name), ...others];
		const isSound = ({ statement }: Definition) => !absent.some((name) => statement.includes(name));
		for (const [one, reason] of uncreated)
			if (!unloaded.has(one) && isSound(one)) notCreated.push({ name: named(one), reason });
		rest = [...unloaded.keys()];
		refused = [...unloaded].map(([one, reason]) => ({ name: named(one), reason }));
		if (unloaded.size === uncreated.size) break;
		refused = [];
	}
	const isOfVersion = ({ reason }: RefusedTable) => !missingRight.test(reason);
	const against = refused.filter(isOfVersion);
	return {
		loaded: tried.length - refused.length,
		refused: listed([...unknown, ...against]),
		notCreated: listed(notCreated.filter(isOfVersion)),
		skipped: skipped.length + refused.length - against.length,
	};
}

/** READONLY and ACCESS_DENIED: what our user may not do says nothing about the version. */
const missingRight = /\bCode: (?:164|497)\b/;

/**
 * The names of databases whose tables are here and elsewhere, and those of an engine that only the running version knows:
 * the server would not start with one. Servers before 20.4 do not say which they know, and none lists what it has for
 * itself, as the one behind `clickhouse local`.
 */
async function databasesOf(cluster: SqlServer, server: SqlServer) {
	const engines = async (of: SqlServer) => {
		const rows = await ifKnown(() => of.rows("SELECT name FROM system.database_engines"));
		return new Set(rows?.map(({ name }) => String(name)));
	};
	const [all, before, after] = await Promise.all([
		cluster.rows(
			`SELECT name, engine, engine IN ${ofServer} AS here FROM system.databases WHERE name NOT IN ${ownDatabases}`,
		),
		engines(cluster),
		engines(server),
	]);
	const names = (here: boolean) =>
		all.filter((row) => (Number(row.here) === 1) === here).map(({ name }) => String(name));
	const unknown = all
		.filter(({ engine }) => after.size > 0 && before.has(String(engine)) && !after.has(String(engine)))
		.map(({ name, engine }) => ({ name: String(name), reason: `there is no database engine ${engine} any more` }));
	return { here: names(true), others: names(false), unknown };
}

/**
 * How a server loads what it would not create. Whatever it only has to be allowed is created, because a view that is
 * merely attached would lack the table that it keeps its rows in.
 */
async function loadingOn(server: SqlServer) {
	const [switches, ordinary] = await Promise.all([
		server.rows("SELECT name FROM system.settings WHERE name LIKE 'allow_%' AND value = '0'"),
		server.rows("SELECT name FROM system.databases WHERE engine = 'Ordinary'"),
	]);
	const allowed = Object.fromEntries(switches.map(({ name }) => [String(name), "1"]));
	const byName = new Set(ordinary.map(({ name }) => String(name)));
	return async (definitions: readonly Definition[]) => {
		const forbidden = await failing(server, definitions, ({ statement }) => asTried(statement), allowed);
		return failing(server, [...forbidden.keys()], ({ statement, database }) =>
			asLoaded(asTried(statement), byName.has(database)),
		);
	};
}

/** Those that a server refuses, each with its reason. */
async function failing(
	server: SqlServer,
	definitions: readonly Definition[],
	form: (one: Definition) => string,
	settings?: SqlSettings,
): Promise<Map<Definition, string>> {
	const failed = new Map<Definition, string>();
	await inParallel(definitions, async (one) => {
		const reason = await reasonAgainst(() => server.run(form(one), settings));
		if (reason !== undefined) failed.set(one, reason);
	});
	// In the order of the definitions, whichever answer came first.
	return new Map(definitions.flatMap((one) => (failed.has(one) ? [[one, failed.get(one) ?? ""] as const] : [])));
}

/** Storage policies with a disk that is no folder of the server: a table there would write to another place. */
async function remotePolicies(server: SqlServer): Promise<ReadonlySet<string>> {
	const local = "SELECT name FROM system.disks WHERE lower(type) = 'local'";
	let rows: Awaited<ReturnType<SqlServer["rows"]>> = [];
	// Servers before 20.1 have no disks, only a folder.
	await reasonAgainst(async () => {
		rows = await server.rows(
			`SELECT DISTINCT policy_name FROM system.storage_policies ARRAY JOIN disks AS disk WHERE disk NOT IN (${local})`,
		);
	});
	return new Set(rows.map(({ policy_name }) => String(policy_name)));
}

/** What a server says against a statement, in at most 300 characters; `undefined` if it runs it. */
export async function reasonAgainst(run: () => Promise<unknown>): Promise<string | undefined> {
	try {
		await run();
		return undefined;
	} catch (error) {
		if (!(error instanceof ControlError) || error instanceof PlatformError) throw error;
		return error.message.slice(0, 300);
	}
}
