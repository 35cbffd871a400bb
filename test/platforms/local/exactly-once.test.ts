import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { replicaStatus } from "../../../src/platforms/local/replica-client";
import { Bench, type Installed, libraries } from "./bench";
import { until } from "./place";

/** Numbers in 0..below-1 that are the same in each run. */
function sequence(seed: number) {
	let state = seed;
	return (below: number) => {
		state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
		return state % below;
	};
}

describe("a replica that is killed", () => {
	let bench: Bench;
	beforeEach(async () => {
		bench = new Bench();
		await bench.start("26.5.1.1");
	});
	afterEach(() => bench.close());

	it("applies each write once, whenever that happens", async () => {
		await bench.done(
			"CREATE TABLE t (id UInt64, p UInt8, s UInt64 DEFAULT 0) ENGINE = MergeTree ORDER BY id PARTITION BY p",
		);
		await bench.done("CREATE TABLE sums (p UInt8, n UInt64) ENGINE = SummingMergeTree ORDER BY p");
		await bench.done("CREATE MATERIALIZED VIEW v TO sums AS SELECT p, count() AS n FROM t GROUP BY p");
		await bench.done("CREATE TABLE copies (id UInt64) ENGINE = MergeTree ORDER BY id");
		const random = sequence(7);
		let id = 0;
		let rows = 0;
		let updates = 0;
		let copies = 0;
		for (let round = 0; round < 12; round++) {
			// The writes are in the log, and so each of them counts, killed or not.
			const killed = sleep(random(60)).then(() => bench.kill());
			for (let i = 0; i < 1000 && bench.process?.signalCode === null; i++) {
				const kind = random(8);
				const count = kind === 0 ? 20_000 : 10;
				let sql = `INSERT INTO t (id, p) VALUES ${Array.from({ length: 10 }, (_, k) => `(${id + k}, ${k % 3})`)}`;
				if (kind === 0) sql = `INSERT INTO t (id, p) SELECT ${id} + number, number % 3 FROM numbers(20000)`;
				if (kind === 1) sql = "ALTER TABLE t UPDATE s = s + 1 WHERE id < 1000000000";
				if (kind === 2) sql = `INSERT INTO copies SELECT count() + ${copies} FROM copies`;
				if (kind > 2 || kind === 0) {
					id += count;
					rows += count;
				}
				if (kind === 2) copies += 1;
				const before = rows;
				await bench.write(sql).catch(() => {});
				if (kind === 1 && before > 0) updates += 1;
			}
			await killed;
			await bench.start(round < 6 ? "26.5.1.1" : "26.7.2.1");
		}
		expect(await bench.value("SELECT count(), uniqExact(id) FROM t")).toBe(`${rows}\t${rows}`);
		expect(await bench.value("SELECT sum(n) FROM sums")).toBe(String(rows));
		expect(await bench.value("SELECT count() FROM copies")).toBe(String(copies));
		// Each row has seen the updates that came after it: the first one all of them.
		expect(await bench.value("SELECT s FROM t ORDER BY id LIMIT 1")).toBe(String(updates));
		expect((await bench.status())?.applied).toBe(bench.log.last);
	}, 240_000);
});

describe.each(Object.keys(libraries) as Installed[])("a write that engine %s was killed in", (version) => {
	let bench: Bench;
	beforeAll(async () => {
		bench = new Bench();
		await bench.start(version);
		await bench.done("CREATE TABLE t (id UInt64, p UInt8, s UInt64) ENGINE = MergeTree ORDER BY id PARTITION BY p");
		await bench.done("CREATE TABLE u (id UInt64, p UInt8, s UInt64) ENGINE = MergeTree ORDER BY id PARTITION BY p");
		await bench.done("CREATE TABLE sums (p UInt8, n UInt64) ENGINE = SummingMergeTree ORDER BY p");
		await bench.done("CREATE MATERIALIZED VIEW v TO sums AS SELECT p, count() AS n FROM t GROUP BY p");
		await bench.done("INSERT INTO t VALUES (1, 1, 0), (2, 2, 0), (3, 3, 0)");
		await bench.done("INSERT INTO u VALUES (10, 1, 0)");
	});
	afterAll(() => bench.close());

	const everything = async () => [
		await bench.value("SELECT groupArray((id, p, s)) FROM (SELECT * FROM t ORDER BY ALL)"),
		await bench.value("SELECT groupArray((id, p, s)) FROM (SELECT * FROM u ORDER BY ALL)"),
		await bench.value("SELECT groupArray((p, n)) FROM (SELECT p, sum(n) AS n FROM sums GROUP BY p ORDER BY p)"),
		await bench.value(
			"SELECT groupArray(name) FROM (SELECT name FROM system.tables WHERE database = 'default' ORDER BY name)",
		),
	];
	const path = (...names: string[]) => join(bench.home, "0-0", ...names);
	/** Takes the note away that the last write was applied: it was begun, and all it did is there. */
	const forget = () => writeFileSync(path("applied"), String(bench.log.last - 1).padEnd(24));
	/** The newest part of each table, and the lines of the deduplication logs about it. */
	const newest = () =>
		readdirSync(path("data/store")).flatMap((prefix) =>
			readdirSync(path("data/store", prefix)).flatMap((id) => {
				const folder = path("data/store", prefix, id);
				const file = join(folder, "deduplication_logs/deduplication_log_1.txt");
				const parts = readdirSync(folder).filter((name) => /^[^_]+_\d+_\d+_\d+$/.test(name));
				const number = (name: string) => Number(name.split("_")[2]);
				const [part] = parts.sort((a, b) => number(b) - number(a));
				return part === undefined ? [] : [{ part, folder, file }];
			}),
		);

	const insert = "INSERT INTO t VALUES (4, 1, 0), (5, 2, 0), (6, 3, 0)";
	it.each([
		[insert],
		["INSERT INTO t SELECT max(id) + 1, 7, 0 FROM t"],
		["ALTER TABLE t UPDATE s = s + 1 WHERE 1"],
		["ALTER TABLE t DELETE WHERE id = 2"],
		["DELETE FROM t WHERE id = 3"],
		["EXCHANGE TABLES t AND u"],
		["RENAME TABLE u TO w"],
		["CREATE TABLE u (id UInt64, p UInt8, s UInt64) ENGINE = MergeTree ORDER BY id"],
		["ALTER TABLE u ADD COLUMN x UInt8"],
		["ALTER TABLE u DROP COLUMN x"],
		["DROP TABLE w"],
		["EXCHANGE TABLES t AND u"],
		["TRUNCATE TABLE sums"],
		["INSERT INTO nosuch VALUES (1)"],
	])("is not done twice where it was done: %s", async (sql) => {
		await bench.write(sql);
		const before = await everything();
		await bench.kill();
		forget();
		await bench.start(version);
		expect(await everything()).toEqual(before);
		expect((await bench.status())?.applied).toBe(bench.log.last);
	});

	it.each([
		["whose rows are there and not their tokens", false, true],
		["whose tokens are there and not its rows", true, false],
		["of which neither is there", true, true],
	])("is done once, also an INSERT %s", async (_, rows, tokens) => {
		await bench.done("CREATE TABLE IF NOT EXISTS w (id UInt64) ENGINE = MergeTree ORDER BY id");
		await bench.done("INSERT INTO w VALUES (1)");
		await bench.done("INSERT INTO w VALUES (2)");
		const count = await bench.value("SELECT count() FROM w");
		await bench.kill();
		forget();
		const table = await bench
			.start(version)
			.then(() => bench.value("SELECT data_paths[1] FROM system.tables WHERE name = 'w'"));
		await bench.kill();
		forget();
		for (const { part, folder, file } of newest().filter(({ folder }) => table.includes(folder))) {
			if (rows) rmSync(join(folder, part), { recursive: true });
			const lines = readFileSync(file, "utf8").split("\n");
			if (tokens) writeFileSync(file, lines.filter((line) => line.split("\t")[1] !== part).join("\n"));
		}
		await bench.start(version);
		expect(await bench.value("SELECT count() FROM w")).toBe(count);
		expect(await bench.value("SELECT count() FROM w WHERE id = 2")).toBe(
			await bench.value("SELECT count() FROM w WHERE id = 1"),
		);
	});

	it("holds the replica out where it can't be told", async () => {
		await bench.done("CREATE TABLE a (id UInt64) ENGINE = MergeTree ORDER BY id");
		await bench.done("CREATE TABLE b AS a");
		await bench.done("INSERT INTO a VALUES (1)");
		await bench.done("ALTER TABLE a MOVE PARTITION ID 'all' TO TABLE b");
		await bench.kill();
		forget();
		bench.spawn(version);
		const status = await until("it says so", 60, async () => {
			const now = await replicaStatus(bench.socket);
			return now?.trouble === undefined ? undefined : now;
		});
		expect(status).toMatchObject({ serving: false, phase: "held out", applied: bench.log.last - 1 });
		expect(status.trouble).toBe(
			`its process was ended in the middle of write ${bench.log.last} (ALTER TABLE a MOVE PARTITION ID 'all' TO TABLE b), and it may be half done`,
		);
	});
});

describe("a replica's data", () => {
	let bench: Bench;
	beforeEach(() => {
		bench = new Bench();
	});
	afterEach(() => bench.close());

	it("is taken to a newer engine and never back, and replays what it lacks", async () => {
		await bench.start("26.5.1.1");
		await bench.done("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
		await bench.kill("SIGTERM");
		for (let id = 0; id < 5; id++) {
			await bench.log.append(
				new URLSearchParams({ query: `INSERT INTO t VALUES (${id})` }).toString(),
				Buffer.alloc(0),
			);
		}
		await bench.start("26.7.2.1");
		expect(await bench.value("SELECT version(), groupArray(id) FROM (SELECT id FROM t ORDER BY id)")).toBe(
			"26.7.2.1\t[0,1,2,3,4]",
		);
		expect(readFileSync(join(bench.home, "0-0/opened"), "utf8")).toBe("26.7.2.1\n");
		await bench.kill("SIGTERM");
		bench.spawn("26.5.1.1");
		expect(await bench.ended()).toBe(1);
		expect(bench.words).toBe("the data of 0-0 was opened by 26.7.2.1, and a DB version never goes back to 26.5.1.1\n");
	});

	it("belongs to one process", async () => {
		const { pid } = await bench.start();
		const first = bench.process;
		bench.spawn("26.7.2.1");
		expect(await bench.ended()).toBe(1);
		expect(bench.words).toBe(`process ${pid} holds ${join(bench.home, "0-0")} already\n`);
		bench.process = first;
		expect(await bench.value("SELECT 1")).toBe("1");
	});
});
