import { createHash } from "node:crypto";
import type { HeldDigest } from "../control/record";
import {
	type HeldTable,
	type Holdings,
	isLocal,
	type LocalTables,
	lackedBy,
	lostSince,
	tableName,
} from "../core/holdings";
import type { RollStop } from "./events";

/** What one replica holds. */
export interface Held {
	readonly name: string;
	readonly holds: Holdings;
}

/** Which of the others hold all that a replica holds. */
export const holdAll = (holds: Holdings, theirs: readonly Held[], local?: LocalTables): string[] =>
	theirs.filter((other) => lackedBy(other.holds, holds, local).length === 0).map(({ name }) => name);

/** @param others Those that hold all of it, too. */
export function digestOf({ tables }: Holdings, local?: LocalTables, others: readonly string[] = []): HeldDigest {
	const counted = tables.filter((table) => !isLocal(table, local));
	const lines = counted.map((table) => JSON.stringify([tableName(table), table.engine, table.path ?? ""])).sort();
	const hash = createHash("sha256").update(lines.join("\n"));
	return {
		tables: counted.length,
		digest: hash.digest("hex").slice(0, 32),
		...(local !== undefined && local.length > 0 && { localTables: local }),
		...(others.length > 0 && { others }),
	};
}

/** How many tables are missing; if other tables are left out now than then, the number says nothing. */
function fewerThan(had: HeldDigest | undefined, has: HeldDigest): number {
	if (had === undefined) return 0;
	const comparable = (had.localTables ?? []).join() === (has.localTables ?? []).join();
	return comparable ? Math.max(0, had.tables - has.tables) : 0;
}

export interface Before {
	/** If this process asked it. */
	readonly holds?: Holdings;
	/** What the others held at the same time. */
	readonly theirs?: readonly Held[];
	/** What an earlier process stored with the cluster. */
	readonly digest?: HeldDigest;
}

/** The count is more than the names if only an earlier process knew them. */
export type Missing = Pick<Extract<RollStop["cause"], { kind: "data-missing" }>, "tables" | "count" | "elsewhere">;

/**
 * What a replica that came back lacks, of what it had and of what the others of its shard hold. A table that one of them
 * had, too, and none has any more was dropped or renamed meanwhile, as by `DROP TABLE ... ON CLUSTER`.
 *
 * @returns `undefined` if it lacks nothing.
 */
export function missingFrom(
	now: Holdings,
	before: Before,
	others: readonly Held[],
	local?: LocalTables,
): Missing | undefined {
	const found = new Map<string, string | undefined>();
	const note = (tables: readonly HeldTable[], where?: string) => {
		for (const table of tables) found.set(tableName(table), where ?? found.get(tableName(table)));
	};
	const answering = others.map(({ name }) => name);
	const had = before.theirs?.filter(({ name }) => answering.includes(name)) ?? [];
	const isDropped = (table: HeldTable) => isWith(had, table) && !isWith(others, table);
	if (before.holds !== undefined) note(lostSince(before.holds, now, local).filter((table) => !isDropped(table)));
	for (const { name, holds } of others) note(lackedBy(now, holds, local), name);
	const isShown = before.digest?.others?.some((name) => answering.includes(name)) === true;
	const fewer = isShown ? 0 : fewerThan(before.digest, digestOf(now, local));
	const count = Math.max(found.size, fewer);
	if (count <= 0) return undefined;
	const tables = [...found.keys()].sort();
	const elsewhere = found.get(tables[0] ?? "");
	return { tables: tables.slice(0, 5), count, ...(elsewhere !== undefined && { elsewhere }) };
}

const isWith = (replicas: readonly Held[], { path, ...table }: HeldTable): boolean =>
	replicas.some(({ holds }) => holds.tables.some((its) => tableName(its) === tableName(table) && its.path === path));
