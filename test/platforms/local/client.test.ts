import { Readable } from "node:stream";
import { ClickHouseError, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LocalPlace } from "./place";

/** The official client, unchanged, against the endpoint of a cluster of two replicas. */
describe("the official client", () => {
	let place: LocalPlace;
	let client: ReturnType<typeof createClient>;
	beforeAll(async () => {
		place = await LocalPlace.open();
		await place.started();
		// It logs what it throws, too.
		client = createClient({ url: place.url, log: { level: ClickHouseLogLevel.OFF } });
		await client.command({ query: "CREATE TABLE t (id UInt64, name String) ENGINE = MergeTree ORDER BY id" });
	});
	afterAll(async () => {
		await client?.close();
		await place?.close();
	});

	const count = async (table: string) => {
		const answer = await client.query({ query: `SELECT count() AS n FROM ${table}`, format: "JSONEachRow" });
		return Number((await answer.json<{ n: string }>())[0]?.n);
	};

	it("pings", async () => {
		expect(await client.ping()).toEqual({ success: true });
		expect(await client.ping({ select: true })).toEqual({ success: true });
	});

	it("inserts rows and reads them back as JSON", async () => {
		await client.command({ query: "CREATE TABLE rows (id UInt64, name String) ENGINE = MergeTree ORDER BY id" });
		const values = [
			{ id: 1, name: "one" },
			{ id: 2, name: "two\t\n'\"ü" },
		];
		const { query_id, executed } = await client.insert({ table: "rows", values, format: "JSONEachRow" });
		expect(executed).toBe(true);
		expect(query_id).not.toBe("");
		for (const _ of [1, 2, 3, 4]) {
			const answer = await client.query({ query: "SELECT * FROM rows ORDER BY id", format: "JSONEachRow" });
			expect(await answer.json()).toEqual(values);
		}
		const whole = await (await client.query({ query: "SELECT * FROM rows ORDER BY id", format: "JSON" })).json();
		expect(whole).toMatchObject({ data: values, rows: 2 });
	});

	it("inserts a stream, packed and not", async () => {
		await client.command({ query: "CREATE TABLE streamed (id UInt64) ENGINE = MergeTree ORDER BY id" });
		const rows = () =>
			Readable.from(
				Array.from({ length: 5000 }, (_, id) => ({ id })),
				{ objectMode: true },
			);
		await client.insert({ table: "streamed", values: rows(), format: "JSONEachRow" });
		const packing = createClient({ url: place.url, compression: { request: true, response: true } });
		await packing.insert({ table: "streamed", values: rows(), format: "JSONEachRow" });
		const answer = await packing.query({
			query: "SELECT id, count() AS n FROM streamed GROUP BY id ORDER BY id",
			format: "JSONEachRow",
		});
		const read = await answer.json<{ id: string; n: string }>();
		expect(read).toHaveLength(5000);
		expect(new Set(read.map(({ n }) => Number(n)))).toEqual(new Set([2]));
		await packing.close();
	});

	it("binds parameters and passes settings on", async () => {
		const query = "SELECT {a: Int32} + {b: Int32} AS sum, {s: String} AS text, {l: Array(UInt8)} AS list";
		const params = { a: 40, b: 2, s: "it's\t'quoted'\n", l: [1, 2, 3] };
		const answer = await client.query({ query, query_params: params, format: "JSONEachRow" });
		expect(await answer.json()).toEqual([{ sum: 42, text: params.s, list: [1, 2, 3] }]);
		const numbers = {
			query: "SELECT toUInt64(7) AS n",
			format: "JSONEachRow",
			clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
		} as const;
		expect(await (await client.query(numbers)).json()).toEqual([{ n: "7" }]);
	});

	it("streams an answer of a million rows", async () => {
		const answer = await client.query({ query: "SELECT number FROM numbers(1000000)", format: "JSONCompactEachRow" });
		let rows = 0;
		for await (const part of answer.stream()) rows += part.length;
		expect(rows).toBe(1_000_000);
	});

	it("gets an error of the query as the server's own, and goes on", async () => {
		for (const [query, type, code] of [
			["SELECT * FROM no_such_table", "UNKNOWN_TABLE", "60"],
			["SELEC 1", "SYNTAX_ERROR", "62"],
			["SELECT no_such_column FROM t", "UNKNOWN_IDENTIFIER", "47"],
			["SELECT toUInt8('x')", "CANNOT_PARSE_TEXT", "6"],
		]) {
			const error: unknown = await client.query({ query: query ?? "" }).catch((reason: unknown) => reason);
			expect(error, query).toBeInstanceOf(ClickHouseError);
			expect(error, query).toMatchObject({ type, code });
		}
		const error: unknown = await client
			.insert({ table: "no_such_table", values: [{ id: 1 }], format: "JSONEachRow" })
			.catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(ClickHouseError);
		expect(error).toMatchObject({ type: "UNKNOWN_TABLE" });
		expect(await client.ping()).toEqual({ success: true });
	});

	it("runs many queries and inserts at once, and every replica has every row", async () => {
		await client.command({ query: "CREATE TABLE many (id UInt64) ENGINE = MergeTree ORDER BY id" });
		const ids = Array.from({ length: 40 }, (_, id) => id);
		await Promise.all(
			ids.flatMap((id) => [client.insert({ table: "many", values: [{ id }], format: "JSONEachRow" }), count("many")]),
		);
		// Reads take turns over the replicas.
		for (const _ of [1, 2, 3, 4]) expect(await count("many")).toBe(40);
	});

	it("executes and reads the raw answer", async () => {
		const { stream } = await client.exec({ query: "SELECT 1 FORMAT TSV" });
		const parts: Buffer[] = [];
		for await (const part of stream) parts.push(part as Buffer);
		expect(Buffer.concat(parts).toString()).toBe("1\n");
	});

	it("aborts a query, and the endpoint goes on", async () => {
		const controller = new AbortController();
		const running = client.query({
			query:
				"SELECT sum(sleepEachRow(0.05)) FROM numbers(200) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0",
			abort_signal: controller.signal,
		});
		controller.abort();
		await expect(running).rejects.toThrow(/aborted/);
		expect(await count("t")).toBe(0);
	});

	it("uses another database", async () => {
		await client.command({ query: "CREATE DATABASE other" });
		const other = createClient({ url: place.url, database: "other" });
		await other.command({ query: "CREATE TABLE x (id UInt8) ENGINE = MergeTree ORDER BY id" });
		await other.insert({ table: "x", values: [{ id: 1 }], format: "JSONEachRow" });
		expect(await count("other.x")).toBe(1);
		await other.close();
	});

	it("is told that there are no sessions, rather than losing one", async () => {
		const error: unknown = await client
			.command({ query: "SELECT 1", session_id: "s" })
			.catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(ClickHouseError);
		expect((error as Error).message).toContain("session_id");
	});
});
