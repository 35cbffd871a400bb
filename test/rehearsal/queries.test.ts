import fc from "fast-check";
import { expect, test } from "vitest";
import type { SqlRow } from "../../src/control/trial";
import { explainable, tryQueries } from "../../src/rehearsal/queries";
import { ScriptedServer } from "./server";

const none = { count: 0, first: [] };

/** A cluster with a log of queries, and the queries that it does not plan any more. */
function clusterWith(texts: readonly string[], refuse: (sql: string) => string | undefined = () => undefined) {
	const found = texts.map((text, n): SqlRow => ({ hash: `${n}`, text, database: "shop", times: 1 }));
	return new ScriptedServer((sql) => (sql.includes("FROM system.query_log\nWHERE") ? found : undefined), refuse);
}
const refusing = (reason: string, word = "") =>
	new ScriptedServer(undefined, (sql) => (sql.startsWith("EXPLAIN") && sql.includes(word) ? reason : undefined));

test("counts what is planned, names what only the version refuses, and skips what both refuse", async () => {
	const server = refusing(
		"Code: 47. DB::Exception: Unknown identifier. (UNKNOWN_IDENTIFIER) (version 26.7.2.1)",
		"bad",
	);
	const gone = (sql: string) => (sql.includes("dropped") ? "Code: 60. DB::Exception: no such table" : undefined);
	const cluster = clusterWith(["SELECT 1", "SELECT bad", "SELECT bad FROM dropped"], gone);
	expect(await tryQueries(cluster, server, 200)).toEqual({
		planned: 1,
		failing: { count: 1, first: [{ hash: "1", error: "UNKNOWN_IDENTIFIER" }] },
		skipped: 1,
	});
	// A new server has no logs, which queries may ask.
	expect(server.ran).toEqual(["SYSTEM FLUSH LOGS"]);
	// What the version plans is not asked of the cluster.
	expect(cluster.asked.filter((sql) => sql.startsWith("EXPLAIN"))).toEqual([
		"EXPLAIN SELECT bad\n",
		"EXPLAIN SELECT bad FROM dropped\n",
	]);
	expect(cluster.ran).toEqual([]);
});

test.each([
	["SELECT * FROM url('http://h/f', CSV)"],
	["SELECT * FROM `system`.`zookeeper` WHERE path = '/'"],
	["SELECT * FROM system.zookeeper_connection"],
])("%s is planned nowhere", async (text) => {
	const [cluster, server] = [clusterWith([text]), new ScriptedServer()];
	expect(await tryQueries(cluster, server, 200)).toEqual({ planned: 0, failing: none, skipped: 1 });
	expect([...cluster.asked, ...server.asked].filter((sql) => sql.startsWith("EXPLAIN"))).toEqual([]);
});

test("a stand-in's engine, and a database that is elsewhere, are no reason against a query", async () => {
	const databases = [{ name: "pg" }];
	const found = ["SELECT x FROM shop.queue FINAL", "SELECT 1 FROM pg.users", "SELECT queues FROM shop.t"].map(
		(text, n): SqlRow => ({ hash: `${n}`, text, database: "shop", times: 1 }),
	);
	const cluster = new ScriptedServer((sql) =>
		sql.includes("FROM system.query_log\nWHERE")
			? found
			: sql.includes("FROM system.databases")
				? databases
				: undefined,
	);
	const server = new ScriptedServer(
		(sql) => (sql.includes("'Null'") ? [{ name: "queue", engine: "Null" }] : undefined),
		(sql) => (sql.startsWith("EXPLAIN") ? "Code: 181. (ILLEGAL_FINAL)" : undefined),
	);
	expect(await tryQueries(cluster, server, 200)).toEqual({
		planned: 0,
		failing: { count: 1, first: [{ hash: "2", error: "ILLEGAL_FINAL" }] },
		skipped: 2,
	});
});

test("no plan reads the cluster's rows: a Distributed table of the trial would ask its replicas", async () => {
	const cluster = clusterWith(["SELECT 1 FROM t WHERE x = (SELECT max(x) FROM shop.all)", "SELECT x FROM shop.all"]);
	const distributed = (sql: string) =>
		sql.includes("'Distributed'") ? [{ name: "all", engine: "Distributed" }] : undefined;
	const server = new ScriptedServer(distributed);
	expect(await tryQueries(cluster, server, 200)).toEqual({ planned: 1, failing: none, skipped: 1 });
	expect(server.asked.filter((sql) => sql.startsWith("EXPLAIN"))).toEqual(["EXPLAIN SELECT x FROM shop.all\n"]);
});

test("a log that is missing, too old or empty, and no queries that are wanted, are nothing", async () => {
	const without = new ScriptedServer(undefined, () => "Code: 60. DB::Exception: Table system.query_log doesn't exist");
	expect(await tryQueries(without, new ScriptedServer(), 200)).toBeUndefined();
	expect(await tryQueries(clusterWith([]), new ScriptedServer(), 200)).toBeUndefined();
	const cluster = clusterWith(["SELECT 1"]);
	expect(await tryQueries(cluster, new ScriptedServer(), 0)).toBeUndefined();
	expect(cluster.asked).toEqual([]);
});

test.each([
	[
		"Code: 47. DB::Exception: 'x (SECRET)'. (UNKNOWN_IDENTIFIER) (version 26.7.2.1 (official build))",
		"UNKNOWN_IDENTIFIER",
	],
	["Code: 47. DB::Exception: In scope SELECT 'secret' FROM", "47"],
	["Code: 47, e.displayText() = DB::Exception: secret, e.what() = DB::Exception", "47"],
	["secret", "unknown"],
])("of the error %s only %s is kept", async (reason, error) => {
	const found = await tryQueries(clusterWith(["SELECT 'secret'"]), refusing(reason), 200);
	expect(found?.failing.first).toEqual([{ hash: "0", error }]);
});

test("no text of a query or of an error is kept", async () => {
	const odd = fc.string({ minLength: 6, unit: fc.constantFrom(..."abcxyz'\"`();:. \n") }).map((text) => `Q${text}Q`);
	await fc.assert(
		fc.asyncProperty(odd, odd, async (text, message) => {
			const found = await tryQueries(clusterWith([`SELECT ${text}`]), refusing(`Code: 1. ${message}`), 200);
			expect(JSON.stringify(found)).not.toContain("Q");
		}),
	);
});

test.each([
	"SELECT 1 FORMAT JSON",
	"SELECT 1 FORMAT JSON;",
	"SELECT 1;\n",
	"SELECT 1 /* FORMAT */ FORMAT JSON /* it's an app */;",
	"SELECT 1 -- report",
	"SELECT 1 format TabSeparated\n-- report\n;",
	"SELECT 1 /* a */ -- b\n/* c */;;",
])("%j is explained without what stands behind it", (query) => {
	expect(explainable(query)).toBe("SELECT 1");
});

test.each([
	"SELECT '; FORMAT JSON'",
	"SELECT '/* a */'",
	"SELECT 'it -- is'",
	"SELECT format FROM t",
	"SELECT 1 AS `--x`",
])("%j is explained as it is", (query) => expect(explainable(query)).toBe(query));

test("a query is only ever shortened at its end", () => {
	fc.assert(
		fc.property(
			fc.string({ unit: fc.constantFrom("a", "'", "-", "--", "/*", "*/", ";", " ", "\n", " FORMAT a") }),
			(text) => {
				expect(text.startsWith(explainable(text))).toBe(true);
				expect(explainable(explainable(text))).toBe(explainable(text));
			},
		),
	);
});
