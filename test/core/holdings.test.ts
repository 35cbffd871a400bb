import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { forgets, isLocal, isTransient, lackedBy, lostSince, tableName, uncopied } from "../../src/core/holdings";
import { holdings } from "../arbitrary";
import { tables } from "../build";

const of = (text: string) => ({ tables: tables(text) });
const names = (found: readonly { database: string; name: string }[]) => found.map(tableName).join(" ");

describe("what one replica lacks of another", () => {
	test.each([
		["nothing, where both have the same", "a@/0/a b=1 v", "a@/0/a b=1 v", ""],
		["nothing, where it has more", "a@/0/a b=1", "a@/0/a", ""],
		["rows that do not replicate are each one's own", "b=1", "b=900", ""],
		["a table that is not there", "a@/0/a", "a@/0/a b=0", "default.b"],
		["a view that is not there", "a@/0/a", "a@/0/a shop.v", "shop.v"],
		["one of the same name that replicates with others", "a@/1/a", "a@/0/a", "default.a"],
		["one of the same name that does not replicate", "a=7", "a@/0/a", "default.a"],
		["one of the same name of another engine", "a", "a=7", "default.a"],
		["a view's own table, which the view stands for", "v", "v .inner_id.1=5", ""],
		["all, where it is empty", "", "a@/0/a b=0", "default.a default.b"],
	])("%s", (_, its, theirs, lacks) => expect(names(lackedBy(of(its), of(theirs)))).toBe(lacks));

	test.each([
		["AzureBlobStorage", "Azure"],
		["Iceberg", "IcebergS3"],
		["View", "Distributed"],
	])("nothing, where one shows %s as %s: versions rename the engines of what is elsewhere", (one, other) => {
		const its = (engine: string) => ({ tables: [{ database: "lake", name: "events", engine }] });
		expect(lackedBy(its(one), its(other))).toEqual([]);
		expect(lackedBy(its(other), its(one))).toEqual([]);
	});

	test("one of another engine that has the same path", () => {
		const its = (engine: string) => ({ tables: [{ database: "shop", name: "rows", engine, path: "/rows" }] });
		const lacked = lackedBy(its("ReplicatedMergeTree"), its("ReplicatedSummingMergeTree"));
		expect(names(lacked)).toBe("shop.rows");
	});

	test("but what differs on purpose", () => {
		expect(names(lackedBy(of(""), of("loc=1 a@/0/a scratch.x=1"), ["default.loc", "scratch.*"]))).toBe("default.a");
	});
});

test.each([
	["default.loc", true],
	["default.*", true],
	["default.lo", false],
	["other.loc", false],
	["*.loc", false],
])("default.loc is local by %j: %s", (pattern, expected) => {
	expect(isLocal({ database: "default", name: "loc" }, [pattern])).toBe(expected);
});

test("rows that no other replica has are those that do not replicate, where there are some or nobody can tell", () => {
	expect(names(uncopied(of("a@/0/a v empty=0 some=3 unknown=?")))).toBe("default.some default.unknown");
});

describe("what a replica has lost", () => {
	test.each([
		["nothing", "a@/0/a b=1 c=?", "a@/0/a b=1 c=?", ""],
		["nothing, where it has more now", "a@/0/a b=1", "a@/0/a b=9 c=1", ""],
		["everything", "a@/0/a b=1 v", "", "default.a default.b default.v"],
		["rows", "b=5", "b=4", "default.b"],
		["all rows", "b=5", "b=0", "default.b"],
		["rows of which nobody knew how many there were", "b=?", "b=0", "default.b"],
		["not known", "b=5", "b=?", ""],
		["nothing, where a table without rows has taken the place of a view", "v", "v=0", ""],
		["a table that replicates with others now", "a@/0/a", "a@/1/a", "default.a"],
	])("%s", (_, before, now, lost) => expect(names(lostSince(of(before), of(now)))).toBe(lost));

	test("the rows of a Memory table end with every restart", () => {
		const memory = { database: "default", name: "m", engine: "Memory" };
		expect(forgets({ ...memory, rows: 5 })).toBe(true);
		expect(lostSince({ tables: [{ ...memory, rows: 5 }] }, { tables: [{ ...memory, rows: 0 }] })).toEqual([]);
		expect(names(lostSince({ tables: [{ ...memory, rows: 5 }] }, { tables: [] }))).toBe("default.m");
	});

	test("but what differs on purpose", () => {
		expect(lostSince(of("loc=5 scratch.x=1"), of(""), ["default.loc", "scratch.*"])).toEqual([]);
	});
});

test("whoever lacks nothing of another holds all of its names, and nobody lacks anything of itself", () => {
	fc.assert(
		fc.property(holdings, holdings, (one, other) => {
			expect(lackedBy(one, one)).toEqual([]);
			expect(lostSince(one, one)).toEqual([]);
			const lacking = lackedBy(one, other).map(tableName);
			for (const table of other.tables)
				expect(
					lacking.includes(tableName(table)) ||
						table.name.startsWith(".inner") ||
						one.tables.some((its) => tableName(its) === tableName(table)),
				).toBe(true);
		}),
	);
});

test.each([
	[".tmp.inner_id.1", true],
	[".tmpinner_id.1", true],
	["_tmp_replace_1", true],
	["events_tmp_replace_1", false],
	["events", false],
])("a server has %s only while it works on another table: %s", (name, is) => expect(isTransient({ name })).toBe(is));
