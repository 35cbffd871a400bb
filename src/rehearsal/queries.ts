import { ownDatabases } from "../control/sql";
import type { SqlRow, SqlServer } from "../control/trial";
import { type FailingQuery, listed, type RehearsedQueries } from "../core/rehearsal";
import { ofServer, reachesOutside } from "./definitions";
import { inParallel } from "./parallel";
import { reasonAgainst } from "./tables";

/** The most frequent SELECTs of the last day, one text of each kind. A profile's time zone may be a day ahead of the log's. */
const frequent = (most: number) => `SELECT toString(normalizedQueryHash(query)) AS hash, any(query) AS text,
	any(current_database) AS database, count() AS times
FROM system.query_log
WHERE type = 'QueryFinish' AND is_initial_query AND event_time > now() - 86400 AND event_date >= today() - 2
	AND match(query, '(?i)^\\\\s*(SELECT|WITH)\\\\b') AND query NOT LIKE '%pulumi-dbcluster%'
GROUP BY hash ORDER BY times DESC LIMIT ${most}`;

/** Seconds for the log, which may be long, and for a plan: a scalar subquery is executed while it is made. */
const limit = { max_execution_time: "8" };

/**
 * Which of the cluster's frequent queries the version does not plan and the running one does; `undefined` if the cluster
 * has no log of them, or is too old to group them. Returns no text of a query, nor of an error, which may quote one.
 *
 * @param most How many kinds of queries are tried.
 */
export async function tryQueries(
	cluster: SqlServer,
	server: SqlServer,
	most: number,
): Promise<RehearsedQueries | undefined> {
	let found: readonly SqlRow[] = [];
	await reasonAgainst(async () => {
		found = most === 0 ? [] : await cluster.rows(frequent(most), limit);
	});
	if (found.length === 0) return undefined;
	// A new server has no log yet, and dashboards read them.
	await reasonAgainst(() => server.run("SYSTEM FLUSH LOGS"));
	const { remote, absent } = await notAsThere(cluster, server);
	const failing: FailingQuery[] = [];
	let skipped = 0;
	await inParallel(found, async ({ hash, text, database }) => {
		const query = explainable(String(text));
		const plan = (of: SqlServer) =>
			reasonAgainst(() => of.rows(`EXPLAIN ${query}\n`, { ...limit, database: String(database) }));
		const wouldRead = subquery.test(query) && remote.some((name) => name.test(query));
		const reason = reachesOutside(query) || wouldRead ? "" : await plan(server);
		if (reason === undefined) return;
		// What fails on both is no news, such as a query of a table that was dropped since.
		const isNews = reason !== "" && !absent.some((name) => name.test(query) || name.test(String(database)));
		if (!isNews || (await plan(cluster)) !== undefined) skipped++;
		else failing.push({ hash: String(hash), error: errorName(reason) });
	});
	return { planned: found.length - skipped - failing.length, failing: listed(failing), skipped };
}

/** It may be executed while a plan is made: then a Distributed table of the trial would read the cluster's rows. */
const subquery = /\(\s*(?:SELECT|WITH)\b/i;

/** As words in a query: tables that would ask the cluster, and what has another engine on the trial, or is not there. */
async function notAsThere(cluster: SqlServer, server: SqlServer) {
	const tables = await server.rows(
		`SELECT name, engine FROM system.tables WHERE engine IN ('Distributed', 'Null') AND database NOT IN ${ownDatabases}`,
	);
	const databases = await cluster.rows(
		`SELECT name FROM system.databases WHERE name NOT IN ${ownDatabases} AND engine NOT IN ${ofServer}`,
	);
	const word = ({ name }: SqlRow) => new RegExp(`(?<!\\w)${String(name).replace(/[^\w]/g, "\\$&")}(?!\\w)`, "i");
	return {
		remote: tables.filter(({ engine }) => engine === "Distributed").map(word),
		absent: [...tables.filter(({ engine }) => engine === "Null"), ...databases].map(word),
	};
}

const end = /(?:;|\/\*(?:(?!\*\/)[\s\S])*\*\/|--[^\n'"`]*|\bFORMAT\s+\w+)$/i;

/**
 * A query without its format and what may stand behind that, because another format follows.
 *
 * @example explainable("SELECT 1 FORMAT JSON; -- report"); // "SELECT 1"
 */
export function explainable(query: string): string {
	for (let text = query.trimEnd(); ; ) {
		const shorter = text.replace(end, "").trimEnd();
		if (shorter === text) return text;
		text = shorter;
	}
}

/** The name at the end of a server's message, or its number: what stands between may quote the query. */
function errorName(reason: string): string {
	return (
		/\(([A-Z][A-Z0-9_]+)\)[^()]*(?:\(version [^()]*(?:\([^()]*\))?\))?\s*$/.exec(reason)?.[1] ??
		/\bCode: (\d+)/.exec(reason)?.[1] ??
		"unknown"
	);
}
