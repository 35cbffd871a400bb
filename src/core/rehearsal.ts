import type { Failure } from "./cluster";
import { type DbVersion, sameVersion } from "./version";

/** `before`: `pulumi up` rehearses. `required`: a preview without a passed rehearsal is refused, too. `off`: nobody does. */
export const rehearsalPolicies = ["before", "required", "off"] as const;

/** What a version was found to do with one cluster, before any replica was touched. Stored in the cluster's record. */
export interface Rehearsal {
	/** ISO 8601 in UTC. */
	readonly at: string;
	readonly from: DbVersion;
	readonly to: DbVersion;
	/** A digest of what it was about: the artifact of the version, and the cluster's definitions and settings. */
	readonly about: string;
	/** The nodes that hold replicas, or this machine. */
	readonly places: readonly RehearsedPlace[];
	/** Why no server of the version started. */
	readonly failure?: Failure;
	/** Why the version could not be tried at all. */
	readonly leftOut?: string;
	/** Absent if no server started, or if no replica could be asked for its tables. */
	readonly tables?: RehearsedTables;
	/** Why none could be created on the server that started. */
	readonly tablesLeftOut?: string;
	readonly settings?: RehearsedSettings;
	/** Absent if the running version keeps no log of its queries, or has none of the last day. */
	readonly queries?: RehearsedQueries;
}

/** Where replicas run: a node, or this machine. */
export interface RehearsedPlace {
	readonly name: string;
	readonly replicas: readonly string[];
	/** Why the version does not run there. */
	readonly failure?: Failure;
	/** Why it could not be tried there, such as a full node. */
	readonly leftOut?: string;
}

/** How many there are, and the first of them: the record of a cluster has a limit. */
export interface Listed<T> {
	readonly count: number;
	readonly first: readonly T[];
}

const mostListed = 20;
export const listed = <T>(all: readonly T[]): Listed<T> => ({ count: all.length, first: all.slice(0, mostListed) });

/** A table, view, dictionary or function, and the server's reason against it. */
export interface RefusedTable {
	readonly name: string;
	readonly reason: string;
}

export interface RehearsedTables {
	/** How many the version loads, as at its start. */
	readonly loaded: number;
	/** Those that it does not load. */
	readonly refused: Listed<RefusedTable>;
	/** Those that it loads and would not create, as on a replica that joins. */
	readonly notCreated: Listed<RefusedTable>;
	/** How many were not tried: they reach outside the cluster, or contain a secret. */
	readonly skipped: number;
}

/** A setting and its values, as text. */
export interface ChangedDefault {
	readonly name: string;
	readonly from: string;
	readonly to: string;
}

export interface RehearsedSettings {
	/** Set by the cluster, and unknown to the version. */
	readonly unknown: Listed<string>;
	/** Not set by the cluster, and with another default in the version. */
	readonly defaults: Listed<ChangedDefault>;
}

/** A kind of query that the running version plans and the other does not. No text of it is kept. */
export interface FailingQuery {
	/** `normalizedQueryHash` of it, as `system.query_log` shows it. */
	readonly hash: string;
	/** The server's error, by name or number: `UNKNOWN_IDENTIFIER`. */
	readonly error: string;
}

export interface RehearsedQueries {
	readonly planned: number;
	readonly failing: Listed<FailingQuery>;
	/** How many were not tried: planning them would reach outside the cluster. */
	readonly skipped: number;
}

/** What a rehearsal comes to. Tables that do not load are a failure; settings and queries are for people to judge. */
export function outcomeOf({ places, failure, leftOut, tables }: Rehearsal): "passed" | "failed" | "left-out" {
	if (leftOut !== undefined) return "left-out";
	const refused = (tables?.refused.count ?? 0) > 0;
	const fails = refused || failure !== undefined || places.some((place) => place.failure !== undefined);
	return fails ? "failed" : "passed";
}

/** A rehearsal counts for a day: tables and queries change. */
const countsFor = 24 * 60 * 60 * 1000;

/** Why an update may not rely on a rehearsal; `undefined` if it may. */
export type Unrehearsed = "none" | "failed" | "left-out" | "expired";

/** @param now in milliseconds since the epoch. */
export function unrehearsed(rehearsal: Rehearsal | undefined, to: DbVersion, now: number): Unrehearsed | undefined {
	if (rehearsal === undefined || !sameVersion(rehearsal.to, to)) return "none";
	const outcome = outcomeOf(rehearsal);
	if (outcome !== "passed") return outcome;
	return now - Date.parse(rehearsal.at) < countsFor ? undefined : "expired";
}
