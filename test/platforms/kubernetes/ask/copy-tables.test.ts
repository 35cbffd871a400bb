import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ControlError } from "../../../../src/control/errors";
import { copyTables } from "../../../../src/platforms/kubernetes/ask/copy-tables";
import { QueryError } from "../../../../src/platforms/kubernetes/ask/server";
import { attachAgain } from "../../../../src/words/text";
import { versions } from "../../local/place";
import { BareEngine } from "../bare-engine";

describe("on a current engine", () => {
	let from: BareEngine;
	let to: BareEngine;
	beforeAll(async () => {
		[from, to] = await BareEngine.pair(versions.v2);
		await from.sql("CREATE VIEW shop.z_view AS SELECT n FROM shop.rows");
		await from.sql("CREATE VIEW shop.a_view AS SELECT * FROM shop.z_view");
	});
	afterAll(() => Promise.all([from?.close(), to?.close()]));

	it("copies databases, tables and views, whatever order they depend on each other in, and does it again for nothing", async () => {
		const names = "SELECT name, engine FROM system.tables WHERE database = 'shop' ORDER BY name";
		for (let again = 0; again < 2; again++) {
			await copyTables(from.server, to.server);
			expect(await to.sql(names)).toBe(await from.sql(names));
		}
		// Replicas of one table share its UUID: the table's path in Keeper may hold it.
		const uuid = "SELECT uuid FROM system.tables WHERE database = 'shop' AND name = 'rows'";
		expect(await to.sql(uuid)).toBe(await from.sql(uuid));
		expect(await to.sql("SELECT count() FROM shop.rows")).toBe("0");
	});

	it("makes again what a server makes only when told to", async () => {
		await from.sql("CREATE DATABASE old ENGINE = Ordinary", { allow_deprecated_database_ordinary: "1" });
		await from.sql("CREATE TABLE old.rows (n LowCardinality(UInt8)) ENGINE = MergeTree ORDER BY n", {
			allow_suspicious_low_cardinality_types: "1",
		});
		await from.sql("CREATE TABLE shop.nested (n UInt64, m Nested(a UInt8, b UInt8)) ENGINE = MergeTree ORDER BY n", {
			flatten_nested: "0",
		});
		await from.sql("CREATE FUNCTION twice AS (x) -> x * 2");
		await from.sql("CREATE VIEW shop.doubled AS SELECT twice(n) AS m FROM shop.rows");
		expect(await copyTables(from.server, to.server, 0)).toBe(true);
		const columns = "SELECT database, table, name, type FROM system.columns WHERE database IN ('old', 'shop')";
		expect(await to.sql(columns)).toBe(await from.sql(columns));
	});

	it("takes a table by the statements that messages name, although a database of the engine Atomic refuses them without the UUID", async () => {
		const words = attachAgain("shop.given", "db-0-0", "db-0-1");
		const [, settings] = /with (SETTINGS \S+ = 1) at its end/.exec(words) ?? [];
		expect(words).toContain("replace CREATE with ATTACH");
		await from.sql("CREATE TABLE shop.given (n UInt64) ENGINE = MergeTree ORDER BY n");
		const given = async (how: string) =>
			(await from.sql(`SHOW CREATE TABLE shop.given ${how}`))
				.replaceAll("\\n", "\n")
				.replaceAll("\\'", "'")
				.replace(/^CREATE/, "ATTACH");
		await expect(to.sql(await given(""))).rejects.toThrow("Incorrect ATTACH TABLE query for Atomic");
		await to.sql(await given(settings ?? ""));
		expect(await to.sql("SELECT count() FROM shop.given")).toBe("0");
	});

	it("does not take a hidden password for one", async () => {
		await from.sql(
			"CREATE TABLE shop.remote (n UInt64) ENGINE = MySQL('127.0.0.1:3306', 'd', 't', 'user', 'password')",
		);
		const copy = () => copyTables(from.server, to.server, 0);
		await expect(copy()).rejects.toThrow(
			"the definition of the table `shop`.`remote` contains a secret that its server shows as [HIDDEN]",
		);
		expect(await to.sql("EXISTS shop.remote")).toBe("0");
		await to.sql("CREATE TABLE shop.remote (n UInt64) ENGINE = MySQL('127.0.0.1:3306', 'd', 't', 'user', 'password')");
		await copy();
	});

	it("copies passwords that a server is configured to show", async () => {
		const open = await BareEngine.open(
			versions.v2,
			"<display_secrets_in_show_and_select>true</display_secrets_in_show_and_select>",
		);
		await open.sql("CREATE DATABASE mine");
		await open.sql(
			"CREATE TABLE mine.remote (n UInt64) ENGINE = MySQL('127.0.0.1:3306', 'd', 't', 'user', 'password')",
		);
		const said: string[] = [];
		await copyTables(open.server, to.but({ run: async (sql) => void said.push(sql) }), 0);
		expect(said.at(-1)).toMatch(/^CREATE TABLE IF NOT EXISTS mine.remote .*'password'/);
		await open.close();
	});

	it("is not done while tables of a Replicated database are still to come", async () => {
		const replicated = from.but({
			rows: async (sql, settings) => {
				const rows = await from.server.rows(sql, settings);
				return sql.includes("FROM system.databases") ? rows.map((row) => ({ ...row, engine: "Replicated" })) : rows;
			},
		});
		await from.sql("CREATE TABLE shop.late (n UInt64) ENGINE = MergeTree ORDER BY n");
		expect(await copyTables(replicated, to.server, 0)).toBe(false);
		await to.sql("CREATE TABLE shop.late (n UInt64) ENGINE = MergeTree ORDER BY n");
		expect(await copyTables(replicated, to.server, 0)).toBe(true);
		await Promise.all([from, to].map((engine) => engine.sql("DROP TABLE shop.late")));
	});

	it("names the table that can't be made, with the server's words", async () => {
		const broken = to.but({
			run: async (sql) => {
				if (sql.includes("late")) throw new QueryError("Code: 60. no such table");
			},
		});
		await from.sql("CREATE TABLE shop.late (n UInt64) ENGINE = MergeTree ORDER BY n");
		const error: unknown = await copyTables(from.server, broken, 0).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(ControlError);
		expect((error as Error).message).toBe(
			"the table `shop`.`late` can't be created on the new replica: Code: 60. no such table",
		);
		await from.sql("DROP TABLE shop.late");
	});
});
