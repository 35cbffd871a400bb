import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseInsert } from "../../../src/platforms/local/insert";
import { tokens } from "../../../src/platforms/local/sql";
import { classify, statementText, withoutWait } from "../../../src/platforms/local/statement";

const kind = (sql: string) => classify(sql).kind;
const reason = (sql: string) => {
	const found = classify(sql);
	return found.kind === "refused" ? found.reason : found.kind;
};

const reads = [
	"SELECT 1",
	"select now(), rand(), * from system.tables",
	"(SELECT 1) UNION ALL (SELECT 2)",
	"WITH 1 AS x SELECT x",
	"FROM t SELECT a",
	"SHOW TABLES",
	"SHOW CREATE TABLE t",
	"DESCRIBE t",
	"DESC t",
	"EXPLAIN SELECT 1",
	"EXISTS t",
	"CHECK TABLE t",
	"SELECT 'INSERT INTO t VALUES (1)'",
	'SELECT "DROP", `ALTER` FROM t',
	"SELECT 1 -- ; DROP TABLE t",
	"SELECT 1 /* ; /* DROP */ TABLE t */ ;",
	"SELECT $x$; DROP TABLE t$x$",
	"SELECT 'it''s; \\'; DROP TABLE t'",
	"SELECT ‘; DROP TABLE t’",
	"-- DROP TABLE t\nSELECT 1",
	"# INSERT\n/* INSERT */ SELECT 1;",
	"\ufeffSELECT 1",
	"SELECT 1;;",
	"SELECT insert, delete FROM t",
	"SELECT file, url, concat(file, url), count(file) FROM t WHERE file IN ('a', 'b')",
	"SELECT * FROM values('a Int8', 1), null('a Int8'), generateRandom('a Int8')",
	"SELECT * FROM generateRandom()",
	"SELECT format('{}: {}', a, b) FROM t FORMAT CSV",
	"SELECT NULL",
	"SELECT * FROM (VALUES (1, 'a'), (2, 'b'))",
	"WITH insert AS (SELECT 1) SELECT * FROM insert",
	"",
	"   ",
	"nonsense",
	"SELECT 'unclosed",
];

/** What changes data, names or definitions. */
const writes = [
	"INSERT INTO t VALUES (1)",
	"insert into t (a, b) format TSV\n1\tnow()",
	"INSERT INTO t SELECT a FROM u",
	"INSERT INTO t (a) (SELECT 1)",
	"INSERT INTO TABLE db.t (now, today) SETTINGS max_threads = 1 VALUES (1, 2)",
	'INSERT INTO `a;b`."c d" FORMAT JSONEachRow {}',
	"WITH 1 AS x INSERT INTO t SELECT x",
	"/* SELECT */ INSERT INTO t VALUES ('SELECT now()')",
	"CREATE TABLE t (a Int32, now DateTime, today Date) ENGINE = MergeTree ORDER BY a",
	"CREATE TABLE t (a Int32) ENGINE MergeTree ORDER BY a COMMENT 'rand()'",
	"CREATE TABLE IF NOT EXISTS t AS u ENGINE = ReplacingMergeTree(v) ORDER BY a",
	"CREATE OR REPLACE TABLE t (a Int32) ORDER BY a",
	"CREATE DATABASE d",
	"CREATE DATABASE d ENGINE = Atomic",
	"CREATE VIEW v AS SELECT a FROM t",
	"CREATE MATERIALIZED VIEW v TO u AS SELECT a, count() FROM t GROUP BY a",
	"CREATE MATERIALIZED VIEW v ENGINE = SummingMergeTree ORDER BY a AS SELECT a FROM t",
	"CREATE FUNCTION f AS (x) -> x + 1",
	"CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(CLICKHOUSE(TABLE 't')) LAYOUT(FLAT()) LIFETIME(0)",
	"ALTER TABLE t ADD COLUMN b String DEFAULT upper(a)",
	"ALTER TABLE t DELETE WHERE a = 1",
	"ALTER TABLE t UPDATE b = 'now()' WHERE 1",
	"DROP TABLE IF EXISTS t",
	"DROP DATABASE d",
	"TRUNCATE TABLE t",
	"RENAME TABLE a TO b",
	"EXCHANGE TABLES a AND b",
	"DROP TABLE a, b",
	"RENAME TABLE a TO b, c TO d",
	"CREATE TABLE t ENGINE = MergeTree ORDER BY a AS SELECT 1 AS a",
	"CREATE TABLE t CLONE AS u",
	"CREATE MATERIALIZED VIEW v ENGINE = MergeTree ORDER BY a POPULATE AS SELECT a FROM t",
	"OPTIMIZE TABLE t FINAL",
	"DELETE FROM t WHERE a = 1",
	"UPDATE t SET a = 1 WHERE b = 2",
	"DETACH TABLE d.t PERMANENTLY",
	"DETACH TABLE t PERMANENTLY",
	"RENAME DATABASE c TO d",
	"DROP TABLE default",
	"ATTACH TABLE t",
	"UNDROP TABLE t",
	"INSERT INTO t SELECT number FROM system.numbers LIMIT 5",
	"INSERT INTO t SELECT * FROM numbers(5)",
	"INSERT INTO t VALUES ('no DEFAULT, no ALIAS', 'a\\'b')",
	"INSERT INTO t FORMAT Values ('x')",
	"INSERT INTO t SELECT * FROM values('a UInt64, b Enum8(''x'' = 1)', (1, 'x'))",
	"INSERT INTO t SELECT format('{}, {}', a, b) FROM u",
	"CREATE TABLE t (file String, disk String, null UInt8) ORDER BY file SETTINGS index_granularity = 100",
	"CREATE DICTIONARY d (source UInt64) PRIMARY KEY source SOURCE(CLICKHOUSE(DB 'd' TABLE 't')) LAYOUT(FLAT())",
	"CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(NULL()) LAYOUT(FLAT())",
];

/** What would read a file or an address, as a read; a write with it is refused alike. */
const reaching: [string, RegExp][] = [
	["SELECT * FROM file('x.csv')", /file\(\) reads from outside the cluster/],
	["SELECT file('x.csv')", /file\(\) reads/],
	["SELECT 1 IN (SELECT * FROM `url`('http://127.0.0.1/'))", /url\(\) reads/],
	["SELECT `\\x66ile`('x.csv')", /file\(\) reads/],
	["SELECT * FROM t JOIN S3 /* x */ ('x') USING a", /S3\(\) reads/],
	["SELECT * APPLY(file) FROM t", /file\(\) reads/],
	["SELECT * APPLY file FROM t", /file\(\) reads/],
	["SELECT arrayMap(file, a) FROM t", /file\(\) reads/],
	["SELECT * FROM remote('127.0.0.1', system.one)", /remote\(\) reads/],
	["SELECT * FROM values('a Int8, b Int8 DEFAULT 1', 1)", /values\(\) is limited here/],
	["SELECT * FROM values(concat('a', ' Int8'), 1)", /Write values\('a UInt64, b String', \.\.\.\)/],
	["SELECT * FROM values('a \\x49nt8', 1)", /values\(\) is limited/],
	["SELECT * FROM generateRandom('a Int8' || '')", /generateRandom\(\)/],
	["SELECT * FROM format(CSV, 'a Int8', '1')", /format\(\) is not allowed as a table function/],
];

const refusals: [string, RegExp][] = [
	...reaching,
	["DESCRIBE TABLE url('http://127.0.0.1/')", /url\(\) reads/],
	["EXPLAIN SELECT * FROM file('x.csv')", /file\(\) reads/],
	["CREATE TABLE t (a Int8) ENGINE = File(CSV, 'x.csv')", /ENGINE = File/],
	["CREATE TABLE t AS s3('x')", /s3\(\) reads/],
	["CREATE VIEW v AS SELECT * FROM sqlite('x', 'y')", /sqlite\(\) reads/],
	["CREATE TABLE t (a Int8) ORDER BY a SETTINGS disk = disk(type = 'local', path = 'x')", /Leave the setting disk out/],
	["DROP TABLE t INTO OUTFILE 'x'", /INTO OUTFILE/],
	...[
		"FILE(PATH 'x')",
		"EXECUTABLE(COMMAND 'x')",
		"CLICKHOUSE(HOST 'h' TABLE 't')",
		"CLICKHOUSE(QUERY 'SELECT 1')",
	].map((source): [string, RegExp] => [
		`CREATE OR REPLACE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(${source}) LAYOUT(FLAT())`,
		/may name only a table of the cluster\. Use SOURCE\(CLICKHOUSE/,
	]),
	["ATTACH DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(HTTP(URL 'x')) LAYOUT(FLAT())", /SOURCE\(HTTP/],
	["INSERT INTO t VALUES (now())", /now\(\) returns another value on each replica\. Send the value from the client/],
	["INSERT INTO t VALUES (1, NOW ( ))", /NOW\(\)/],
	["INSERT INTO t SELECT now", /now\(\)/],
	["INSERT INTO t SELECT CURRENT_TIMESTAMP", /CURRENT_TIMESTAMP/],
	["INSERT INTO t SELECT `rand`()", /rand\(\)/],
	["INSERT INTO t SELECT rand /* x */ (1)", /rand\(\)/],
	["INSERT INTO t SELECT * APPLY(generateUUIDv4) FROM u", /generateUUIDv4/],
	["INSERT INTO t SELECT hostName(), today(), randomString(3)", /hostName\(\)/],
	["INSERT INTO t FORMAT Values (generateUUIDv7())", /generateUUIDv7/],
	["CREATE TABLE t (a DateTime DEFAULT now()) ORDER BY tuple()", /now\(\)/],
	["CREATE TABLE t (a UUID DEFAULT generateUUIDv4()) ORDER BY tuple()", /generateUUIDv4/],
	["ALTER TABLE t UPDATE a = now() WHERE 1", /now\(\)/],
	["DELETE FROM t WHERE at < now() - 5", /now\(\)/],
	["INSERT INTO t SELECT * FROM url('http://x')", /url\(\) reads from outside the cluster/],
	["INSERT INTO t SELECT * FROM s3('x')", /s3\(\)/],
	["INSERT INTO t SELECT * FROM generateRandom('a Int8')", /generateRandom\(\) gives different rows/],
	["INSERT INTO t SELECT name FROM system.parts", /system\.parts differs between replicas/],
	["INSERT INTO FUNCTION s3('x') SELECT 1", /INSERT INTO FUNCTION/],
	["INSERT INTO t FROM INFILE 'x' FORMAT CSV", /FROM INFILE/],
	["INSERT INTO t SETTINGS async_insert = 1 VALUES (1)", /cluster itself sets async_insert/],
	["CREATE TABLE t (a Int8) ORDER BY a SETTINGS non_replicated_deduplication_window = 0", /non_replicated/],
	["SELECT 1; SELECT 2", /several statements/],
	["SELECT 1; DROP TABLE t", /several statements/],
	["DROP TABLE t; SELECT 1", /several statements/],
	["INSERT INTO t VALUES (1); DROP TABLE t", /several statements/],
	["SELECT 1 INTO OUTFILE 'x'", /INTO OUTFILE/],
	["CREATE TEMPORARY TABLE t (a Int8)", /needs a session/],
	["SET max_threads = 1", /no sessions/],
	["USE system", /no sessions/],
	["SYSTEM FLUSH LOGS", /one replica only/],
	["KILL QUERY WHERE 1", /KILL/],
	["BACKUP TABLE t TO File('x')", /BACKUP/],
	["CREATE TABLE t ON CLUSTER c (a Int8) ORDER BY a", /ON CLUSTER/],
	["CREATE TABLE t ENGINE = Memory AS u", /Memory does not keep rows/],
	["CREATE TABLE t (a Int8) ENGINE = Log", /ENGINE = Log/],
	["CREATE TABLE t (a Int8) ENGINE = ReplicatedMergeTree('/x', 'y') ORDER BY a", /Use MergeTree/],
	["CREATE TABLE t ENGINE = MergeTree ORDER BY a AS SELECT now() AS a", /now\(\)/],
	["CREATE MATERIALIZED VIEW v REFRESH EVERY 1 HOUR TO u AS SELECT 1", /refresh/],
	["DETACH TABLE t", /PERMANENTLY/],
	["DETACH DATABASE default PERMANENTLY", /crashes without the database default/],
	["RENAME DATABASE `default` TO d", /crashes without the database default/],
	["DROP DATABASE IF EXISTS default", /crashes without the database default/],
	["CREATE TABLE a (x Int8) ORDER BY x PARALLEL WITH CREATE TABLE b (x Int8) ORDER BY x", /PARALLEL WITH/],
];

describe("classify", () => {
	it.each(reads)("takes %s as a read", (sql) => {
		expect(kind(sql)).toBe("read");
	});
	it.each(writes)("takes %s as a write", (sql) => {
		expect(reason(sql)).toBe("write");
	});
	it.each(refusals)("refuses %s", (sql, words) => {
		expect(reason(sql)).toMatch(words);
	});
	it.each(reaching)("refuses INSERT ... %s", (sql, words) => {
		expect(reason(`INSERT INTO t ${sql}`)).toMatch(words);
	});
	it("gives a reason that ends without a full stop, as one or two sentences", () => {
		for (const [sql] of refusals) expect(reason(sql)).not.toMatch(/[.\n]$/);
	});

	const gap = fc.constantFrom(" ", "\n", "\t ", " -- SELECT\n", " /* SELECT /* 1 */ ; */ ", "\n# SELECT 1\n");
	it("never takes what changes something as a read, however it is written", () => {
		fc.assert(
			fc.property(fc.constantFrom(...writes), gap, gap, fc.boolean(), (sql, before, after, lower) => {
				const verb = /^[A-Za-z]+/.exec(sql)?.[0];
				if (verb === undefined) return;
				const cased = lower ? verb.toLowerCase() : verb.toUpperCase();
				expect(kind(`${before}${cased}${after}${sql.slice(verb.length)}`)).not.toBe("read");
			}),
		);
	});
	it("is not confused by what stands in strings, quoted names and comments", () => {
		const quote = fc.constantFrom(
			(text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`,
			(text: string) => `'${text.replace(/\\/g, "\\\\").replace(/'/g, "''")}'`,
			(text: string) => `"${text.replace(/[\\"]/g, "\\$&")}"`,
			(text: string) => `\`${text.replace(/[\\`]/g, "\\$&")}\``,
			(text: string) => `1 /* ${text.replace(/[*/]/g, "")} */`,
		);
		const nasty = fc.oneof(
			fc.string({ unit: "grapheme" }),
			fc.constantFrom("'; DROP TABLE t; --", "now()", "*/ INSERT INTO t", "\\", "\\'", "$x$", ";"),
		);
		fc.assert(
			fc.property(nasty, quote, (text, as) => {
				expect(kind(`SELECT ${as(text)} FROM t`)).toBe("read");
				expect(reason(`INSERT INTO t SELECT ${as(text)}`)).toBe("write");
			}),
		);
	});
	it("says something about any text", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
				expect(["read", "write", "refused"]).toContain(classify(Buffer.from(bytes)).kind);
			}),
		);
	});
	it("takes strings of any length", () => {
		for (const piece of ["x", "\\n", "''", "a\\'"]) {
			expect(kind(`INSERT INTO t VALUES ('${piece.repeat(4 << 20)}')`)).toBe("write");
		}
	});
	it("does not look into data", () => {
		fc.assert(
			fc.property(fc.uint8Array(), (data) => {
				const sql = Buffer.concat([Buffer.from("INSERT INTO t FORMAT RowBinary\n"), data]);
				expect(classify(sql).kind).toBe("write");
			}),
		);
	});
});

describe("parseInsert", () => {
	const parts = (sql: string) => {
		const text = Buffer.from(sql).toString("latin1");
		const found = parseInsert(text, 6);
		return [found.source, found.format, text.slice(found.settings, found.from), text.slice(found.data, found.dataEnd)];
	};
	it.each([
		["INSERT INTO t FORMAT CSV\n1,2\n", ["data", "CSV", "", "1,2\n"]],
		["INSERT INTO t FORMAT CSV \r\n\n1", ["data", "CSV", "", "\n1"]],
		["INSERT INTO t (a, `b)`) FORMAT RowBinary\n\x01\n;", ["data", "RowBinary", "", "\x01\n;"]],
		[
			"INSERT INTO t SETTINGS a = 1, b = 'FORMAT x' FORMAT TSV 1",
			["data", "TSV", "SETTINGS a = 1, b = 'FORMAT x' ", "1"],
		],
		["INSERT INTO t VALUES (1), (';') ;\n", ["data", "Values", "", " (1), (';') "]],
		["INSERT INTO format FORMAT Values (1)", ["data", "Values", "", " (1)"]],
		["INSERT INTO values VALUES (1)", ["data", "Values", "", " (1)"]],
		["INSERT INTO d.t (* EXCEPT(a)) SELECT 1", ["select", "", "", ""]],
		["INSERT INTO t (WITH 1 AS x SELECT x)", ["select", "", "", ""]],
		["INSERT INTO t", ["unknown", "", "", ""]],
	])("takes %j apart", (sql, expected) => {
		expect(parts(sql)).toEqual(expected);
	});
});

describe("tokens", () => {
	it("end where they began: nothing is left out but spaces and comments", () => {
		fc.assert(
			fc.property(fc.string(), (text) => {
				let at = 0;
				for (const token of tokens(text)) {
					expect(token.start).toBeGreaterThanOrEqual(at);
					expect(token.end).toBeGreaterThan(token.start);
					at = token.end;
				}
				expect(at).toBeLessThanOrEqual(text.length);
			}),
		);
	});
});

describe("statementText", () => {
	it("puts query and body together as ClickHouse does", () => {
		const text = (query: string, body: string) =>
			statementText(new URLSearchParams({ query }), Buffer.from(body)).toString();
		expect(text("INSERT INTO t FORMAT CSV", "1\n")).toBe("INSERT INTO t FORMAT CSV\n1\n");
		expect(text("SELECT 1", "")).toBe("SELECT 1");
		expect(text("", "SELECT 1")).toBe("SELECT 1");
	});
});

it.each([
	["DROP TABLE t SYNC", "DROP TABLE t "],
	["drop table if exists d.t no delay", "drop table if exists d.t "],
	["DROP DATABASE `é` SYNC;", "DROP DATABASE `é` ;"],
	["DETACH TABLE d.t PERMANENTLY SYNC", "DETACH TABLE d.t PERMANENTLY "],
	["DROP TABLE sync", "DROP TABLE sync"],
	["DROP TABLE d.sync", "DROP TABLE d.sync"],
	["DROP TABLE sync SYNC", "DROP TABLE sync "],
	["DROP TABLE t -- SYNC", "DROP TABLE t -- SYNC"],
	["CREATE TABLE t (sync UInt8, no UInt8) ORDER BY sync", "CREATE TABLE t (sync UInt8, no UInt8) ORDER BY sync"],
])("%s is not waited for", (sql, left) => {
	expect(withoutWait(Buffer.from(sql)).toString()).toBe(left);
});
