import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { classify } from "../../../src/platforms/local/statement";
import { Bench, type Installed, libraries } from "./bench";

/** The words of the file that no statement may read. */
const words = "a,b\n1,from-a-file\n";

describe.each(Object.keys(libraries) as Installed[])("engine %s", (version) => {
	let bench: Bench;
	let file: string;
	beforeEach(async () => {
		bench = new Bench();
		file = join(bench.folder, "rows.csv");
		writeFileSync(file, words);
		await bench.start(version);
	});
	afterEach(() => bench.close());
	const answer = async (sql: string, params = {}) => (await bench.query(sql, params)).body.toString();
	const engine = (sql: string) => {
		expect(classify(sql).kind).toBe("read");
		return answer(sql);
	};

	it("takes no path for a table, in the database default either", async () => {
		for (const name of [`"${file}"`, `default.\`${file}\``]) {
			expect(await engine(`SELECT * FROM ${name}`)).toContain("UNKNOWN_TABLE");
			expect(await engine(`DESCRIBE ${name}`)).toContain("UNKNOWN_TABLE");
			expect(await engine(`EXISTS TABLE ${name}`)).toBe("0\n");
		}
		expect(await answer("SELECT * FROM {t: Identifier}", { param_t: file })).toContain("UNKNOWN_TABLE");
		expect(await engine("SELECT engine FROM system.databases WHERE name = 'default'")).toBe("Atomic\n");
	});

	it("has no grant of files and addresses, however a statement comes to them", async () => {
		const granted = (await engine("SHOW GRANTS")).trim();
		expect(granted).toMatch(/^GRANT [A-Za-z, ]+ ON \*\.\* TO default$/);
		expect(granted).not.toMatch(/READ|WRITE|FILE|URL|S3|REMOTE|SOURCES|SECURITY|USER/);
	});

	it.each([
		["format_schema", { default_format: "Protobuf", format_schema_source: "file", format_schema: "x:y" }],
		["format_template_row", { default_format: "Template", format_template_row: "x" }],
		["dialect", { dialect: "kusto" }],
		["additional_result_filter", { additional_result_filter: "1" }],
	])("has %s fixed", async (_, params) => {
		expect(await answer("SELECT 1 AS a", params)).toContain("SETTING_CONSTRAINT_VIOLATION");
	});

	it("writes no file outside of its folder", async () => {
		const { body } = await bench.write(`INSERT INTO \`${join(bench.folder, "new.csv")}\` SELECT 1 AS a`);
		expect(body.toString()).toContain("UNKNOWN_TABLE");
		await bench.write(`TRUNCATE TABLE \`${file}\``);
		expect(readFileSync(file, "utf8")).toBe(words);
		expect(readdirSync(bench.folder).sort()).toEqual(["c", "rows.csv", "s"]);
	});

	it("keeps the tables of default, and what depends on them, through restarts", async () => {
		const setup = `CREATE TABLE s (a UInt64) ORDER BY a
			CREATE DATABASE o
			CREATE MATERIALIZED VIEW o.m ORDER BY a AS SELECT a FROM default.s
			CREATE DICTIONARY o.d (a UInt64, b UInt64 DEFAULT 7) PRIMARY KEY a SOURCE(CLICKHOUSE(TABLE 's')) LAYOUT(FLAT()) LIFETIME(0)
			CREATE TABLE left (a UInt64, b UInt64 DEFAULT dictGet('o.d', 'b', a)) ORDER BY a
			CREATE TABLE gone (a UInt64) ORDER BY a
			DETACH TABLE gone PERMANENTLY`;
		for (const sql of setup.split("\n")) await bench.done(sql);
		for (const count of ["1", "2"]) {
			await bench.done(`INSERT INTO s VALUES (${count})`);
			expect(await bench.value("SELECT count() FROM o.m")).toBe(count);
			await bench.kill(count === "1" ? "SIGKILL" : "SIGTERM");
			await bench.start(version);
			expect(await bench.value("SELECT count() FROM s")).toBe(count);
			expect(await bench.value("SHOW TABLES FROM default")).toBe("left\ns");
		}
		await bench.done("ATTACH TABLE gone");
		expect(await bench.value("SELECT count() FROM gone")).toBe("0");
	});
});
