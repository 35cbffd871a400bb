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

export function digestOf({ tables }: Holdings, local?: LocalTables): HeldDigest {
	const counted = tables.filter((table) => !isLocal(table, local));
	const lines = counted.map((table) => JSON.stringify([tableName(table), table.engine, table.path ?? ""])).sort();
	const hash = createHash("sha256").update(lines.join("\n"));
	return {
		tables: counted.length,
		digest: hash.digest("hex").slice(0, 32),
		...(local !== undefined && local.length > 0 && { localTables: local }),
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
	/** What an earlier process stored with the cluster. */
	readonly digest?: HeldDigest;
}

/** The count is more than the names if only an earlier process knew them. */
export type Missing = Pick<Extract<RollStop["cause"], { kind: "data-missing" }>, "tables" | "count" | "elsewhere">;

/**
 * What a replica that came back lacks, of what it had and of what the others of its shard hold.
 *
 * @returns `undefined` if it lacks nothing.
 */
export function missingFrom(
	now: Holdings,
	before: Before,
	others: readonly { readonly name: string; readonly holds: Holdings }[],
	local?: LocalTables,
): Missing | undefined {
	const found = new Map<string, string | undefined>();
	const note = (tables: readonly HeldTable[], where?: string) => {
		for (const table of tables) found.set(tableName(table), where ?? found.get(tableName(table)));
	};
	if (before.holds !== undefined) note(lostSince(before.holds, now, local));
	for (const { name, holds } of others) note(lackedBy(now, holds, local), name);
	const fewer = fewerThan(before.digest, digestOf(now, local));
	const count = Math.max(found.size, fewer);
	if (count <= 0) return undefined;
	const tables = [...found.keys()].sort();
	const elsewhere = found.get(tables[0] ?? "");
	return { tables: tables.slice(0, 5), count, ...(elsewhere !== undefined && { elsewhere }) };
}
