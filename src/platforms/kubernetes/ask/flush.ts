import { literal, ownDatabases, path } from "../../../control/sql";
import { inventoryOf, type Topology } from "./inventory";
import { QueryError, type Server, tablesBy } from "./server";

/** A table that buffers or queues rows for other tables. */
interface Keeping {
	readonly database: string;
	readonly name: string;
	/** The engine's arguments, unquoted. */
	readonly args: readonly string[];
}

interface Kept {
	readonly buffers: readonly Keeping[];
	readonly distributed: readonly Keeping[];
	/** Whether the server can be told to send its queue, and reports that: ClickHouse from 20.12 on. */
	readonly sends: boolean;
}

/** For acknowledged asynchronous INSERTs: a server writes them within a second. */
const patience = 30_000;

/**
 * Why not everything that a server buffers or queues for other tables and servers can be written and sent, one clause
 * per table. Asks only.
 *
 * @param shards The number of shards of its cluster.
 */
export async function unsendable(server: Server, shards: number): Promise<string[]> {
	return stuck(server, await keptBy(server), shards);
}

async function stuck(server: Server, { buffers, distributed, sends }: Kept, shards: number): Promise<string[]> {
	const found: string[] = [];
	if (buffers.length > 0 && (await metric(server, "StorageBufferRows")) > 0) {
		const there = await existing(server, buffers.map(destinationOf));
		for (const buffer of buffers) {
			const destination = destinationOf(buffer);
			// Without a destination it discards its rows by design; with a missing one it does so, too.
			if (destination.name !== "" && !there.has(path(destination)))
				found.push(
					`the Buffer table ${path(buffer)} may have rows for ${path(destination)}, which does not exist (create ${path(destination)}, or drop ${path(buffer)})`,
				);
		}
	}
	if (distributed.length === 0) return found;
	if (sends)
		return [
			...found,
			...(await unsent(
				server,
				"broken_data_files > 0",
				"has queued rows in files that can't be read (in broken, below the table's folder)",
			)),
		];
	const { topology } = await inventoryOf(server);
	for (const table of distributed.filter(({ args }) => mayQueue(topology, args[0] ?? "", shards)))
		found.push(
			`${path(table)} may have rows queued for other servers, which this version of ClickHouse does not report`,
		);
	return found;
}

/**
 * Writes what a server has accepted from clients and still buffers, and sends what it has queued for others.
 *
 * @param shards The number of shards of its cluster.
 * @returns why not, one clause per table; empty once nothing is left.
 */
export async function flush(server: Server, shards: number): Promise<string[]> {
	const kept = await keptBy(server);
	const found = await stuck(server, kept, shards);
	if (found.length > 0) return found;
	const { buffers, distributed, sends } = kept;
	if (!(await writeAsync(server)))
		return [
			`INSERTs that it has acknowledged (async_insert) still wait to be written after ${patience / 1000} seconds of flushing (make sure that no client sends INSERTs to it directly, and look in its log for why they are not written)`,
		];
	// One may be the destination of another.
	for (let rounds = buffers.length; rounds > 0 && (await metric(server, "StorageBufferRows")) > 0; rounds--)
		for (const buffer of buffers)
			await attempt(server, `OPTIMIZE TABLE ${path(buffer)}`, (why) =>
				found.push(`the rows that ${path(buffer)} buffers can't be written: ${why}`),
			);
	if (found.length === 0 && buffers.length > 0 && (await metric(server, "StorageBufferRows")) > 0)
		return buffers.map((buffer) => `${path(buffer)} may have rows that are not written yet`);
	if (!sends) return [...new Set(found)];
	for (const table of distributed)
		await attempt(server, `SYSTEM FLUSH DISTRIBUTED ${path(table)}`, (why) =>
			found.push(`the rows that ${path(table)} has queued for other servers can't be sent: ${why}`),
		);
	if (found.length > 0 || distributed.length === 0) return [...new Set(found)];
	return unsent(
		server,
		"data_files > 0 OR broken_data_files > 0",
		"still has rows queued for other servers after SYSTEM FLUSH DISTRIBUTED",
	);
}

async function attempt(server: Server, sql: string, failed: (why: string) => void): Promise<void> {
	try {
		await server.run(sql);
	} catch (error) {
		if (!(error instanceof QueryError)) throw error;
		failed(error.message);
	}
}

async function writeAsync(server: Server): Promise<boolean> {
	const deadline = Date.now() + patience;
	while ((await metric(server, "PendingAsyncInsert")) > 0) {
		if (Date.now() > deadline) return false;
		// Servers that do not know the statement write by themselves.
		await attempt(server, "SYSTEM FLUSH ASYNC INSERT QUEUE", () => {});
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	return true;
}

async function metric(server: Server, name: string): Promise<number> {
	const [row] = await server.rows(`SELECT sum(value) AS value FROM system.metrics WHERE metric = '${name}'`);
	return Number(row?.value ?? 0);
}

async function keptBy(server: Server): Promise<Kept> {
	const [rows, columns] = await Promise.all([
		server.rows(
			`SELECT database, name, engine, engine_full FROM system.tables WHERE database NOT IN ${ownDatabases} AND engine IN ('Buffer', 'Distributed')`,
		),
		server.rows(
			"SELECT name FROM system.columns WHERE database = 'system' AND table = 'distribution_queue' AND name = 'broken_data_files'",
		),
	]);
	const of = (engine: string) =>
		rows
			.filter((row) => row.engine === engine)
			.map((row) => ({
				database: String(row.database),
				name: String(row.name),
				args: engineArguments(String(row.engine_full)),
			}));
	return { buffers: of("Buffer"), distributed: of("Distributed"), sends: columns.length > 0 };
}

/**
 * The arguments of an engine up to the first that is neither a name nor a text.
 *
 * @example engineArguments("Buffer(default, 'rows', 16, 10)"); // ["default", "rows", "16", "10"]
 */
export function engineArguments(full: string): string[] {
	const [, text = ""] = /^\w+\((.*)/s.exec(full) ?? [];
	const found: string[] = [];
	const next = /\s*(?:'((?:[^'\\]|\\.)*)'|[`"]((?:[^`"\\]|\\.)*)[`"]|(\w+))\s*(,|\)|$)/sy;
	for (let match = next.exec(text); match !== null; match = next.exec(text)) {
		const [, quoted = match[2], , bare] = match;
		found.push((quoted ?? bare ?? "").replace(/\\(.)/gs, "$1"));
		if (match[4] !== ",") break;
	}
	return found;
}

/** If no database is given, it is the buffer's own. */
function destinationOf({ database, args: [its = "", name = ""] }: Keeping) {
	return { database: its === "" ? database : its, name };
}

async function existing(server: Server, tables: readonly Omit<Keeping, "args">[]): Promise<Set<string>> {
	const one = (of: "database" | "name") => [...new Set(tables.map((table) => literal(table[of])))];
	const sql = `SELECT database, name FROM system.tables WHERE database IN (${one("database")}) AND name IN (${one("name")})`;
	return new Set((await tablesBy(server, sql)).map(path));
}

/**
 * Rows for a replica elsewhere are queued. The shards of our own configuration use internal replication, so that one
 * with a replica here needs no other.
 */
function mayQueue({ clusters, macros }: Topology, cluster: string, shards: number): boolean {
	const name = cluster.replace(/\{(\w+)\}/g, (all, macro) => macros[macro] ?? all);
	const ours = name === macros.cluster;
	const members = clusters[name];
	if (members === undefined) return !ours || shards > 1;
	const here = new Set(members.filter(({ isLocal }) => ours && isLocal).map(({ shard }) => shard));
	return members.some(({ shard, isLocal }) => !isLocal && !here.has(shard));
}

async function unsent(server: Server, which: string, how: string): Promise<string[]> {
	const sql = `SELECT DISTINCT database, table AS name FROM system.distribution_queue WHERE ${which}`;
	return (await tablesBy(server, sql)).map((table) => `${path(table)} ${how}`);
}
