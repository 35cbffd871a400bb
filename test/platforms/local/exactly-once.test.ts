import { appendFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Bench, type Installed, libraries } from "./bench";

/** Numbers in 0..below-1 that are the same in each run. */
function sequence(seed: number) {
	let state = seed;
	return (below: number) => {
		state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
		return state % below;
	};
}

/** The folders of the tables of a replica's data that hold parts. */
function tableFolders(bench: Bench): string[] {
	const store = join(bench.home, "0-0/data/store");
	return readdirSync(store)
		.flatMap((prefix) => readdirSync(join(store, prefix)).map((id) => join(store, prefix, id)))
		.filter((folder) => readdirSync(folder).includes("format_version.txt"));
}

describe("a replica that is killed", () => {
	let bench: Bench;
	beforeEach(async () => {
		bench = new Bench();
		await bench.start();
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
			await bench.start(round % 2 === 0 ? "26.7.2.1" : "26.7.2.1");
		}
		expect(await bench.value("SELECT count(), uniqExact(id) FROM t")).toBe(`${rows}\t${rows}`);
		expect(await bench.value("SELECT sum(n) FROM sums")).toBe(String(rows));
		expect(await bench.value("SELECT count() FROM copies")).toBe(String(copies));
		// Each row has seen the updates that came after it: the first one all of them.
		expect(await bench.value("SELECT s FROM t ORDER BY id LIMIT 1")).toBe(String(updates));
		expect((await bench.status())?.applied).toBe(bench.log.last);
	}, 240_000);
});
