import { describe, expect, it } from "vitest";
import type { LocalTables } from "../../../../src/core/holdings";
import type { Pod } from "../../../../src/platforms/kubernetes/api/types";
import { foreseeJoins } from "../../../../src/platforms/kubernetes/ask/lacks";
import { tables } from "../../../build";
import { answered, FakeApi } from "../fake-api";
import { clusterOn, inventoryRows } from "../made";

interface Its {
	/** As in `tables` of test/build.ts. */
	readonly tables: string;
	/** Of those whose rows are unknown, the ones with rows, in the order of the query; `undefined` where it fails. */
	readonly rows?: readonly number[];
	/** Tables whose path has the name of the replica. */
	readonly apart?: readonly string[];
	/** Views, by their names and UUIDs, as servers with and without UUIDs answer. */
	readonly views?: Readonly<Record<string, string>>;
	/** Replicated tables, with whether their path has the macro `shard`. */
	readonly sharded?: Readonly<Record<string, boolean>>;
	readonly uuids?: boolean;
	readonly unready?: boolean;
}

const answerOf = (sql: string, its: Its) => {
	const named = (name: string, more: object = {}) => ({ database: "default", name, ...more });
	if (sql.includes("AS kind")) return answered(...inventoryRows(tables(its.tables)));
	if (sql.includes("AS apart"))
		return answered(
			...Object.entries(its.sharded ?? {}).map(([name, apart]) => named(name, { apart: apart ? "1" : "0" })),
		);
	if (sql.includes("match(create_table_query")) return answered(...(its.apart ?? []).map((name) => named(name)));
	if (sql.includes("system.columns")) return its.uuids ? answered({ name: "uuid" }) : answered();
	if (sql.includes("'MaterializedView'"))
		return answered(
			...Object.entries(its.views ?? {}).map(([name, uuid]) =>
				named(name, { uuid: sql.includes("toString(uuid)") ? uuid : "" }),
			),
		);
	if (its.rows === undefined) return { status: 500, text: "Code: 1. DB::Exception: no" };
	return answered(...its.rows.map((i) => ({ i })));
};

/** What is foreseen of replicas that join, by what the servers there hold. One shard of two replicas unless given. */
async function foreseen(
	servers: Readonly<Record<string, Its>>,
	joining: readonly string[],
	local?: LocalTables,
	size: { readonly shards?: number; readonly replicas?: number } = { shards: 1, replicas: 2 },
) {
	const api = new FakeApi("db");
	const asked = new Set<string>();
	const inventories: string[] = [];
	api.answer = (sql, pod) => {
		asked.add(pod);
		if (sql.includes("AS kind")) inventories.push(pod);
		return answerOf(sql, servers[pod] as Its);
	};
	const cluster = clusterOn(api);
	const pods = Object.entries(servers).map(
		([name, { unready }]): Pod => ({
			metadata: { name, uid: name },
			spec: { containers: [] },
			status: { conditions: [{ type: "Ready", status: unready ? "False" : "True" }] },
		}),
	);
	const places = joining.map((name) => ({ name, ...cluster.place(name) }));
	const stored = { fence: 0, openedBy: {}, opening: {}, ...size };
	const { joins, obstacles } = await foreseeJoins(cluster, stored, pods, places, local);
	const lacks = Object.fromEntries(joins.map(({ name, lacks: its }) => [name, its]));
	return { lacks, obstacles, asked, inventories, refused: obstacles.map(({ property }) => property) };
}

describe("a replica that joins", () => {
	it("gets all that replicates", async () => {
		const { lacks, refused } = await foreseen(
			{ "db-0-0": { tables: "rows@/0/rows view" }, "db-0-1": { tables: "rows@/0/rows view" } },
			["db-0-2"],
		);
		expect({ lacks, refused }).toEqual({ lacks: { "db-0-2": undefined }, refused: [] });
	});

	it.each<[string, Record<string, Its>, string]>([
		[
			"rows that do not replicate",
			{ "db-0-0": { tables: "rows@/0/rows loc=5" } },
			"default.loc (MergeTree) does not replicate.",
		],
		[
			"rows that may be there",
			{ "db-0-0": { tables: "loc=?" } },
			"default.loc (Log) does not replicate, and it may have rows",
		],
		["rows that are there", { "db-0-0": { tables: "loc=?", rows: [0] } }, "default.loc (Log) does not replicate."],
		[
			"a table with a path of each replica",
			{ "db-0-0": { tables: "", apart: ["split"] } },
			"default.split has a different replication path",
		],
		[
			"a table that only some have",
			{ "db-0-0": { tables: "rows@/0/rows" }, "db-0-1": { tables: "rows@/0/rows more@/0/more" } },
			"default.more is missing on some",
		],
	])("would lack %s", async (_, servers, words) => {
		const { lacks, refused, obstacles } = await foreseen(servers, ["db-0-2"]);
		expect({ lacks, refused }).toEqual({ lacks: { "db-0-2": undefined }, refused: ["replicas"] });
		expect(obstacles[0]?.reason).toContain(words.replace(/\.$/, ""));
		expect(obstacles[0]?.reason.includes("may have rows")).toBe(words.includes("may have rows"));
	});

	it.each<[string, Record<string, Its>]>([
		["has no rows", { "db-0-0": { tables: "loc=0 other=?", rows: [] } }],
		["is a table without replication on some", { "db-0-0": { tables: "loc=0" }, "db-0-1": { tables: "view" } }],
		[
			"is on a server that is not ready",
			{ "db-0-0": { tables: "rows@/0/rows" }, "db-0-1": { tables: "loc=5", unready: true } },
		],
		["is of a replica beyond the record", { "db-0-0": { tables: "rows@/0/rows" }, "db-0-2": { tables: "loc=5" } }],
	])("lacks nothing of what %s", async (_, servers) => {
		expect((await foreseen(servers, ["db-0-3"])).refused).toEqual([]);
	});

	it("may lack what is named in update.localTables, and is told of it, and of other tables that it lacks", async () => {
		const servers = { "db-0-0": { tables: "loc=5 scratch.a=1" } };
		expect(await foreseen(servers, ["db-0-2"], ["default.loc", "scratch.*"])).toMatchObject({
			lacks: { "db-0-2": ["default.loc", "scratch.a"] },
			refused: [],
		});
		const some = await foreseen(servers, ["db-0-2"], ["default.loc"]);
		expect(some).toMatchObject({ lacks: { "db-0-2": ["default.loc"] }, refused: ["replicas"] });
		expect(some.obstacles[0]?.reason).toContain('["scratch.a"]');
		expect(some.obstacles[0]?.reason).not.toContain("default.loc");
	});

	it("lacks the view whose hidden table has the rows, by its name or its UUID", async () => {
		const view = { uuids: true, views: { daily: "u-1", hourly: "u-2" } };
		for (const [its, name] of [
			[{ ...view, tables: ".inner_id.u-1=3" }, "default.daily"],
			[{ ...view, tables: ".inner.hourly=3" }, "default.hourly"],
			[{ ...view, uuids: false, tables: ".inner.daily=3" }, "default.daily"],
			[{ ...view, tables: "loc=1 .inner_id.u-2=3" }, "default.hourly"],
		] as const) {
			const { obstacles } = await foreseen({ "db-0-0": its }, ["db-0-2"]);
			expect(obstacles[0]?.reason).toContain(`${name} (`);
		}
	});

	it("is refused by five tables, and the number of others", async () => {
		const names = (count: number) => Array.from({ length: count }, (_, index) => `t${index}=1`).join(" ");
		const reason = async (count: number) =>
			(await foreseen({ "db-0-0": { tables: names(count) } }, ["db-0-2"])).obstacles[0]?.reason ?? "";
		expect((await reason(5)).match(/default\.t\d \(/g)).toHaveLength(5);
		expect(await reason(5)).not.toContain("more tables");
		expect((await reason(7)).match(/default\.t\d \(/g)).toHaveLength(5);
		expect(await reason(7)).toContain("and 2 more tables");
		// In the order of their names, whoever holds them.
		const two = await foreseen({ "db-0-0": { tables: "z=1 a=1" }, "db-0-1": { tables: "m=1" } }, ["db-0-2"]);
		expect(two.obstacles[0]?.reason.match(/default\.\w(?= \()/g)).toEqual(["default.a", "default.m", "default.z"]);
	});

	it("is told one reason for each table, by asking each server once", async () => {
		const servers = { "db-0-0": { tables: "loc=5", apart: ["loc"] } };
		const { obstacles, inventories } = await foreseen(servers, ["db-0-2", "db-0-3"]);
		expect(obstacles[0]?.reason.match(/default\.loc \S+/g)).toEqual(["default.loc (MergeTree)"]);
		expect(inventories).toEqual(["db-0-0"]);
	});

	it("is compared with its own shard only", async () => {
		const servers = { "db-0-0": { tables: "loc=5" }, "db-1-0": { tables: "rows@/1/rows" } };
		const size = { shards: 2, replicas: 1 };
		expect((await foreseen(servers, ["db-1-1"], undefined, size)).refused).toEqual([]);
		const { obstacles } = await foreseen(servers, ["db-0-1", "db-1-1"], undefined, size);
		expect(obstacles[0]?.reason).toMatch(/^db-0-1 would/);
		const both = await foreseen({ ...servers, "db-1-0": { tables: "x=1" } }, ["db-0-1", "db-1-1"], undefined, size);
		expect(both.obstacles[0]?.reason).toMatch(/^db-0-1, db-1-1 would/);
	});
});

describe("a new shard", () => {
	const refused = async (sharded: Record<string, boolean>, local?: LocalTables, servers: Record<string, Its> = {}) =>
		(await foreseen({ "db-0-0": { tables: "loc=5", sharded }, ...servers }, ["db-1-0"], local)).refused;

	it("is meant to have no rows", async () => {
		expect(await refused({})).toEqual([]);
	});

	it("would be a copy of the others where no table has the macro shard in its path", async () => {
		expect(await refused({ a: false })).toEqual(["shards"]);
		expect(await refused({ a: false, b: true })).toEqual([]);
		expect(await refused({ a: false }, ["default.a"])).toEqual([]);
		expect(await refused({ a: false, b: true }, ["default.b"])).toEqual(["shards"]);
	});

	it("is judged by a member that is ready, and only where there is one", async () => {
		const servers = { "db-0-0": { tables: "", sharded: { a: false }, unready: true } };
		expect(await foreseen(servers, ["db-1-0"])).toMatchObject({ refused: [], asked: new Set() });
		const two = await foreseen({ ...servers, "db-0-1": { tables: "", sharded: { a: false } } }, ["db-1-0"]);
		expect(two).toMatchObject({ refused: ["shards"], asked: new Set(["db-0-1"]) });
		const stranger = { "db-0-7": { tables: "", sharded: { a: false } } };
		expect((await foreseen(stranger, ["db-1-0"])).refused).toEqual([]);
	});

	it("is new where the record says no size", async () => {
		const servers = { "db-0-0": { tables: "", sharded: { a: false } } };
		expect((await foreseen(servers, ["db-1-0"], undefined, {})).refused).toEqual(["shards"]);
		expect((await foreseen(servers, ["db-0-1"], undefined, {})).refused).toEqual([]);
	});

	it("is no matter where only replicas join; where both join, both are refused", async () => {
		const servers = { "db-0-0": { tables: "loc=5", sharded: { a: false } } };
		expect((await foreseen(servers, ["db-0-2"])).refused).toEqual(["replicas"]);
		expect((await foreseen(servers, ["db-0-2", "db-1-0"])).refused).toEqual(["shards", "replicas"]);
	});
});
