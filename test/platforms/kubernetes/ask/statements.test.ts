import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dropReplicated } from "../../../../src/platforms/kubernetes/ask/copy-tables";
import { health } from "../../../../src/platforms/kubernetes/ask/health";
import { queryCounts } from "../../../../src/platforms/kubernetes/ask/server";
import { startupQuery } from "../../../../src/platforms/kubernetes/render/pod";
import { serverConfig } from "../../../../src/platforms/kubernetes/render/server-config";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";
import { kept } from "../../../../src/platforms/kubernetes/render/shape";
import { versions } from "../../local/place";
import { BareEngine } from "../bare-engine";

/** The settings of all servers, without their root. */
function rendered(): string {
	const read = readSettings({ namespace: "ns", image: "clickhouse/clickhouse-server", passwordSecret: { name: "p" } });
	if ("problems" in read) throw new Error(JSON.stringify(read.problems));
	const shape = { name: "db", namespace: "ns", shards: 1, replicas: 2, settings: kept(read.settings) };
	return serverConfig(shape)["config-dbcluster.xml"]?.replace(/<[/]?clickhouse>/g, "") ?? "";
}

/**
 * What is said to servers, on current engines: those of the real cluster are old ones. The statements of replicas that join
 * are in tables.test.ts, of those that leave in alone.test.ts and flush.test.ts.
 */
describe.each([versions.v1, versions.v2])("ClickHouse %s", (version) => {
	let engine: BareEngine;
	beforeAll(async () => {
		engine = await BareEngine.open(version, rendered(), {
			DBCLUSTER_INTERSERVER_HOST: "db-0-1.ns.svc",
			DBCLUSTER_SHARD: "0",
			DBCLUSTER_REPLICA: "db-0-1",
			CLICKHOUSE_PASSWORD: "password",
		});
	});
	afterAll(() => engine?.close());

	it("answers what every update asks", async () => {
		expect(await health(engine.server, 0)).toEqual({ readOnly: false, caughtUp: true, waiting: 0 });
		const { all, running } = await queryCounts(engine.server);
		expect(all).toBeGreaterThan(2);
		expect(running).toBe(0);
		// Embedded, it queues no INSERT: that its number is told by this name is all that can be seen.
		expect(await engine.sql("SELECT value FROM system.metrics WHERE metric = 'PendingAsyncInsert'")).toBe("0");
		// Of its two peers none has an address here.
		expect(await engine.sql("SELECT count() > 1 FROM system.clusters WHERE cluster = 'db'")).toBe("1");
		expect(await engine.sql(startupQuery)).toBe("0");
	});

	// Embedded, the older one never ends a DROP that is to be SYNC.
	it.skipIf(version === versions.v1)("drops the tables of a replica that leaves", async () => {
		await engine.sql("CREATE DATABASE shop");
		await engine.sql("CREATE TABLE shop.rows (n UInt64) ENGINE = MergeTree ORDER BY n");
		const source = "SOURCE(CLICKHOUSE(DB 'shop' TABLE 'rows'))";
		await engine.sql(`CREATE DICTIONARY shop.words (n UInt64) PRIMARY KEY n ${source} LIFETIME(0) LAYOUT(FLAT())`);
		// Nothing replicates without a Keeper.
		const replicating = engine.but({
			rows: (sql, settings) => engine.server.rows(sql.replace("FROM system.replicas", from), settings),
		});
		const from =
			"FROM (SELECT database, name AS table FROM system.tables WHERE database = 'shop' AND engine = 'MergeTree')";
		await dropReplicated(replicating);
		expect(await engine.sql("EXISTS shop.rows")).toBe("0");
	});

	it("takes the settings that are rendered", async () => {
		expect(await engine.sql("SELECT macro, substitution FROM system.macros ORDER BY macro", {}, "CSV")).toBe(
			'"cluster","db"\n"replica","db-0-1"\n"shard","0"',
		);
		expect(
			await engine.sql("SELECT replica_num, host_name, port FROM system.clusters WHERE cluster = 'db'", {}, "CSV"),
		).toBe('1,"db-0-0.db-headless.ns.svc",9000\n2,"db-0-1.db-headless.ns.svc",9000');
		const settings = await engine.server.rows("SELECT name, value FROM system.server_settings");
		expect(Object.fromEntries(settings.map(({ name, value }) => [name, value]))).toMatchObject({
			async_load_databases: "0",
			disable_internal_dns_cache: "1",
			interserver_http_host: "db-0-1.ns.svc",
			interserver_http_port: "9009",
			keep_alive_timeout: "3",
			listen_try: "1",
			"logger.console": "1",
			"logger.console_log_level": "information",
		});
	});
});
