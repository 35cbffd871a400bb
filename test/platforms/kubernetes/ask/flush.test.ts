import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engineArguments, flush, unsendable } from "../../../../src/platforms/kubernetes/ask/flush";
import type { Server } from "../../../../src/platforms/kubernetes/ask/server";
import { versions } from "../../local/place";
import { BareEngine } from "../bare-engine";

describe.each([versions.v1, versions.v2])("ClickHouse %s", (version) => {
	let engine: BareEngine;
	beforeAll(async () => {
		const host = (name: string) => `<shard><replica><host>${name}</host><port>9</port></replica></shard>`;
		engine = await BareEngine.open(
			version,
			`<remote_servers><far>${host("127.0.0.1")}</far></remote_servers><distributed_ddl/>`,
		);
		await engine.sql("CREATE TABLE rows (n UInt64) ENGINE = MergeTree ORDER BY n");
	});
	afterAll(() => engine?.close());

	const buffer = (destination: string) =>
		`(n UInt64) ENGINE = Buffer(${destination}, 16, 10000, 100000, 100000, 1000000, 100000000, 1000000000)`;
	const count = async () => Number(await engine.sql("SELECT count() FROM rows"));

	it("writes what Buffer tables keep, also by way of one another", async () => {
		await engine.sql(`CREATE TABLE a_first ${buffer("currentDatabase(), 'second'")}`);
		await engine.sql(`CREATE TABLE second ${buffer("'', 'rows'")}`);
		await engine.sql("INSERT INTO a_first SELECT number FROM numbers(44)");
		await engine.sql("INSERT INTO second SELECT number FROM numbers(6)");
		expect(await unsendable(engine.server, 1)).toEqual([]);
		expect(await count()).toBe(0);
		expect(await flush(engine.server, 1)).toEqual([]);
		expect(await count()).toBe(50);
	});

	it("does not let a Buffer table throw rows away", async () => {
		const [database] = (await engine.sql("SELECT currentDatabase()")).split("\n");
		await engine.sql(`CREATE TABLE astray ${buffer("currentDatabase(), 'nowhere'")}`);
		expect(await flush(engine.server, 1)).toEqual([]);
		await engine.sql("INSERT INTO astray VALUES (1)");
		const [astray, nowhere] = ["astray", "nowhere"].map((name) => `\`${database}\`.\`${name}\``);
		const said = [
			`the Buffer table ${astray} may have rows for ${nowhere}, which does not exist (create ${nowhere}, or drop ${astray})`,
		];
		expect(await unsendable(engine.server, 1)).toEqual(said);
		expect(await flush(engine.server, 1)).toEqual(said);
		await engine.sql("CREATE TABLE nowhere (m String) ENGINE = Null");
		await engine.sql("DROP TABLE astray");
	});

	it("says what of a Distributed table can't be sent", async () => {
		await engine.sql("CREATE TABLE far (n UInt64) ENGINE = Distributed(far, currentDatabase(), rows)");
		expect(await flush(engine.server, 1)).toEqual([]);
		await engine.sql("INSERT INTO far VALUES (1)", {
			prefer_localhost_replica: "0",
			distributed_foreground_insert: "0",
		});
		expect(await flush(engine.server, 1)).toEqual([
			expect.stringMatching(/^the rows that `.*`\.`far` has queued for other servers can't be sent: Code: /),
		]);
	});
});

/** An old server, whose answers tell all that it is asked. */
const old = (cluster: string, members: readonly [shard: number, isLocal: number][]): unknown => ({
	rows: async (sql: string) => {
		if (sql.includes("engine_full FROM"))
			return [{ database: "d", name: "t", engine: "Distributed", engine_full: `Distributed(${cluster}, d, rows, n)` }];
		if (!sql.startsWith("SELECT kind,")) return [];
		const macro = { kind: "macro", a: "cluster", b: "db", c: "", d: "", n: 0 };
		return [
			macro,
			...members.map(([shard, isLocal], index) => ({
				kind: "member",
				a: cluster.includes("other") ? "other" : "db",
				b: String(shard),
				c: String(index + 1),
				d: `host-${index}`,
				n: isLocal,
			})),
		];
	},
});

describe("an old server, which can't be told to send what it has queued", () => {
	const may = ["`d`.`t` may have rows queued for other servers, which this version of ClickHouse does not report"];
	it.each([
		[
			"a shard is elsewhere",
			"db",
			[
				[1, 1],
				[2, 0],
			],
			may,
		],
		[
			"the cluster is named by its macro",
			"'{cluster}'",
			[
				[1, 1],
				[2, 0],
			],
			may,
		],
		[
			"each shard has a replica here, and replicates by itself",
			"db",
			[
				[1, 1],
				[1, 0],
			],
			[],
		],
		[
			"another cluster may not replicate by itself",
			"other",
			[
				[1, 1],
				[1, 0],
			],
			may,
		],
		["all of another cluster is here", "other", [[1, 1]], []],
		["the cluster is not known", "gone", [], may],
		["the only shard of ours can't be told", "db", [], []],
	] as [string, string, [number, number][], string[]][])("%s", async (_, cluster, members, said) => {
		expect(await unsendable(old(cluster, members) as Server, 1)).toEqual(said);
	});
});

describe("the arguments of an engine", () => {
	it.each([
		["Buffer(default, rows, 16, 10000)", ["default", "rows", "16", "10000"]],
		["Buffer('', 'it\\'s \\\\ one', 16)", ["", "it's \\ one", "16"]],
		['Distributed(`my cluster`, "d", t, rand())', ["my cluster", "d", "t"]],
		["Distributed('db', 'd', 't') SETTINGS x = 1", ["db", "d", "t"]],
		["Log", []],
	])("%s", (full, found) => {
		expect(engineArguments(full)).toEqual(found);
	});
});
