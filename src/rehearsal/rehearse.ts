import { createHash } from "node:crypto";
import type { Rehearse } from "../control/port";
import { type SqlServer, type Trial, TrialEnded } from "../control/trial";
import { type Rehearsal, unrehearsed } from "../core/rehearsal";
import { type DbVersion, sameVersion } from "../core/version";
import { definitionsOf, digestOfDefinitions } from "./definitions";
import { tryQueries } from "./queries";
import { digestOfSettings, trySettings } from "./settings";
import { tryTables } from "./tables";

export interface RehearsalOf {
	readonly from: DbVersion;
	readonly to: DbVersion;
	/** How many kinds of queries are planned; `update.rehearsal.queries`. */
	readonly queries: number;
	/** Also if the last rehearsal passed, is younger than a day and was about the same. */
	readonly again?: boolean;
	/** In milliseconds since the epoch. */
	readonly now: number;
}

/**
 * Finds out what an update would do to one cluster, on a server beside it: whether the version starts on every node with
 * the cluster's settings, loads its tables, knows its settings and plans its queries. Touches nothing of the cluster. Of
 * a stopped cluster, and where the version stays, only the start is tried.
 *
 * @throws PlatformError if the platform fails in between: then nothing is known.
 * @example await control.rehearse(claim, to, 300, rehearsing({ from, to, queries: 200, now: Date.now() }));
 */
export function rehearsing({ from, to, queries, again = false, now }: RehearsalOf): Rehearse {
	return async (trial, last) => {
		const about = await aboutOf(trial);
		if (!again && last?.about === about && unrehearsed(last, to, now) === undefined) return undefined;
		const { places, failure, server, leftOut, tablesLeftOut } = await trial.start();
		const start: Rehearsal = {
			at: new Date(now).toISOString(),
			from,
			to,
			about,
			places,
			...(failure && { failure }),
			...(leftOut !== undefined && { leftOut }),
			...(tablesLeftOut !== undefined && { tablesLeftOut }),
		};
		const { cluster } = trial;
		if (server === undefined || cluster === undefined || sameVersion(from, to)) return start;
		try {
			return { ...start, ...(await compare(cluster, server, queries)) };
		} catch (error) {
			if (error instanceof TrialEnded) return { ...start, failure: error.failure };
			throw error;
		}
	};
}

async function compare(cluster: SqlServer, server: SqlServer, queries: number) {
	// Before there are any tables: some settings change with the first.
	const settings = await trySettings(cluster, server);
	const tables = await tryTables(cluster, server, await definitionsOf(cluster));
	const planned = await tryQueries(cluster, server, queries);
	return { tables, settings, ...(planned && { queries: planned }) };
}

async function aboutOf({ artifact, cluster }: Trial): Promise<string> {
	const its = cluster && (await Promise.all([digestOfDefinitions(cluster), digestOfSettings(cluster)]));
	return createHash("sha256")
		.update(JSON.stringify([artifact, its]))
		.digest("hex")
		.slice(0, 32);
}
