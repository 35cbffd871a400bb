import { expect, test } from "vitest";
import { readInventory } from "../../../../src/platforms/kubernetes/ask/inventory";

const table = (b: string, c: string, n = 0, a = "d") => ({ kind: "table", a, b, c, d: "", n });
const rows = (b: string, n: number, a = "d") => ({ kind: "rows", a, b, c: "", d: "", n });

test("what a refresh or a replacement has while it runs is held by nobody", () => {
	const passing = [".tmp.inner_id.5e8f", ".tmp.inner.v", "_tmp_replace_12ab_34cd"].map((name) =>
		table(name, "MergeTree"),
	);
	const { tables } = readInventory([table("t", "MergeTree"), ...passing, rows(".tmp.inner_id.5e8f", 5)]);
	expect(tables).toEqual([{ database: "d", name: "t", engine: "MergeTree", rows: 0 }]);
});

test("of a view that is filled anew on a schedule no number of rows is remembered", () => {
	const inner = ".inner_id.5e8f";
	const its = [table(inner, "MergeTree"), rows(inner, 9)];
	const of = (...more: object[]) =>
		readInventory([...its, ...more] as never).tables.find(({ name }) => name === inner)?.rows;
	expect(of(table("v", "MaterializedView", 1))).toBeNull();
	expect(of(table("v", "MaterializedView", 0))).toBe(9);
	expect(of(table("v", "MaterializedView", 1, "other"))).toBe(9);
});

test("of a table whose rows fall by themselves no number is remembered", () => {
	const of = (...more: object[]) => readInventory([table("t", "MergeTree"), ...more] as never).tables[0]?.rows;
	const falls = { kind: "falls", a: "d", b: "t", c: "", d: "", n: 0 };
	expect(of(rows("t", 9))).toBe(9);
	expect(of(rows("t", 9), falls)).toBeNull();
	expect(of(rows("t", 9), { ...falls, b: "other" })).toBe(9);
	// Patches of some rows are counted as rows.
	expect(of({ ...rows("t", 9), d: "1" })).toBeNull();
	expect(of({ ...rows("t", 9), d: "0" })).toBe(9);
	expect(of(rows("t", 0), falls)).toBe(0);
});
