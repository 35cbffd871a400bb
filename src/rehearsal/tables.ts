import { ControlError, PlatformError } from "../control/errors";
import type { SqlServer } from "../control/trial";
import { listed, type RefusedTable, type RehearsedTables } from "../core/rehearsal";
import { asLoaded, canTry, type Definition, withoutReplication } from "./definitions";
import { inParallel } from "./parallel";

/** Quotes an identifier in SQL. */
const identifier = (name: string) => `\`${name.replace(/[\\`]/g, "\\$&")}\``;
const named = ({ database, name }: Pick<Definition, "database" | "name">) =>
	database === "" ? name : `${database}.${name}`;

/**
 * Creates the tables of a cluster, empty, on a server that is tried, and finds out which the server does not load, and
 * which it loads and would not create. The server has all that it loads afterwards, for queries to be planned on.
 */
export async function tryTables(server: SqlServer, definitions: readonly Definition[]): Promise<RehearsedTables> {
	const remote = await remotePolicies(server);
	const tried = definitions.filter((one) => canTry(one, remote));
	for (const database of new Set(tried.map((one) => one.database).filter((name) => name !== "")))
		await server.run(`CREATE DATABASE IF NOT EXISTS ${identifier(database)}`);
	const notCreated: RefusedTable[] = [];
	let refused: RefusedTable[] = [];
	// What a table needs may come later in the list. Each round settles at least one, or it is the last.
	for (let rest = tried; rest.length > 0; ) {
		const uncreated = await failing(server, rest, withoutReplication);
		if (uncreated.size === 0) break;
		if (uncreated.size < rest.length) {
			rest = [...uncreated.keys()];
			continue;
		}
		const unloaded = await failing(server, rest, (statement) => asLoaded(withoutReplication(statement)));
		for (const [one, reason] of uncreated) if (!unloaded.has(one)) notCreated.push({ name: named(one), reason });
		rest = [...unloaded.keys()];
		refused = [...unloaded].map(([one, reason]) => ({ name: named(one), reason }));
		if (unloaded.size === uncreated.size) break;
		refused = [];
	}
	return {
		loaded: tried.length - refused.length,
		refused: listed(refused),
		notCreated: listed(notCreated),
		skipped: definitions.length - tried.length,
	};
}

/** Those that a server refuses, each with its reason. */
async function failing(server: SqlServer, definitions: readonly Definition[], form: (statement: string) => string) {
	const failed = new Map<Definition, string>();
	await inParallel(definitions, async (one) => {
		const reason = await reasonAgainst(() => server.run(form(one.statement)));
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
