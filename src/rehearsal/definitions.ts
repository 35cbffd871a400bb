import { randomUUID } from "node:crypto";
import { ifKnown } from "../control/errors";
import { ownDatabases } from "../control/sql";
import type { SqlRow, SqlServer } from "../control/trial";
import { isInner, isTransient } from "../core/holdings";

/** A table, view or dictionary, as the server describes it. */
export interface Definition {
	readonly database: string;
	readonly name: string;
	readonly engine: string;
	/** The statement that would create it. */
	readonly statement: string;
}

/** Databases that keep their tables here; listing those of others would ask the place that has them. */
export const ofServer = "('Ordinary', 'Atomic', 'Replicated', 'Memory', 'Lazy', 'Shared')";
const databases = `SELECT name FROM system.databases WHERE name NOT IN ${ownDatabases} AND engine IN ${ofServer}`;

/** Of everything that {@link definitionsOf} finds, by two small queries. */
export async function digestOfDefinitions(cluster: SqlServer): Promise<string> {
	const [tables, functions] = await Promise.all([
		// What a view has only while it refreshes would be another digest each time.
		cluster.rows(
			`SELECT toString(groupBitXor(cityHash64(database, name, create_table_query))) AS digest FROM system.tables WHERE database IN (${databases}) AND name NOT LIKE '.tmp%' AND name NOT LIKE '\\_tmp\\_replace\\_%'`,
		),
		functionsOf(cluster),
	]);
	return JSON.stringify([tables[0]?.digest, functions]);
}

/** Everything that a server was told to create, its own system tables excepted. Works from ClickHouse 18.16 on. */
export async function definitionsOf(cluster: SqlServer): Promise<Definition[]> {
	const tables = await cluster.rows(
		`SELECT database, name, engine, create_table_query AS statement FROM system.tables WHERE database IN (${databases}) ORDER BY database, name`,
	);
	return (
		[...(await functionsOf(cluster)), ...tables]
			.map(({ database, name, engine, statement }) => ({
				database: String(database),
				name: String(name),
				engine: String(engine),
				statement: String(statement),
			}))
			// A view's own table comes with the view.
			.filter((one) => !isInner(one) && !isTransient(one))
	);
}

/** Servers before 21.10 have none, and refuse the question. */
async function functionsOf(cluster: SqlServer): Promise<readonly SqlRow[]> {
	const functions =
		"SELECT '' AS database, name, 'Function' AS engine, create_query AS statement FROM system.functions";
	return (await ifKnown(() => cluster.rows(`${functions} WHERE origin = 'SQLUserDefined' ORDER BY name`))) ?? [];
}

/** Engines that keep to the server: no table of theirs connects to anything when it is loaded. */
const inside =
	/^(?:Function|(?:Replicated)?(?:\w*MergeTree)|(?:Tiny|Stripe)?Log|Memory|Null|Set|Join|Buffer|Merge|Distributed|View|MaterializedView|Dictionary|EmbeddedRocksDB|GenerateRandom)$/;

/** What a server shows in place of a secret, and where older ones show the secret itself. A column may be a `password`. */
const secret = /\[HIDDEN\]|\bpassword[\s`"]*=?\s*'|\b(?:aes_)?(?:en|de)crypt\w*\s*\(/i;

/** A dictionary whose source is not this server, which may be loaded as soon as it exists. */
const elsewhere = /\bSOURCE\s*\(\s*(?!NULL\b|CLICKHOUSE\b)|\bSOURCE\s*\(.*\bHOST\b/is;

/** A disk of a table's own. */
const ownDisk = /\bdisk\s*=/i;

/** A view that is filled as soon as it exists: from Distributed tables to Distributed tables, that is in the cluster. */
const refreshes = /\bREFRESH\s+(?:EVERY|AFTER|DEPENDS)\b/i;

/**
 * Whether a definition can be tried: it keeps to the server, and is complete.
 *
 * @param remote Storage policies whose disks are another place.
 */
export function canTry({ engine, statement }: Definition, remote: ReadonlySet<string>): boolean {
	if (!inside.test(engine) || statement === "" || secret.test(statement) || reachesOutside(statement.replace(head, "")))
		return false;
	if (engine === "Dictionary") return !elsewhere.test(statement);
	const policy = /\bstorage_policy\s*=\s*'([^']*)'/.exec(statement)?.[1] ?? "default";
	return !ownDisk.test(statement) && !remote.has(policy) && !refreshes.test(statement);
}

/**
 * Table functions that connect to another place, or read its files, while a query is only being planned, and tables that
 * servers have with a Keeper only.
 */
const outside =
	/\bsystem[`"]?\.[`"]?zookeeper|\b(?:azureBlobStorage|cluster|clusterAllReplicas|cosn|deltaLake|dictionary|executable|file|gcs|hdfs|hudi|iceberg|jdbc|mongodb|mysql|odbc|oss|paimon|postgresql|redis|remote|remoteSecure|s3|sqlite|url|ytsaurus)\w*\s*\(/i;

/** Also true of a text that only looks so: leaving one out is no harm. */
export const reachesOutside = (sql: string) => outside.test(sql);

/** Strings and quoted names first, so that their contents are never taken for SQL. */
const quoted = /'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`/;
const replicated = /\bENGINE = Replicated(\w*MergeTree)(?:\((?:\s*'(?:[^'\\]|\\.|'')*'\s*(?:,\s*)?){2}(\))?|(?=\())?/;
const user = `(?:${quoted.source}|\\w+)`;
/** As servers from 24.2 on show whose rights a view has. */
const definer = new RegExp(`\\bDEFINER = ${user}(?:@${user})? SQL SECURITY DEFINER ?`);
const parts = new RegExp([quoted, replicated, definer].map(({ source }) => source).join("|"), "g");

/**
 * The definition with each replicated engine as its plain one, which needs no Keeper, and without the user whose rights a
 * view has: users that SQL created are not on the server that is tried.
 *
 * @example "... ENGINE = ReplicatedMergeTree('/t', '{replica}') ORDER BY x" // "... ENGINE = MergeTree ORDER BY x"
 */
export function asTried(statement: string): string {
	return statement.replace(parts, (whole, engine?: string, closed?: string) => {
		if (whole.startsWith("DEFINER")) return "";
		if (engine === undefined) return whole;
		const hasRest = whole.includes("(") && closed === undefined;
		return `ENGINE = ${engine}${hasRest ? "(" : ""}`;
	});
}

const head =
	/^(CREATE|ATTACH)( (?:OR REPLACE )?(?:TABLE|VIEW|MATERIALIZED VIEW|WINDOW VIEW|DICTIONARY) (?:`(?:[^`\\]|\\.|``)+`|\w+)(?:\.(?:`(?:[^`\\]|\\.|``)+`|\w+))?)(?: UUID '[^']*')?/;

/**
 * The same definition as a server reads it at its start: what was created long ago is then loaded although the version
 * would not create it today, such as the MergeTree of before ORDER BY.
 *
 * @param byName In a database of engine Ordinary, as those of servers before 20.10 are, tables have no UUID.
 */
export function asLoaded(statement: string, byName = false): string {
	return statement.replace(
		head,
		(_, __, what: string) => `ATTACH${what.replace(" OR REPLACE", "")}${byName ? "" : ` UUID '${randomUUID()}'`}`,
	);
}
