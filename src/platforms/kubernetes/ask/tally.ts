import { ifKnown } from "../../../control/errors";
import type { QueryTally } from "../../../core/canary-queries";
import { kept } from "../render/shape";
import type { Cluster } from "./cluster";
import { notOurs, type Server } from "./server";

/** How clients' queries ended lately, by a replica's own log; `undefined` if it can't be asked or keeps none. */
export async function tally(cluster: Cluster, replica: string, seconds: number): Promise<QueryTally | undefined> {
	cluster.place(replica);
	const pod = await cluster.pod(replica);
	return ifKnown(() => cluster.ask(pod, kept(cluster.given), (server) => queryTally(server, seconds)));
}

/**
 * By `system.query_log`. Not by counters: those of `system.events` don't tell clients' queries from ours and from those
 * of other servers, those of `system.errors` count what merges and fetches ran into as well, and ClickHouse 18.16 has
 * neither. Code and name are read from the text, because old logs have no column for the code, and old servers no function
 * for its name. Of the types 1 is the start of a query and 2 its end; old logs have no names for them.
 * The log's dates are of the server's time zone, and ours of the user's profile, which may be a day ahead.
 */
export async function queryTally(server: Pick<Server, "rows">, seconds: number): Promise<QueryTally> {
	const since = `now() - ${Math.ceil(seconds)}`;
	const rows = await server.rows(
		`SELECT toInt8(type) = 2 AS finished, toUInt32OrZero(extract(exception, 'Code: ([0-9]+)')) AS code, any(extract(exception, '.*[(]([A-Z][A-Z0-9_]+)[)]')) AS error, count() AS queries FROM system.query_log WHERE event_date >= toDate(${since}) - 1 AND event_time >= ${since} AND toInt8(type) != 1 AND is_initial_query AND ${notOurs} GROUP BY finished, code`,
	);
	const ended = rows.map(({ finished, code, error, queries }) => ({
		finished: Number(finished) !== 0,
		code: Number(code),
		...(error !== "" && { name: String(error) }),
		queries: Number(queries),
	}));
	return {
		queries: ended.reduce((sum, { queries }) => sum + queries, 0),
		failed: ended.filter(({ finished }) => !finished).map(({ finished: _, ...failed }) => failed),
	};
}
