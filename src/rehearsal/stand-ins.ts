import { identifier, literal, path } from "../control/sql";
import type { SqlServer } from "../control/trial";
import type { Definition } from "./definitions";
import { inParallel } from "./parallel";

const key = (database: unknown, name: unknown) => `${literal(String(database))}, ${literal(String(name))}`;

/** How many tables one query asks about: it is part of a URL, which old servers limit to 16 KiB. */
const together = 20;

/**
 * Statements that create what is not tried by name and columns only, as a table that is always empty or a dictionary
 * without a source, so that the views and queries that read it are tried all the same.
 */
export async function standIns(cluster: SqlServer, skipped: readonly Definition[]): Promise<string[]> {
	const isTable = ({ engine }: Definition) => engine !== "Dictionary" && engine !== "Function";
	const tables = skipped.filter(isTable);
	const columns = new Map<string, string[]>(tables.map(({ database, name }) => [key(database, name), []]));
	const groups = Array.from({ length: Math.ceil(tables.length / together) }, (_, index) =>
		tables.slice(index * together, (index + 1) * together),
	);
	await inParallel(groups, async (group) => {
		const names = group.map(({ database, name }) => `(${key(database, name)})`);
		const sql = `SELECT database, table, name, type FROM system.columns WHERE (database, table) IN (${names.join(", ")})`;
		for (const { database, table, name, type } of await cluster.rows(sql))
			columns.get(key(database, table))?.push(`${identifier(String(name))} ${type}`);
	});
	return skipped.flatMap((one) => {
		if (one.engine === "Dictionary") return withoutSource(one.statement) ?? [];
		const its = columns.get(key(one.database, one.name)) ?? [];
		return its.length === 0 ? [] : `CREATE TABLE ${path(one)} (${its.join(", ")}) ENGINE = Null`;
	});
}

/**
 * The definition of a dictionary with a source that is always empty; `undefined` if it has none.
 *
 * @example withoutSource("... PRIMARY KEY x SOURCE(MYSQL(HOST 'h')) LAYOUT(FLAT())") // "... SOURCE(NULL()) LAYOUT(FLAT())"
 */
export function withoutSource(statement: string): string | undefined {
	let depth = 0;
	let start: number | undefined;
	// Strings and backquoted names first, so that their contents are never taken for SQL.
	for (const { 0: token, index } of statement.matchAll(
		/'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`|\bSOURCE\s*\(|[()]/gis,
	)) {
		if (/^SOURCE/i.test(token) && depth === 0) start = index;
		if (token.endsWith("(")) depth++;
		if (token === ")" && --depth === 0 && start !== undefined)
			return `${statement.slice(0, start)}SOURCE(NULL())${statement.slice(index + 1)}`;
	}
	return undefined;
}
