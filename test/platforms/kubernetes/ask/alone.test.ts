import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heldAlone, readRows } from "../../../../src/platforms/kubernetes/ask/alone";
import { inventoryOf } from "../../../../src/platforms/kubernetes/ask/inventory";
import { versions } from "../../local/place";
import { BareEngine } from "../bare-engine";

describe("on a current engine", () => {
	let from: BareEngine;
	let to: BareEngine;
	beforeAll(async () => {
		[from, to] = await BareEngine.pair(versions.v2);
	});
	afterAll(() => Promise.all([from?.close(), to?.close()]));

	/** As though the table `shop.rows` replicated under a path; nothing does without a Keeper. */
	const replicating = (engine: BareEngine, path: string) =>
		engine.but({
			rows: async (sql, settings) => {
				const rows = await engine.server.rows(sql, settings);
				const its = { kind: "path", a: "shop", b: "rows", c: path, d: "r", n: 0 };
				return sql.startsWith("SELECT kind,") ? [...rows, its] : rows;
			},
		});

	it("finds rows that are nowhere else", async () => {
		await from.sql("CREATE TABLE shop.members (n UInt64) ENGINE = Set");
		await from.sql("CREATE TABLE shop.empty (n UInt64) ENGINE = Log");
		await from.sql("CREATE TABLE shop.logged (n UInt64) ENGINE = Log");
		await from.sql("INSERT INTO shop.logged VALUES (1)");
		expect((await heldAlone(from.server, [to.server])).sort()).toEqual([
			"`shop`.`logged` has rows and does not replicate (Log)",
			"`shop`.`members` does not replicate (Set), and it may have rows",
			"`shop`.`rows` has rows and does not replicate (MergeTree)",
		]);
		expect(await heldAlone(to.server, [from.server])).toEqual([]);
		for (const table of ["members", "empty", "logged"]) await from.sql(`DROP TABLE shop.${table} SYNC`);
	});

	it("takes tables for the same only where their replication path is", async () => {
		const its = replicating(from, "/a");
		expect(await heldAlone(its, [replicating(from, "/a")])).toEqual([]);
		expect(await heldAlone(its, [replicating(from, "/b")])).toEqual([
			"no other replica has `shop`.`rows` with the same engine and replication path (MergeTree, /a)",
		]);
		expect(await heldAlone(its, [replicating(from, "/b"), replicating(from, "/a")])).toEqual([]);
		expect(await heldAlone(its, [to.server])).toEqual(["`shop`.`rows` is on no other replica"]);
		// The first replica of a shard that was never let in has tables of the others, without rows.
		expect(await heldAlone(its, undefined)).toEqual(["`shop`.`rows` is on no other replica"]);
		await from.sql("TRUNCATE TABLE shop.rows");
		expect(await heldAlone(its, undefined)).toEqual([]);
		await from.sql("INSERT INTO shop.rows VALUES (1, 'one')");
	});

	it("remembers no number of rows that falls by itself", async () => {
		const versioned = "SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1";
		for (const name of ["plain", "masked", "patched", "deleting"])
			await from.sql(`CREATE TABLE shop.${name} (n UInt64, m UInt64) ENGINE = MergeTree ORDER BY n ${versioned}`);
		for (const name of ["plain", "masked", "patched", "deleting"])
			await from.sql(`INSERT INTO shop.${name} SELECT number, 0 FROM numbers(2000)`);
		await from.sql("ALTER TABLE shop.plain UPDATE m = 1 WHERE n < 100", { mutations_sync: "1" });
		await from.sql("DELETE FROM shop.masked WHERE n < 100");
		await from.sql("UPDATE shop.patched SET m = 1 WHERE n < 100", { allow_experimental_lightweight_update: "1" });
		// It never ends.
		await from.sql("ALTER TABLE shop.deleting DELETE WHERE throwIf(n = 100) = 1", { mutations_sync: "0" });
		const counted = (await inventoryOf(from.server)).tables.filter(({ rows = 0 }) => rows !== 1);
		expect(Object.fromEntries(counted.map(({ name, rows }) => [name, rows]))).toEqual({
			plain: 2000,
			masked: null,
			patched: null,
			deleting: null,
		});
		await from.sql("KILL MUTATION WHERE table = 'deleting'");
		for (const { name } of counted) await from.sql(`DROP TABLE shop.${name} SYNC`);
	});

	it("looks into any number of tables", async () => {
		const names = Array.from({ length: 45 }, (_, index) => `shop.t${index}`);
		for (const [index, name] of names.entries()) {
			await from.sql(`CREATE TABLE ${name} (n UInt64) ENGINE = ${index === 30 ? "Set" : "TinyLog"}`);
			if (index % 2 === 0) await from.sql(`INSERT INTO ${name} VALUES (1)`);
		}
		const { tables } = await inventoryOf(from.server);
		const read = await readRows(
			from.server,
			tables.filter(({ name }) => /^t\d/.test(name)),
		);
		expect(read.size).toBe(44);
		for (const [{ name }, has] of read) expect(has).toBe(Number(name.slice(1)) % 2 === 0);
		for (const name of names) await from.sql(`DROP TABLE ${name} SYNC`);
	});
});
