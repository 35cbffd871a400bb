import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ControlError } from "../../../src/control/errors";
import { QueryError, type Server } from "../../../src/platforms/kubernetes/server";
import { copyTables, heldAlone } from "../../../src/platforms/kubernetes/tables";
import { LocalPlace, versions } from "../local/place";

/** A current engine in the place of a pod's: the real cluster's servers are old ones. */
function server(place: LocalPlace): Pick<Server, "rows" | "run"> {
	const ask = (sql: string) =>
		place.sql(sql).catch((error: Error) => {
			throw new QueryError(error.message);
		});
	return {
		async rows(sql) {
			const text = await ask(`${sql} FORMAT JSONEachRow`);
			return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
		},
		async run(sql) {
			await ask(sql);
		},
	};
}

describe("on a current engine", () => {
	let from: LocalPlace;
	let to: LocalPlace;
	beforeAll(async () => {
		[from, to] = await Promise.all([LocalPlace.open(), LocalPlace.open()]);
		await Promise.all([from, to].map((place) => place.started({ version: versions.v2, replicas: 1 })));
		await from.sql("CREATE DATABASE shop");
		await from.sql("CREATE TABLE shop.rows (n UInt64, `odd ``name` String) ENGINE = MergeTree ORDER BY n");
		await from.sql("CREATE VIEW shop.z_view AS SELECT n FROM shop.rows");
		await from.sql("CREATE VIEW shop.a_view AS SELECT * FROM shop.z_view");
		await from.sql("INSERT INTO shop.rows VALUES (1, 'one')");
	});
	afterAll(() => Promise.all([from?.close(), to?.close()]));

	it("copies databases, tables and views, whatever order they depend on each other in, and does it again for nothing", async () => {
		const names = "SELECT name, engine FROM system.tables WHERE database = 'shop' ORDER BY name FORMAT TSV";
		for (let again = 0; again < 2; again++) {
			await copyTables(server(from) as Server, server(to) as Server);
			expect(await to.sql(names)).toBe(await from.sql(names));
		}
		// Replicas of one table share its UUID: the table's path in Keeper may hold it.
		const uuid = "SELECT uuid FROM system.tables WHERE database = 'shop' AND name = 'rows' FORMAT TSV";
		expect(await to.sql(uuid)).toBe(await from.sql(uuid));
		expect(await to.sql("SELECT count() FROM shop.rows FORMAT TSV")).toBe("0");
	});

	it("names the table that can't be made, with the server's words", async () => {
		const broken: Pick<Server, "rows" | "run"> = {
			...server(to),
			run: async (sql) => {
				if (sql.includes("late")) throw new QueryError("Code: 60. no such table");
			},
		};
		await from.sql("CREATE TABLE shop.late (n UInt64) ENGINE = MergeTree ORDER BY n");
		const error: unknown = await copyTables(server(from) as Server, broken as Server, 0).catch(
			(reason: unknown) => reason,
		);
		expect(error).toBeInstanceOf(ControlError);
		expect((error as Error).message).toBe(
			"the table `shop`.`late` can't be made on the new replica: Code: 60. no such table",
		);
		await from.sql("DROP TABLE shop.late");
	});

	it("finds rows that are nowhere else", async () => {
		expect(await heldAlone(server(from) as Server, [server(to) as Server])).toEqual([
			"`shop`.`rows` has rows and does not replicate (MergeTree)",
		]);
		expect(await heldAlone(server(to) as Server, [server(from) as Server])).toEqual([]);
	});
});
