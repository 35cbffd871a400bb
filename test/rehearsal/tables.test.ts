import fc from "fast-check";
import { expect, test } from "vitest";
import { PlatformError } from "../../src/control/errors";
import { type SqlServer, TrialEnded } from "../../src/control/trial";
import { tryTables } from "../../src/rehearsal/tables";
import { defined, ScriptedServer } from "./server";

const none = { count: 0, first: [] };
const cluster = new ScriptedServer();
const named = (sql: string) => /(?:TABLE|VIEW|DICTIONARY) `?(\w+)`?\.`?(\w+)/.exec(sql)?.[2] ?? "";

test("tables are created in whatever order they need one another", async () => {
	const cases = fc.integer({ min: 1, max: 12 }).chain((count) =>
		fc.tuple(
			fc.array(fc.nat({ max: 11 }), { minLength: count, maxLength: count }),
			fc.shuffledSubarray(
				Array.from({ length: count }, (_, index) => index),
				{ minLength: count, maxLength: count },
			),
		),
	);
	await fc.assert(
		fc.asyncProperty(cases, async ([needs, order]) => {
			const created = new Set<string>();
			const server = new ScriptedServer(undefined, (sql) => {
				const at = Number(/TABLE d\.t(\d+)/.exec(sql)?.[1] ?? -1);
				if (at < 0) return undefined;
				const needed = Number(needs[at]);
				if (needed < at && !created.has(`t${needed}`)) return `Code: 60. Unknown table t${needed}`;
				expect(created.has(`t${at}`)).toBe(false);
				created.add(`t${at}`);
				return undefined;
			});
			const definitions = order.map((n) => defined(`CREATE TABLE d.t${n} (x Int8) ENGINE = Log`));
			const found = await tryTables(cluster, server, definitions);
			expect(found).toEqual({ loaded: definitions.length, refused: none, notCreated: none, skipped: 0 });
			expect(server.ran.every((sql) => sql.startsWith("CREATE"))).toBe(true);
		}),
	);
});

test("what is allowed, what is only loaded, and what is refused are told apart, in the order of the definitions", async () => {
	const allow = (sql: string) => (sql.includes("system.settings") ? [{ name: "allow_old_syntax" }] : undefined);
	const server = new ScriptedServer(allow, (sql, { allow_old_syntax }) => {
		const name = named(sql);
		if (name === "old" && allow_old_syntax !== "1") return "Code: 36. deprecated";
		if (name === "early" && sql.startsWith("CREATE")) return "Code: 46. no such function";
		if (name === "lost") return `Code: 46. ${"x".repeat(400)}`;
		return undefined;
	});
	const definitions = ["lost", "old", "early", "plain"].map((name) =>
		defined(`CREATE TABLE d.${name} (x Int8) ENGINE = ReplicatedMergeTree('/${name}', '{replica}') ORDER BY x`),
	);
	expect(await tryTables(cluster, server, definitions)).toEqual({
		loaded: 3,
		refused: { count: 1, first: [{ name: "d.lost", reason: `Code: 46. ${"x".repeat(290)}` }] },
		notCreated: {
			count: 2,
			first: [
				{ name: "d.old", reason: "Code: 36. deprecated" },
				{ name: "d.early", reason: "Code: 46. no such function" },
			],
		},
		skipped: 0,
	});
	expect(server.ran.filter((sql) => sql.startsWith("ATTACH")).map(named)).toEqual(["lost", "early", "lost"]);
	expect(server.ran.join()).not.toContain("Replicated");
});

test("what needs a table that is only loaded is created after it", async () => {
	const loaded = new Set<string>();
	const server = new ScriptedServer(undefined, (sql) => {
		if (named(sql) === "old" && sql.startsWith("ATTACH")) loaded.add("old");
		if (named(sql) === "old" && !loaded.has("old")) return "Code: 36. deprecated";
		return named(sql) === "v" && !loaded.has("old") ? "Code: 60. Unknown table d.old" : undefined;
	});
	const view = defined("CREATE VIEW d.v AS SELECT x FROM d.old");
	const found = await tryTables(cluster, server, [defined("CREATE TABLE d.old (x Int8) ENGINE = Log"), view]);
	expect(found).toMatchObject({ loaded: 2, refused: none });
});

test("a server without UUIDs loads by name", async () => {
	const ordinary = (sql: string) => (sql.includes("'Ordinary'") ? [{ name: "d" }] : undefined);
	const server = new ScriptedServer(ordinary, (sql) => (sql.startsWith("CREATE TABLE") ? "Code: 36. no" : undefined));
	await tryTables(cluster, server, [defined("CREATE TABLE d.t (x Int8) ENGINE = Log")]);
	expect(server.ran.at(-1)).toBe("ATTACH TABLE d.t (x Int8) ENGINE = Log");
});

test("a database whose engine the version does not know is no less a reason than a table", async () => {
	const databases = (sql: string) =>
		sql.includes("database_engines")
			? [{ name: "Atomic" }, { name: "MaterializedMySQL" }]
			: sql.includes("FROM system.databases WHERE name NOT IN")
				? [
						{ name: "d", engine: "Atomic", here: 1 },
						{ name: "empty", engine: "Atomic", here: 1 },
						{ name: "shop", engine: "MaterializedMySQL", here: 0 },
						{ name: "own", engine: "Overlay", here: 0 },
					]
				: undefined;
	const engines = (sql: string) => (sql.includes("database_engines") ? [{ name: "Atomic" }] : undefined);
	const definitions = [defined("CREATE VIEW d.v AS SELECT * FROM shop.orders")];
	const refuse = (sql: string) => (sql.startsWith("CREATE VIEW") ? "Code: 81. no database shop" : undefined);
	const server = new ScriptedServer(engines, refuse);
	const found = await tryTables(new ScriptedServer(databases), server, definitions);
	expect(found).toMatchObject({
		loaded: 1,
		refused: { first: [{ name: "shop", reason: "there is no database engine MaterializedMySQL any more" }] },
		// What reads it can't be created here, whatever the version.
		notCreated: none,
	});
	// A query may be one of a database without tables.
	expect(server.ran).toContain("CREATE DATABASE IF NOT EXISTS `empty`");
	// Old servers do not say which engines they know.
	expect(await tryTables(new ScriptedServer(databases), new ScriptedServer(), [])).toMatchObject({ refused: none });
});

test("what our user may not create is not tried", async () => {
	const server = new ScriptedServer(undefined, (sql) =>
		named(sql) === "t" ? "Code: 497. DB::Exception: Not enough privileges. (ACCESS_DENIED)" : undefined,
	);
	const definitions = ["t", "u"].map((name) => defined(`CREATE TABLE d.${name} (x Int8) ENGINE = Log`));
	expect(await tryTables(cluster, server, definitions)).toEqual({
		loaded: 1,
		refused: none,
		notCreated: none,
		skipped: 1,
	});
});

test("tables in another place are left out, and stand there for what reads them", async () => {
	const policies = (sql: string) => (sql.includes("storage_policies") ? [{ policy_name: "cold" }] : undefined);
	const source = new ScriptedServer((sql) =>
		["queue", "archive"]
			.filter((table) => sql.includes(`'${table}'`))
			.map((table) => ({ database: "d", table, name: "x", type: "Int8" })),
	);
	const server = new ScriptedServer(policies, (sql) =>
		/FROM d\.queue|VIEW d\.other/.test(sql) && sql.startsWith("CREATE")
			? "Code: 47. Unknown identifier _topic"
			: undefined,
	);
	const found = await tryTables(source, server, [
		defined("CREATE TABLE d.archive (x Int8) ENGINE = MergeTree ORDER BY x SETTINGS storage_policy = 'cold'"),
		defined("CREATE DICTIONARY d.words (x Int8) PRIMARY KEY x SOURCE(MYSQL(PASSWORD 'secret')) LAYOUT(FLAT())"),
		defined("CREATE TABLE d.queue (x Int8) ENGINE = Kafka"),
		defined("CREATE VIEW d.v AS SELECT _topic FROM d.queue"),
		defined("CREATE VIEW d.other AS SELECT 1"),
	]);
	// That a stand-in has no such column says nothing about the version.
	const other = { name: "d.other", reason: "Code: 47. Unknown identifier _topic" };
	expect(found).toEqual({ loaded: 2, refused: none, notCreated: { count: 1, first: [other] }, skipped: 3 });
	expect([...server.ran.slice(0, 4)].sort()).toEqual([
		"CREATE DATABASE IF NOT EXISTS `d`",
		"CREATE DICTIONARY d.words (x Int8) PRIMARY KEY x SOURCE(NULL()) LAYOUT(FLAT())",
		"CREATE TABLE `d`.`archive` (`x` Int8) ENGINE = Null",
		"CREATE TABLE `d`.`queue` (`x` Int8) ENGINE = Null",
	]);
	expect(server.ran.join()).not.toContain("secret");
});

test.each([
	["a platform that fails", new PlatformError("the API server does not answer")],
	["a server that ended", new TrialEnded({ cause: "memory", words: "was killed" })],
])("%s is no reason against a table", async (_, error) => {
	const fails = async () => Promise.reject(error);
	const server: SqlServer = { rows: async () => [], run: (sql) => (named(sql) === "" ? Promise.resolve() : fails()) };
	await expect(tryTables(cluster, server, [defined("CREATE TABLE d.t (x Int8) ENGINE = Log")])).rejects.toBe(error);
});
