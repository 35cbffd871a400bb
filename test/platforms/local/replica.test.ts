import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openQuery } from "../../../src/platforms/local/replica-client";
import { Bench, type Installed, libraries } from "./bench";

const patience = { timeout: 30_000 };

describe.each(Object.keys(libraries) as Installed[])("a replica on engine %s", (version) => {
	let bench: Bench;
	beforeAll(async () => {
		bench = new Bench();
		await bench.start(version);
	});
	afterAll(() => bench.close());

	it("says what it is", async () => {
		const { pid, ...status } = (await bench.status()) ?? {};
		expect(pid).toBe(bench.process?.pid);
		expect(status).toEqual({ version, phase: "serving", serving: true, queries: 0 });
	});

	it("answers as ClickHouse's HTTP interface", async () => {
		const answer = await bench.query(
			"SELECT {a:UInt8} + 1 AS a, {s:String} AS s, currentDatabase() AS d FORMAT JSONEachRow",
			{
				param_a: "1",
				param_s: "it's\\ta \\\\ b",
				database: "system",
				query_id: "q-1",
				session_timezone: "Asia/Tokyo",
			},
		);
		expect(answer.body.toString()).toBe('{"a":2,"s":"it\'s\\ta \\\\ b","d":"system"}\n');
		expect(answer.headers).toMatchObject({
			"content-type": "application/x-ndjson; charset=UTF-8",
			"x-clickhouse-format": "JSONEachRow",
			"x-clickhouse-query-id": "q-1",
			"x-clickhouse-timezone": "Asia/Tokyo",
			"x-clickhouse-server-display-name": "c-0-0",
		});
		expect(await bench.value("", { query: "SELECT 1, 'x'", default_format: "CSV" })).toBe('1,"x"');
		expect(await bench.value("SELECT 1, 2")).toBe("1\t2");
	});

	it.each([
		[
			"SELECT * FROM nosuch",
			{},
			404,
			60,
			/^Code: 60\. DB::Exception: .*nosuch.* \(UNKNOWN_TABLE\) \(version [\d.]+\)\n$/,
		],
		["SELECT 1 +", {}, 400, 62, /^Code: 62\. DB::Exception: Syntax error/],
		["SELECT 1 FORMAT Nosuch", {}, 404, 73, /^Code: 73\. DB::Exception: Unknown format Nosuch/],
		["SELECT 1", { nosuch: "1" }, 404, 115, /^Code: 115\. DB::Exception: Unknown setting 'nosuch'/],
		["SELECT 1", { "a = 1, b": "1" }, 404, 115, /Unknown setting 'a = 1, b'/],
		["SELECT 1", { database: "no`such" }, 404, 81, /no.*such.* does not exist/],
		["SELECT {x:UInt8}", {}, 500, 456, /Substitution `x` is not set/],
		["DROP TABLE t", {}, 500, 164, /READONLY/],
	])("answers %s with %o as ClickHouse does", async (sql, params, status, code, words) => {
		const answer = await bench.query(sql, params);
		expect(answer.body.toString()).toMatch(words);
		expect([answer.status, answer.headers["x-clickhouse-exception-code"]]).toEqual([status, String(code)]);
	});

	it("streams what is large, in each format as one document", async () => {
		await bench.done("CREATE TABLE n (a UInt32) ENGINE = MergeTree ORDER BY a");
		const written = await bench.done("INSERT INTO n SELECT number FROM numbers(300000)");
		expect(JSON.parse(String(written.headers["x-clickhouse-summary"]))).toMatchObject({ written_rows: "300000" });
		const lines = async (format: string) =>
			(await bench.value(`SELECT a, a % 7 AS b FROM n ORDER BY a FORMAT ${format}`)).split("\n");
		const tsv = await lines("TSV");
		expect([tsv.length, tsv[0], tsv.at(-1)]).toEqual([300_000, "0\t0", `299999\t${299_999 % 7}`]);
		const named = await lines("JSONCompactEachRowWithNamesAndTypes");
		expect(named.slice(0, 3)).toEqual(['["a", "b"]', '["UInt32", "UInt8"]', "[0, 0]"]);
		expect(named.filter((line) => line.startsWith('["'))).toHaveLength(2);
		expect(named).toHaveLength(300_002);
		const json = JSON.parse(await bench.value("SELECT a FROM n FORMAT JSON")) as { rows: number };
		expect(json.rows).toBe(300_000);
		expect((await bench.query("SELECT a FROM n FORMAT RowBinary")).body.length).toBe(1_200_000);
		expect(await bench.value("SELECT a FROM n WHERE a > 1e6 FORMAT TSVWithNames")).toBe("a");
		expect(await bench.value("SELECT a FROM n WHERE a > 1e6")).toBe("");
		expect(await bench.value("SELECT a < 0 AS k, count() FROM n GROUP BY k WITH TOTALS")).toBe(
			"0\t300000\n\n0\t300000",
		);
	});

	it("marks an error in the middle of an answer as ClickHouse does", async () => {
		const answer = await bench.query("SELECT throwIf(number = 500000) FROM numbers(1000000) SETTINGS max_threads = 1");
		const tag = answer.headers["x-clickhouse-exception-tag"];
		expect(answer.status).toBe(200);
		expect(answer.body.subarray(-400).toString()).toMatch(
			new RegExp(`\r\n__exception__\r\n${tag}\r\nCode: 395.*\n\\d+ ${tag}\r\n__exception__\r\n$`),
		);
	});

	it("answers on, and says how it is, while queries run", async () => {
		const gone = new AbortController();
		const endless = Array.from({ length: 20 }, () =>
			openQuery(
				bench.socket,
				"",
				Buffer.from("SELECT sleepEachRow(0.1) FROM system.numbers SETTINGS max_block_size = 1"),
				gone.signal,
			).catch(() => {}),
		);
		await expect.poll(async () => (await bench.status())?.queries, patience).toBe(20);
		expect(await bench.value("SELECT 1")).toBe("1");
		await bench.done("CREATE TABLE while_busy (a Int32) ENGINE = MergeTree ORDER BY a");
		gone.abort();
		await Promise.all(endless);
		await expect.poll(async () => (await bench.status())?.queries, patience).toBe(0);
	});

	it("ends a query whose client has gone", async () => {
		const gone = new AbortController();
		const sql = "SELECT sleepEachRow(0.05), number FROM numbers(100000) SETTINGS max_block_size = 1";
		const answer = await openQuery(bench.socket, "", Buffer.from(sql), gone.signal);
		await answer[Symbol.asyncIterator]().next();
		gone.abort();
		await expect.poll(async () => (await bench.status())?.queries, patience).toBe(0);
		expect(await bench.value("SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow%'")).toBe("1");
	});

	it("takes rows in every form", async () => {
		await bench.done(
			"CREATE TABLE r (a Int32, s String DEFAULT concat('d', toString(a))) ENGINE = MergeTree ORDER BY a",
		);
		await bench.done("INSERT INTO r FORMAT JSONEachRow", {}, '{"a":1,"s":"x;y"}\n\n{"a":2}\n');
		await bench.done('INSERT INTO r FORMAT JSONEachRow {"a":3,"s":"it\'s"}');
		const binary = Buffer.concat([Buffer.from([4, 0, 0, 0, 4]), Buffer.from("\n\n;\0")]);
		await bench.done("INSERT INTO r (a, s) FORMAT RowBinary", {}, binary);
		await bench.done("INSERT INTO r (a, s) SETTINGS format_csv_delimiter = '|' FORMAT CSV", {}, '5|"a\n\n;b"\n');
		await bench.done("INSERT INTO r VALUES", {}, "(6, 'a;b\n\n'), (3 + 4, concat('x', 'y'));  ");
		await bench.done("INSERT INTO r (a, s) VALUES ({a:Int32}, {s:String})", { param_a: "8", param_s: "p" });
		await bench.done("INSERT INTO r FORMAT JSONEachRow", {}, "");
		const rows = await bench.value("SELECT a, s FROM r ORDER BY a FORMAT JSONCompactEachRow");
		expect(rows.split("\n").map((row) => JSON.parse(row))).toEqual([
			[1, "x;y"],
			[2, "d2"],
			[3, "it's"],
			[4, "\n\n;\0"],
			[5, "a\n\n;b"],
			[6, "a;b\n\n"],
			[7, "xy"],
			[8, "p"],
		]);
		const bad = await bench.write("INSERT INTO r (a) FORMAT TSV", {}, "9\nx\n");
		expect([bad.status, bad.code]).toEqual([400, 27]);
		expect(await bench.value("SELECT max(a) FROM r")).toBe("8");
	});

	it("keeps two equal INSERTs apart, and gives a client's own token its meaning", async () => {
		await bench.done("CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a");
		for (let i = 0; i < 2; i++) await bench.done("INSERT INTO t VALUES (1)");
		for (let i = 0; i < 2; i++) await bench.done("INSERT INTO t SELECT 2");
		for (let i = 0; i < 2; i++) await bench.done("INSERT INTO t VALUES (3)", { insert_deduplication_token: "mine" });
		for (let i = 0; i < 2; i++)
			await bench.done("INSERT INTO t VALUES (4)", { async_insert: "1", insert_deduplicate: "0" });
		expect(await bench.value("SELECT groupArray(a) FROM (SELECT a FROM t ORDER BY a)")).toBe("[1,1,2,2,3,4,4]");
	});

	it.each(["SYNC", "NO DELAY"])("answers a DROP with %s, and the name is free", async (wait) => {
		for (const name of ["gone", "d.gone"]) {
			await bench.done("CREATE DATABASE IF NOT EXISTS d");
			await bench.done(`CREATE TABLE ${name} (a Int32) ENGINE = MergeTree ORDER BY a`);
			await bench.done(`INSERT INTO ${name} VALUES (1)`);
			await bench.done(`DROP TABLE ${name} ${wait}`, { database_atomic_wait_for_drop_and_detach_synchronously: "1" });
			await bench.done(`CREATE TABLE ${name} (a Int32) ENGINE = MergeTree ORDER BY a`);
			expect(await bench.value(`SELECT count() FROM ${name}`)).toBe("0");
			await bench.done(`DROP TABLE ${name}`);
		}
		await bench.done(`DROP DATABASE d ${wait}`);
	});

	it("outlives clients that break off in the middle of a request", async () => {
		for (let i = 0; i < 20; i++) {
			const gone = new AbortController();
			const sent = openQuery(bench.socket, "", Buffer.alloc(1 << 20, " "), gone.signal).catch(() => {});
			setImmediate(() => gone.abort());
			await sent;
		}
		expect(await bench.value("SELECT 1")).toBe("1");
	});

	it("lets running queries end when it is stopped, and takes no new ones", async () => {
		const slow = bench.value("SELECT sleep(1)");
		await expect.poll(async () => (await bench.status())?.queries, patience).toBe(1);
		bench.process?.kill("SIGTERM");
		await expect.poll(async () => (await bench.status())?.phase, patience).toBe("stopping");
		expect((await bench.query("SELECT 1")).status).toBe(503);
		expect(await slow).toBe("0");
		expect(await bench.ended()).toBe(0);
	});
});

describe("a replica's start", () => {
	let bench: Bench;
	beforeEach(() => {
		bench = new Bench();
	});
	afterEach(() => bench.close());

	it.each([
		[{ version: "26.9.1.1" as Installed }, `the engine in ${libraries["26.7.2.1"]} is 26.7.2.1, not 26.9.1.1\n`],
		[
			{ library: "/no/such/engine" },
			"there is no engine in /no/such/engine: libchdb.so is missing. Add the package or folder of 26.7.2.1 to local.engines\n",
		],
		[
			{ addon: "/no/such.node" },
			"there is no /no/such.node, the addon with which Node.js loads the engine. Run npm install chdb in the program's folder, or set local.addon to the path of a chdb_node.node\n",
		],
	])("with %o ends with words, before it touches data", async (more, words) => {
		bench.spawn("26.7.2.1", { ...more } as never);
		expect(await bench.ended()).toBe(1);
		expect(bench.words).toBe(words);
	});
});
