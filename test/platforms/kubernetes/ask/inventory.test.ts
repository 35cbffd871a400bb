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
