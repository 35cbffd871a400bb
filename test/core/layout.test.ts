import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Placed, toldOf, toldOtherwise } from "../../src/core/layout";
import { holdings } from "../arbitrary";
import { cluster, tables } from "../build";

/** What one server says: its tables as `tables` reads them, its macro `shard` behind a `#`. */
function server(text: string, clusters: Record<string, string> = {}) {
	const [held = "", shard] = text.split("#");
	const known = Object.entries(clusters).map(([name, hosts]) => [
		name,
		hosts.split("/").map((shard) => shard.trim().split(" ")),
	]);
	return {
		tables: tables(held.trim()),
		layout: { ...(shard !== undefined && { shard: shard.trim() }), clusters: Object.fromEntries(known) },
	};
}

/** Declared shards, each the servers of its replicas, which are named a, b, c, ... */
function placed(...shards: ReturnType<typeof server>[][]): Placed[] {
	const names = [..."abcdefgh"];
	return shards.flatMap((servers, shard) => servers.map((holds) => ({ name: names.shift() ?? "", shard, holds })));
}

const told = (replicas: Placed[], local?: string[]) =>
	toldOtherwise(
		replicas,
		replicas.map(({ name }) => name),
		local,
	);
const shardsOf = (replicas: Placed[], local?: string[]) =>
	told(replicas, local)
		?.shards.map((names) => names.join(" "))
		.join(" / ");

const one = (...servers: string[]) => placed(servers.map((text) => server(text)));
const each = (...servers: string[]) => placed(...servers.map((text) => [server(text)]));

describe("replicas that are declared as one shard", () => {
	test.each([
		["share a path", one("t@/0/t", "t@/0/t"), undefined],
		["have no table", one("", ""), undefined],
		["have none of the same name that replicates", one("t@/0/t", "u@/0/u t=1"), undefined],
		["share no path", one("t@/0/t", "t@/1/t"), "a / b"],
		["share no path, whatever the macro says", one("t@/0/t #1", "t@/1/t #1"), "a / b"],
		["share a path, whatever the macro says", one("t@/t #0", "t@/t #1"), undefined],
		["share some paths and not others, and the macro is the same", one("t@/0/t d@/d #1", "t@/1/t d@/d #1"), undefined],
		["share some paths and not others, and the macro differs", one("t@/0/t d@/d #0", "t@/1/t d@/d #1"), "a / b"],
		["have no table, and the macro differs", one("#0", "#1"), "a / b"],
		["have no table, and one has no macro", one("#0", ""), undefined],
		["have no table, and the other has no macro", one("", "#0"), undefined],
		["have one that replicates on one of them only", one("t=1", "t@/0/t"), undefined],
		["show whose copy one is by another table than the first's", one("u@/0/u", "t@/1/t u@/1/u", "t@/1/t"), "a / b c"],
		["show that of one of several", one("u@/0/u", "t@/1/t u@/1/u", "u@/1/u w@/1/w", "t@/1/t"), "a / b c d"],
		["are three shards of one", one("t@/0/t", "t@/1/t", "t@/2/t"), "a / b / c"],
		["are two shards, interleaved", one("t@/0/t", "t@/1/t", "t@/0/t", "t@/1/t"), "a c / b d"],
		["are of different sizes", one("t@/0/t", "t@/1/t", "t@/0/t"), "a c / b"],
		["one of them is empty, and stays where it was declared", one("t@/0/t", "", "t@/1/t"), "a b / c"],
	])("%s", (_, replicas, expected) => expect(shardsOf(replicas)).toBe(expected));

	test("tables that differ on purpose do not count", () => {
		expect(shardsOf(one("t@/0/t", "t@/1/t"), ["default.t"])).toBeUndefined();
		expect(shardsOf(one("t@/0/t loc@/l", "t@/1/t loc@/l"), ["default.*"])).toBeUndefined();
		expect(shardsOf(one("t@/0/t loc@/l", "t@/1/t loc@/l"), ["default.loc"])).toBe("a / b");
	});
});

describe("replicas that are declared as different shards", () => {
	test.each([
		["have tables of their own", each("t@/0/t #0", "t@/1/t #1"), undefined],
		["have none, and no macro", each("", ""), undefined],
		["share every path", each("t@/t", "t@/t"), "a b"],
		["share every path, and the macro", each("t@/t #1", "t@/t #1"), "a b"],
		["share every path, and the macro tells them apart", each("d@/d #0", "d@/d #1"), undefined],
		["share some paths and not others", each("t@/0/t d@/d", "t@/1/t d@/d"), undefined],
		["have tables of their own, and a macro that nobody uses", each("t@/0/t #1", "t@/1/t #1"), undefined],
		["have no table that replicates, and the same macro", each("#1", "#1"), "a b"],
	])("%s", (_, replicas, expected) => expect(shardsOf(replicas)).toBe(expected));

	test("of which nothing is known stay apart", () => {
		expect(shardsOf(placed([server("t@/0/t"), server("t@/1/t")], [server("")]))).toBe("a / b / c");
	});

	test("two StatefulSets that each hold a replica of either shard", () => {
		const sets = placed([server("t@/0/t"), server("t@/1/t")], [server("t@/0/t"), server("t@/1/t")]);
		expect(shardsOf(sets)).toBe("a c / b d");
	});
});

describe("the clusters that servers know", () => {
	const both = (clusters: Record<string, string>) => placed([server("", clusters), server("", clusters)]);
	const alone = (clusters: Record<string, string>) => placed([server("", clusters)], [server("", clusters)]);
	test.each([
		["one that fits", both({ db: "a b" }), undefined],
		["one that does not", both({ db: "a / b" }), "a / b"],
		["of several one that fits", both({ sharded: "a / b", replicated: "a b" }), undefined],
		["of several none that fits", both({ sharded: "a / b", again: "b / a" }), "a / b"],
		["one of other hosts", both({ db: "a / c" }), undefined],
		["one of some of them", both({ db: "a" }), undefined],
		["one of more hosts", both({ db: "a / b / c" }), undefined],
		["one that names a host twice", both({ db: "a / b / a" }), undefined],
		["one that has different shards as one", alone({ db: "a b" }), "a b"],
		["one that has them apart, as declared", alone({ db: "a / b", all: "a b" }), undefined],
		[
			"one that fits some of them",
			placed([server("", { db: "a b / c d" }), server("")], [server("")], [server("")]),
			"a b / c d",
		],
	])("%s", (_, replicas, expected) => expect(shardsOf(replicas)).toBe(expected));

	test("tables and macros are believed first", () => {
		const clusters = { db: "a / b" };
		expect(shardsOf(placed([server("t@/t", clusters), server("t@/t", clusters)]))).toBeUndefined();
		expect(shardsOf(placed([server("#1", clusters), server("#1", clusters)]))).toBeUndefined();
	});

	test("a replica that was not asked is one of those that a definition has to name", () => {
		expect(toldOtherwise(both({ db: "a / b" }), ["a", "b", "c"])).toBeUndefined();
		expect(toldOtherwise(both({ db: "a / b / c" }), ["a", "b", "c"])?.shards).toEqual([["a"], ["b"]]);
	});
});

test.each([
	[one("u@/u t@/0/t", "t@/1/t"), { by: "paths", table: "default.t", paths: ["/0/t", "/1/t"] }],
	[one("#0", "#1"), { by: "macro", values: ["0", "1"] }],
	[placed([server("", { db: "a / b" }), server("")]), { by: "clusters", cluster: "db" }],
])("says which two are not as declared, and by what: %#", (replicas, evidence) => {
	expect(told(replicas)).toMatchObject({ pair: ["a", "b"], apart: true, evidence });
	expect(told(each("t@/t", "t@/t"))).toMatchObject({ pair: ["a", "b"], apart: false });
});

test("says which two are not as declared, though others are", () => {
	expect(told(one("t@/0/t", "t@/0/t", "t@/1/t"))).toMatchObject({ pair: ["a", "c"], shards: [["a", "b"], ["c"]] });
});

test("of an observed cluster those are compared that could say, and definitions have to name all", () => {
	const apart = { db: [["analytics-0-0"], ["analytics-0-1"]] };
	const says = { holds: { tables: [], layout: { clusters: apart } } };
	const but = { "0-0": says, "0-1": { holds: { tables: [] } } };
	expect(toldOf(cluster("1.8.0 1.8.0", { but }), undefined)?.shards).toEqual(apart.db);
	expect(toldOf(cluster("1.8.0 1.8.0 1.8.0", { but }), undefined)).toBeUndefined();
	const all = { holds: { tables: [], layout: { clusters: { db: [...apart.db, ["analytics-0-2"]] } } } };
	expect(toldOf(cluster("1.8.0 1.8.0 1.8.0", { but: { ...but, "0-0": all } }), undefined)?.shards).toEqual(apart.db);
	const own = { "0-0": { holds: { tables: tables("t@/0/t") } }, "0-1": { holds: { tables: tables("t@/1/t") } } };
	expect(toldOf(cluster("1.8.0 1.8.0", { but: own }), undefined)?.evidence).toMatchObject({ by: "paths" });
	expect(toldOf(cluster("1.8.0 1.8.0", { but: own }), ["default.t"])).toBeUndefined();
});

const names = ["analytics-0-0", "analytics-0-1", "analytics-1-0", "analytics-1-1", "analytics-2-0"];
const grouped = (shardOf: [name: string, shard: number][]) =>
	[...new Set(shardOf.map(([, shard]) => shard))].map((shard) =>
		shardOf.filter((its) => its[1] === shard).map(([name]) => name),
	);
const layouts = fc
	.array(fc.tuple(fc.nat(2), holdings), { maxLength: names.length })
	.map((all) => all.map(([shard, holds], index): Placed => ({ name: names[index] ?? "", shard, holds })));

describe("of anything that servers say", () => {
	test("every replica is in one shard, and the layout is not the declared one", () => {
		fc.assert(
			fc.property(layouts, fc.subarray(["default.loc", "shop.*"]), (replicas, local) => {
				const found = told(replicas, local);
				if (found === undefined) return;
				expect(found.shards.flat().sort()).toEqual(replicas.map(({ name }) => name).sort());
				const declared = grouped(replicas.map(({ name, shard }) => [name, shard]));
				const sets = (groups: readonly (readonly string[])[]) => groups.map((group) => [...group].sort().join()).sort();
				expect(sets(found.shards)).not.toEqual(sets(declared));
			}),
		);
	});

	test("servers that are at one with each other tell what they are, whatever is declared", () => {
		const place = fc.record({ declared: fc.nat(2), truly: fc.nat(2) });
		const places = fc.array(place, { minLength: 1, maxLength: names.length });
		fc.assert(
			fc.property(places, fc.boolean(), fc.boolean(), (all, hasMacro, hasDimension) => {
				// A table that is alike everywhere leaves only the macro to tell the shards by.
				const replicas = all.map(({ declared, truly }, index): Placed => {
					const text = `t@/${truly}/t${hasDimension && hasMacro ? " d@/d" : ""}${hasMacro ? ` #${truly}` : ""}`;
					return { name: names[index] ?? "", shard: declared, holds: server(text) };
				});
				const by = (key: "declared" | "truly") =>
					grouped(all.map((its, index) => [names[index] ?? "", its[key]]))
						.map((group) => group.join(" "))
						.join(" / ");
				expect(shardsOf(replicas)).toBe(by("declared") === by("truly") ? undefined : by("truly"));
			}),
		);
	});

	test("replicas of one declared shard that share no path are never taken for copies of each other", () => {
		fc.assert(
			fc.property(layouts, (replicas) => {
				const found = told(replicas)?.shards;
				for (const a of replicas)
					for (const b of replicas) {
						if (a === b || a.shard !== b.shard) continue;
						const common = a.holds.tables.flatMap((table) => {
							const other = b.holds.tables.find((it) => it.database === table.database && it.name === table.name);
							return table.path !== undefined && other?.path !== undefined ? [other.path === table.path] : [];
						});
						if (common.length === 0 || common.includes(true)) continue;
						expect(found?.some((names) => names.includes(a.name) && names.includes(b.name))).toBe(false);
					}
			}),
		);
	});
});
