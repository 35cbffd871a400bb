import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outcomeOf } from "../../src/core/rehearsal";
import type { DbVersion } from "../../src/core/version";
import { health } from "../../src/platforms/kubernetes/ask/health";
import { queryCounts, Server } from "../../src/platforms/kubernetes/ask/server";
import type { KubernetesControl } from "../../src/platforms/kubernetes/control";
import { inParallel } from "../../src/rehearsal/parallel";
import { rehearsing } from "../../src/rehearsal/rehearse";
import { roll } from "../../src/roll/roll";
import { untilState } from "../../src/roll/until-state";
import { noCurrent, Space, startCluster, unavailable } from "./harness";
import { mixed, mixedImage } from "./mixed";
import { credentials } from "./query";

/**
 * Each of them is created by a request: 200 take seconds, and 5,000 minutes, so those are only tried when asked for, with
 * `DBCLUSTER_TEST_TABLES=5000 npx vitest run --project kubernetes test/kubernetes/current.test.ts`.
 */
const many = Number(process.env.DBCLUSTER_TEST_TABLES ?? 200);
const none = { count: 0, first: [] };

/** Tries an update, and expects that the cluster remembers what was found. */
async function rehearsed(control: KubernetesControl, from: DbVersion, to: DbVersion) {
	const claim = await control.claim("the test", 600);
	const use = rehearsing({ from, to, queries: 200, again: true, now: Date.now() });
	const found = await control.rehearse(claim, to, 300, use).finally(() => control.release(claim));
	if (found === undefined) throw new Error("nothing was tried");
	expect((await control.record())?.rehearsed).toEqual(found);
	return found;
}

describe.skipIf((unavailable ?? noCurrent) !== undefined)("from a server of 2018 to a current one", () => {
	let space: Space;
	let control: KubernetesControl;
	const sql = (text: string) => space.queryPod("db-0-0", text);

	beforeAll(async () => {
		space = await Space.open();
		const settings = space.settings({ image: await mixedImage() });
		control = await startCluster(space, { version: mixed.old, replicas: 1, settings });
		await sql("CREATE TABLE old (d Date, x UInt64) ENGINE = MergeTree(d, (x), 8192)");
		await sql(
			`CREATE TABLE replicated (d Date, x UInt64) ENGINE = ReplicatedMergeTree('/${space.namespace}/r', '{replica}', d, (x), 8192)`,
		);
		await sql("CREATE TABLE l (x UInt64) ENGINE = Log");
		await sql("CREATE VIEW v AS SELECT x FROM l");
		await sql("CREATE MATERIALIZED VIEW m ENGINE = MergeTree(d, (x), 8192) AS SELECT toDate(0) AS d, x FROM l");
		await sql("CREATE DATABASE `odd ``name`");
		await sql(
			"CREATE TABLE `odd ``name`.`(``` (`ENGINE = MergeTree(` String DEFAULT 'ENGINE = ReplicatedMergeTree(''a'', ''b'')') ENGINE = TinyLog",
		);
	});
	afterAll(() => space?.close());

	test("loads definitions that it would not create", async () => {
		const found = await rehearsed(control, mixed.old, mixed.current);
		expect(outcomeOf(found)).toBe("passed");
		expect(found.places).toEqual([{ name: expect.any(String), replicas: ["db-0-0"] }]);
		const reason = expect.stringContaining("deprecated");
		expect(found.tables).toEqual({
			loaded: 6,
			refused: none,
			notCreated: { count: 3, first: ["m", "old", "replicated"].map((name) => ({ name: `default.${name}`, reason })) },
			skipped: 0,
		});
		expect(found.settings?.unknown).toEqual(none);
		expect(found.settings?.defaults.first).toContainEqual({ name: "max_parallel_replicas", from: "1", to: "1000" });
		// The old server can't group its queries.
		expect(found.queries).toBeUndefined();
	});

	test("reads the cluster's settings and knows no Keeper", async () => {
		const claim = await control.claim("the test", 600);
		const settings = "SELECT name, value FROM system.server_settings WHERE name = 'async_load_databases' AND changed";
		await control.rehearse(claim, mixed.current, 300, async (trial) => {
			const { server } = await trial.start();
			expect(await server?.rows(settings)).toEqual([{ name: "async_load_databases", value: "0" }]);
			// Servers have it with a Keeper only.
			expect(await server?.rows("EXISTS system.zookeeper")).toEqual([{ result: 0 }]);
			return undefined;
		});
		await control.release(claim);
	});

	test("names what it does not load, with its reason", async () => {
		await sql(
			"CREATE TABLE lost (x UInt32) ENGINE = MergeTree PARTITION BY tuple() ORDER BY sumburConsistentHash(x, 3)",
		);
		const found = await rehearsed(control, mixed.old, mixed.current);
		expect(outcomeOf(found)).toBe("failed");
		const reason = expect.stringContaining("Unknown function sumburConsistentHash");
		expect(found.tables).toMatchObject({
			loaded: 6,
			refused: { count: 1, first: [{ name: "default.lost", reason }] },
			notCreated: { count: 3 },
		});
	});
});

describe.skipIf((unavailable ?? noCurrent) !== undefined)("one replica of a current server", () => {
	let space: Space;
	let control: KubernetesControl;
	let server: Server;
	const sql = (text: string) => space.queryPod("db-0-0", text);
	const log = `<query_log><database>system</database><table>query_log</table><flush_interval_milliseconds>7500</flush_interval_milliseconds></query_log>`;

	beforeAll(async () => {
		space = await Space.open();
		const config = { "log.xml": `<yandex>${log}</yandex>` };
		// This server, the first process of its container, does not heed the signal to stop.
		const settings = space.settings({ image: await mixedImage(), config, gracePeriodSeconds: 5 });
		control = await startCluster(space, { version: mixed.current, replicas: 1, settings });
		server = new Server(space.api, "db-0-0", credentials);
		// `default` of this server is not the database that servers have.
		await sql("CREATE DATABASE shop");
		await sql("CREATE TABLE shop.orders (id UInt64, note String) ENGINE = MergeTree ORDER BY id");
		await sql("CREATE VIEW shop.notes AS SELECT note FROM shop.orders");
		await sql(
			"CREATE MATERIALIZED VIEW shop.totals ENGINE = SummingMergeTree ORDER BY id AS SELECT id FROM shop.orders",
		);
		await sql("INSERT INTO shop.orders VALUES (1, 'one')");
	});
	afterAll(() => space?.close());

	/** Resolves once the log has so many queries with a word. */
	const logged = (word: string, count: number) =>
		expect
			.poll(
				async () =>
					Number(
						await sql(
							`SELECT count() FROM system.query_log WHERE type = 'QueryFinish' AND query LIKE '%${word}%' AND query NOT LIKE '%query_log WHERE%'`,
						),
					),
				{ timeout: 120_000, interval: 500 },
			)
			.toBeGreaterThanOrEqual(count);

	test("has its queries planned, and no text of them is recorded", async () => {
		await sql("SELECT id FROM shop.orders WHERE note = 'confidential' FORMAT JSON /* dashboard */;");
		await sql("SELECT count() FROM shop.totals -- dashboard");
		await sql("SELECT note, 4711 AS dashboard FROM shop.notes");
		await sql("WITH 'confidential' AS dashboard SELECT id, dashboard FROM shop.orders");
		await logged("dashboard", 4);
		// A new server has no log of its own.
		await sql("SELECT count() AS dashboard FROM system.query_log");
		await logged("dashboard", 5);
		const found = await rehearsed(control, mixed.current, mixed.next);
		expect(outcomeOf(found)).toBe("passed");
		expect(found.tables).toEqual({ loaded: 3, refused: none, notCreated: none, skipped: 0 });
		expect(found.settings).toEqual({ unknown: none, defaults: none });
		expect(found.queries).toMatchObject({ failing: none, skipped: 0 });
		expect(found.queries?.planned).toBeGreaterThanOrEqual(5);
		expect(JSON.stringify(await control.record())).not.toMatch(/confidential|dashboard|4711|shop/);
	});

	test("leaves out what reaches outside or has a secret, and tries what reads it", async () => {
		await sql("CREATE DATABASE outside");
		await sql(
			"CREATE TABLE outside.erp (id UInt64, name String) ENGINE = MySQL('nowhere:3306', 'd', 't', 'u', 'topsecret')",
		);
		await sql(
			"CREATE DICTIONARY outside.prices (id UInt64, price UInt64) PRIMARY KEY id SOURCE(MYSQL(HOST 'nowhere' PORT 3306 USER 'u' PASSWORD 'topsecret' DB 'd' TABLE 't')) LIFETIME(0) LAYOUT(FLAT())",
		);
		await sql(
			"CREATE TABLE outside.queue (id UInt64) ENGINE = Kafka SETTINGS kafka_broker_list = 'nowhere:9092', kafka_topic_list = 't', kafka_group_name = 'g', kafka_format = 'JSONEachRow', kafka_sasl_password = 'topsecret'",
		);
		await sql("CREATE VIEW outside.names AS SELECT name FROM outside.erp");
		await sql("CREATE MATERIALIZED VIEW outside.filled ENGINE = MergeTree ORDER BY id AS SELECT id FROM outside.queue");
		await sql(
			"CREATE TABLE outside.priced (id UInt64, price UInt64 DEFAULT dictGet('outside.prices', 'price', id)) ENGINE = MergeTree ORDER BY id",
		);
		await sql("SELECT id AS aside FROM outside.filled");
		await logged("aside", 1);
		const found = await rehearsed(control, mixed.current, mixed.next);
		expect(found.tables).toEqual({ loaded: 6, refused: none, notCreated: none, skipped: 3 });
		expect(found.queries).toMatchObject({ failing: none, skipped: 0 });
		expect(JSON.stringify(await control.record())).not.toContain("topsecret");
		await sql("DROP DATABASE outside SYNC");
	});

	test(`is rehearsed with ${many} tables and as many queries as are tried`, async () => {
		// No digits, which make queries the same kind.
		const word = (n: number): string =>
			(n < 26 ? "" : word(Math.floor(n / 26) - 1)) + String.fromCharCode(97 + (n % 26));
		const words = Array.from({ length: many }, (_, n) => `t_${word(n)}`);
		await sql("CREATE DATABASE many");
		await inParallel(words, async (name) => {
			await sql(`CREATE TABLE many.${name} (id UInt64, note String) ENGINE = MergeTree ORDER BY id`);
		});
		await inParallel(words.slice(0, 200), async (name) => void (await sql(`SELECT ${name}.id FROM many.${name}`)));
		await logged("many.t_", Math.min(200, words.length));
		const found = await rehearsed(control, mixed.current, mixed.next);
		expect(outcomeOf(found)).toBe("passed");
		expect(found.tables).toEqual({ loaded: many + 3, refused: none, notCreated: none, skipped: 0 });
		const { planned = 0, skipped = 0, failing } = found.queries ?? {};
		expect(failing).toEqual(none);
		expect(planned + skipped).toBe(200);
		// Of those before, one asked a table that is gone.
		expect(skipped).toBeLessThanOrEqual(1);
	});

	test("answers what updates ask", async () => {
		expect(await health(server, 0)).toEqual({ readOnly: false, caughtUp: true, waiting: 0 });
		const held = await control.holds("db-0-0");
		expect(held?.tables).toContainEqual({ database: "shop", name: "orders", engine: "MergeTree", rows: 1 });
		expect(await queryCounts(server)).toMatchObject({ running: 0 });
		const running = "SELECT count() FROM numbers(600) WHERE sleepEachRow(1) = 0 SETTINGS max_block_size = 1";
		const ended = sql(running).catch((error: Error) => error.message);
		await expect.poll(() => queryCounts(server), { timeout: 60_000, interval: 100 }).toMatchObject({ running: 1 });
		await sql("KILL QUERY WHERE query LIKE '%numbers(600)%' AND query NOT LIKE 'KILL%' SYNC");
		expect(await ended).toContain("QUERY_WAS_CANCELLED");
		expect(await queryCounts(server)).toMatchObject({ running: 0 });
	});

	test("survives that connections to it are given up", async () => {
		await space.api.hangUp("db-0-0", 8123);
		await sql("SELECT sleep(1)");
		expect(await space.api.log("db-0-0", "server", { lines: 100, previous: false })).not.toContain("<Fatal>");
	});

	test("is updated, and serves only once all of its tables are loaded", async () => {
		const tables = "SELECT count() FROM system.tables WHERE database IN ('many', 'shop')";
		const state = `SELECT (SELECT countIf(status = 'PENDING') FROM system.asynchronous_loader), (${tables})`;
		const before = await sql(tables);
		const stop = startAsking();
		const { cluster } = await roll({ control, to: mixed.next, holder: "the test", timing: { drainSeconds: 5 } });
		const answers = await stop();
		expect(cluster.state).toBe("Started");
		expect(cluster.replicas).toMatchObject([{ version: mixed.next, serving: true, readOnly: false, caughtUp: true }]);
		expect(answers.length).toBeGreaterThan(0);
		expect(new Set(answers)).toEqual(new Set([`0\t${before}`]));
		expect(await sql("SELECT value FROM system.server_settings WHERE name = 'async_load_databases'")).toBe("0");
		expect(await sql("SELECT note FROM shop.orders")).toBe("one");

		/** Asks all the time, ready or not, what is not loaded and how many tables there are. */
		function startAsking(): () => Promise<string[]> {
			const heard: string[] = [];
			let asking = true;
			const all = (async () => {
				while (asking) {
					const answer = await sql(state).catch(() => undefined);
					if (answer === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
					else heard.push(answer);
				}
				return heard;
			})();
			return () => {
				asking = false;
				return all;
			};
		}
	});

	test("is stopped and started again with all its rows", async () => {
		for (const [change, state] of [
			["stop", "Stopped"],
			["start", "Started"],
		] as const) {
			const claim = await control.claim("the test", 600);
			await control[change](claim);
			await control.release(claim);
			await untilState(control, state);
			expect((await control.observe())?.replicas).toMatchObject([{ version: mixed.next }]);
		}
		await space.reachable("db");
		expect(await space.query("db", "SELECT note FROM shop.orders")).toBe("one");
	});
});
