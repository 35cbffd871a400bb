import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyData } from "../../../src/platforms/local/copy";
import { readNumbers } from "../../../src/platforms/local/notes";
import { Bench } from "./bench";

describe("a replica's data", () => {
	let bench: Bench;
	beforeEach(() => {
		bench = new Bench();
	});
	afterEach(() => bench.close());

	it("is taken to a newer engine and never back", async () => {
		await bench.start("26.5.1.1");
		await bench.done("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
		await bench.done("INSERT INTO t SELECT number FROM numbers(5)");
		await bench.kill("SIGTERM");
		await bench.start("26.7.2.1");
		expect(await bench.value("SELECT version(), groupArray(id) FROM (SELECT id FROM t ORDER BY id)")).toBe(
			"26.7.2.1\t[0,1,2,3,4]",
		);
		expect(readFileSync(join(bench.home, "0-0/data/opened"), "utf8")).toBe("26.7.2.1\n");
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
		expect(bench.words).toBe(`process ${pid} still uses ${join(bench.home, "0-0")}\n`);
		bench.process = first;
		expect(await bench.value("SELECT 1")).toBe("1");
	});

	it("is copied while its engine answers, and takes no write meanwhile", async () => {
		await bench.start("26.5.1.1");
		await bench.done("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
		for (let id = 0; id < 5; id++) await bench.done(`INSERT INTO t VALUES (${id})`);
		mkdirSync(join(bench.home, "0-1/data"), { recursive: true });
		const copied = copyData(bench.home, "0-1", { replica: "0-0", socket: bench.socket });
		const written = bench.done("INSERT INTO t VALUES (5)");
		expect(await bench.value("SELECT count() >= 5 FROM t")).toBe("1");
		await Promise.all([copied, written]);
		const { answered } = readNumbers(bench.home, "0-1");
		expect([6, 7]).toContain(answered);
		expect(existsSync(join(bench.home, "0-1/data.new"))).toBe(false);
		expect(readFileSync(join(bench.home, "0-1/data/opened"), "utf8")).toBe("26.5.1.1\n");
		await bench.kill();
		await bench.start("26.7.2.1", { replica: "0-1" });
		expect(await bench.value("SELECT count() FROM t")).toBe(String(answered - 1));
	});

	it("is not taken from a replica that does not answer", async () => {
		await bench.start();
		await bench.done("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
		cpSync(join(bench.home, "0-0/data"), join(bench.home, "0-1/data"), { recursive: true, verbatimSymlinks: true });
		await bench.kill();
		await expect(copyData(bench.home, "0-1", { replica: "0-0", socket: bench.socket })).rejects.toThrow();
		expect(readNumbers(bench.home, "0-1").answered).toBe(1);
	});
});
