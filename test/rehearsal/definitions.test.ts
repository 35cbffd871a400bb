import fc from "fast-check";
import { expect, test } from "vitest";
import { asLoaded, asTried, canTry } from "../../src/rehearsal/definitions";
import { defined } from "./server";

const remote = new Set(["cold"]);
const columns = "(`x` UInt64)";

test.each([
	`CREATE TABLE d.t ${columns} ENGINE = MergeTree ORDER BY x SETTINGS index_granularity = 8192`,
	`CREATE TABLE d.t ${columns} ENGINE = ReplicatedMergeTree('/t', '{replica}') ORDER BY x SETTINGS storage_policy = 'hot'`,
	"CREATE TABLE d.users (`password` String, `disk` String) ENGINE = MergeTree ORDER BY password",
	// Only the name is that of a function.
	`CREATE TABLE d.url ${columns} ENGINE = Log`,
	`CREATE TABLE d.s3 UUID '7f0e5a0e-0000-4000-8000-000000000001' ${columns} ENGINE = Log`,
	"CREATE VIEW d.v (`x` UInt64) AS SELECT x FROM d.t WHERE password != ''",
	`CREATE MATERIALIZED VIEW d.m TO d.t ${columns} AS SELECT x FROM d.u`,
	"CREATE DICTIONARY d.c (`x` UInt64) PRIMARY KEY x SOURCE(CLICKHOUSE(TABLE 't')) LAYOUT(FLAT())",
	"CREATE DICTIONARY d.n (`x` UInt64) PRIMARY KEY x SOURCE(NULL()) LAYOUT(FLAT())",
])("%s can be tried", (statement) => expect(canTry(defined(statement), remote)).toBe(true));

test.each([
	`CREATE TABLE d.t ${columns} ENGINE = MySQL('h:3306', 'd', 't', 'u', 'p')`,
	`CREATE TABLE d.t ${columns} ENGINE = Kafka SETTINGS kafka_broker_list = 'h'`,
	`CREATE TABLE d.t ${columns} ENGINE = MergeTree ORDER BY x SETTINGS storage_policy = 'cold'`,
	`CREATE TABLE d.t ${columns} ENGINE = MergeTree ORDER BY x SETTINGS disk = 's3'`,
	"CREATE VIEW d.v AS SELECT * FROM s3('https://h/f')",
	"CREATE VIEW d.v AS SELECT * FROM remoteSecure ('h', d.t)",
	"CREATE VIEW d.v AS SELECT * FROM system.zookeeper WHERE path = '/'",
	"CREATE VIEW d.v AS SELECT decrypt('aes-128-ecb', x, 'key') FROM d.t",
	"CREATE VIEW d.v AS SELECT encrypt('[HIDDEN]') FROM d.t",
	"CREATE MATERIALIZED VIEW d.m REFRESH EVERY 1 HOUR TO d.t (`x` UInt64) AS SELECT x FROM d.u",
	"CREATE DICTIONARY d.m (`x` UInt64) PRIMARY KEY x SOURCE(MYSQL(HOST 'h')) LAYOUT(FLAT())",
	"CREATE DICTIONARY d.c (`x` UInt64) PRIMARY KEY x SOURCE(CLICKHOUSE(HOST 'h' TABLE 't')) LAYOUT(FLAT())",
	"CREATE DICTIONARY d.c (`x` UInt64) PRIMARY KEY x SOURCE(CLICKHOUSE(TABLE 't' PASSWORD 'p')) LAYOUT(FLAT())",
])("%s is not tried", (statement) => expect(canTry(defined(statement), remote)).toBe(false));

test("what the server does not say can't be tried", () => {
	expect(canTry({ database: "d", name: "t", engine: "MergeTree", statement: "" }, remote)).toBe(false);
});

test.each([
	["ReplicatedMergeTree('/t', '{replica}') ORDER BY x", "MergeTree ORDER BY x"],
	["ReplicatedMergeTree ORDER BY x", "MergeTree ORDER BY x"],
	["ReplicatedMergeTree() ORDER BY x", "MergeTree() ORDER BY x"],
	["ReplicatedMergeTree('/t', '{replica}', d, (x, intHash32(x)), 8192)", "MergeTree(d, (x, intHash32(x)), 8192)"],
	["ReplicatedSummingMergeTree('/t', '{replica}', (a, b)) ORDER BY x", "SummingMergeTree((a, b)) ORDER BY x"],
	["ReplicatedReplacingMergeTree(v) ORDER BY x", "ReplacingMergeTree(v) ORDER BY x"],
	["ReplicatedGraphiteMergeTree('/t', '{replica}', 'g') ORDER BY x", "GraphiteMergeTree('g') ORDER BY x"],
	["ReplicatedMergeTree('/it\\'s (', '{replica}') ORDER BY x", "MergeTree ORDER BY x"],
])("%s needs no Keeper", (engine, plain) => {
	const of = (its: string) => `CREATE TABLE d.t ${columns} ENGINE = ${its}`;
	expect(asTried(of(engine))).toBe(of(plain));
});

test.each([
	"DEFINER = bob SQL SECURITY DEFINER ",
	"DEFINER = `bo\\`b'` SQL SECURITY DEFINER ",
	"DEFINER = bob@localhost SQL SECURITY DEFINER ",
	"DEFINER = `bob`@`10.%` SQL SECURITY DEFINER ",
])("a view of whom the server that is tried does not know needs nobody: %s", (definer) => {
	const of = (its: string) => `CREATE MATERIALIZED VIEW d.v TO d.t ${columns} ${its}AS SELECT x FROM d.s`;
	expect(asTried(of(definer))).toBe(of(""));
	expect(asTried(of("SQL SECURITY INVOKER "))).toBe(of("SQL SECURITY INVOKER "));
});

/** Names and strings that look like SQL. */
const odd = fc
	.array(
		fc.constantFrom(
			...["ENGINE = ReplicatedMergeTree('a', 'b')", "DEFINER = x SQL SECURITY DEFINER"],
			...["`", "'", "\\", "(", ")", " UUID ", "x", "\n"],
		),
		{ minLength: 1, maxLength: 5 },
	)
	.map((parts) => parts.join(""));
const quote = (text: string, mark: string) => mark + text.replace(/[\\`']/g, "\\$&") + mark;

test("what is taken is taken from the engine and the definer, and from nowhere else", () => {
	fc.assert(
		fc.property(odd, odd, odd, (name, column, text) => {
			const of = (engine: string) =>
				`CREATE TABLE ${quote(name, "`")}.t (${quote(column, "`")} String DEFAULT ${quote(text, "'")}) ENGINE = ${engine} ORDER BY x COMMENT ${quote(text, "'")}`;
			expect(asTried(of(`ReplicatedMergeTree(${quote(text, "'")}, '{replica}')`))).toBe(of("MergeTree"));
			expect(asTried(of("Log"))).toBe(of("Log"));
			const view = (definer: string) =>
				`CREATE VIEW ${quote(name, "`")}.v ${definer}AS SELECT ${quote(text, "'")} AS ${quote(column, "`")}`;
			expect(asTried(view(`DEFINER = ${quote(text, "`")} SQL SECURITY DEFINER `))).toBe(view(""));
		}),
	);
});

test.each(["", " UUID '7f0e5a0e-0000-4000-8000-000000000001'"])(
	"a definition is loaded under a UUID of its own%s",
	(had) => {
		fc.assert(
			fc.property(
				fc.constantFrom("TABLE", "VIEW", "MATERIALIZED VIEW", "DICTIONARY"),
				fc.oneof(
					fc.constant("d"),
					odd.map((name) => quote(name, "`")),
				),
				odd.map((name) => quote(name, "`")),
				(kind, database, name) => {
					const statement = `CREATE ${kind} ${database}.${name}${had} (x String DEFAULT 'CREATE TABLE a.b') AS SELECT 1`;
					const loaded = asLoaded(statement);
					const [, uuid = ""] = / UUID '([-0-9a-f]{36})' \(x /.exec(loaded) ?? [];
					expect(loaded).toBe(
						`ATTACH ${kind} ${database}.${name} UUID '${uuid}' (x String DEFAULT 'CREATE TABLE a.b') AS SELECT 1`,
					);
					expect(had).not.toContain(uuid);
					expect(asLoaded(statement, true)).toBe(loaded.replace(` UUID '${uuid}'`, ""));
				},
			),
		);
	},
);

test("a function has no other form, and a replaced table is no longer replaced", () => {
	expect(asLoaded("CREATE FUNCTION twice AS (x) -> (2 * x)")).toBe("CREATE FUNCTION twice AS (x) -> (2 * x)");
	expect(asLoaded("CREATE OR REPLACE TABLE d.t (x Int8) ENGINE = Log")).toMatch(/^ATTACH TABLE d\.t UUID '.*' \(x/);
});
