import { expect, test } from "vitest";
import { digestOfSettings, trySettings } from "../../src/rehearsal/settings";
import { ScriptedServer } from "./server";

type Values = Readonly<Record<string, string | { readonly set: string }>>;

/** A server with settings of queries, and of MergeTree tables. */
function serverWith(queries: Values, mergeTree: Values = {}): ScriptedServer {
	const rows = (values: Values) =>
		Object.entries(values).map(([name, value]) =>
			typeof value === "string" ? { name, value, changed: 0 } : { name, value: value.set, changed: 1 },
		);
	return new ScriptedServer((sql) => {
		if (sql.includes("groupBitXor")) return [{ digest: sql.includes("merge_tree") ? "2" : "1" }];
		return rows(sql.includes("merge_tree_settings") ? mergeTree : queries);
	});
}

test("names what the cluster sets and the version does not know, and no default that it does not know", async () => {
	const before = serverWith({ gone: { set: "1" }, silent: "1" }, { gone: { set: "1" } });
	expect(await trySettings(before, serverWith({}))).toEqual({
		unknown: { count: 2, first: ["gone", "merge_tree.gone"] },
		defaults: { count: 0, first: [] },
	});
});

test("names changed defaults, and none that either configuration sets", async () => {
	const before = serverWith({ a: "1", b: { set: "1" }, c: "1", same: "1" }, { a: "3" });
	const after = serverWith({ a: "2", b: "2", c: { set: "2" }, same: "1", added: "1" }, { a: "4" });
	expect((await trySettings(before, after)).defaults).toEqual({
		count: 2,
		first: [
			{ name: "a", from: "1", to: "2" },
			{ name: "merge_tree.a", from: "3", to: "4" },
		],
	});
});

test.each([
	["auto(4)", "auto(8)"],
	["'auto(4)'", "auto(2)"],
	["auto", "'auto(4)'"],
	["lz4", "LZ4"],
])("%s and %s are one value", async (from, to) => {
	expect((await trySettings(serverWith({ a: from }), serverWith({ a: to }))).defaults.count).toBe(0);
});

test("an automatic value and a number are two", async () => {
	const { defaults } = await trySettings(serverWith({ a: "'auto(4)'" }), serverWith({ a: "4" }));
	expect(defaults.first).toEqual([{ name: "a", from: "auto", to: "4" }]);
});

test("the digest is about both kinds", async () => {
	expect(await digestOfSettings(serverWith({}))).toBe("1 2");
});
