import { describe, expect, it } from "vitest";
import type { Api } from "../../../../src/platforms/kubernetes/api/api";
import type { ApiCall } from "../../../../src/platforms/kubernetes/api/wire";
import {
	clientQueries,
	health,
	type LastAnswer,
	QueryError,
	Server,
	unsettled,
} from "../../../../src/platforms/kubernetes/ask/server";

/** A server that gives these answers in turn, and the last one from then on. */
function answering(...answers: readonly { readonly status: number; readonly text: string }[]) {
	const calls: ApiCall[] = [];
	const proxy = async (_pod: string, _port: number, call: ApiCall) => {
		calls.push(call);
		return answers[Math.min(calls.length, answers.length) - 1];
	};
	return { server: new Server({ proxy } as unknown as Api, "db-0-0", undefined), calls };
}

const refused = (text: string, status = 200) =>
	expect(answering({ status, text }).server.rows("SELECT 1")).rejects.toThrow(
		new QueryError("Code: 241. DB::Exception: Memory limit exceeded"),
	);

describe("rows", () => {
	it("asks for the whole answer or none: an error after the first rows comes with a status of success otherwise", async () => {
		const { server, calls } = answering({ status: 200, text: '{"n":1}\n{"n":2}\n' });
		expect(await server.rows("SELECT 1")).toEqual([{ n: 1 }, { n: 2 }]);
		const { searchParams } = new URL(calls[0]?.path ?? "", "http://server");
		expect(searchParams.get("wait_end_of_query")).toBe("1");
		// Of this much no server has to write a file; its volume may be full.
		expect(Number(searchParams.get("buffer_size"))).toBeGreaterThan(1 << 20);
	});

	it("takes an error for one wherever a version writes it", async () => {
		await refused("Code: 241. DB::Exception: Memory limit exceeded\nmore", 500);
		// ClickHouse 18.16, after the first megabyte.
		await refused('{"n":1}\nCode: 241. DB::Exception: Memory limit exceeded');
		// 23.9 to 24.8, by default also before the first row.
		await refused('{"n":1}\n{"exception": "Code: 241. DB::Exception: Memory limit exceeded"}');
		await refused('{"exception": "Code: 241. DB::Exception: Memory limit exceeded"}', 500);
	});
});

describe("what a server still does for clients", () => {
	it("counts INSERTs that it has acknowledged and not written: it forgets them when it stops", async () => {
		const { server, calls } = answering({ status: 200, text: '{"queries":"3"}' });
		expect(await clientQueries(server)).toBe(3);
		expect(new URL(calls[0]?.path ?? "", "http://server").searchParams.get("query")).toContain("'PendingAsyncInsert'");
	});
});

/** A table that is not at rest, as a server gives it. */
const table = {
	asked: "2026-01-01 00:00:10",
	database: "shop",
	table: "rows",
	is_readonly: 0,
	is_session_expired: 0,
	inserts_in_queue: 0,
	inserts_oldest_time: "1970-01-01 00:00:00",
	log_max_index: 5,
	log_pointer: 5,
	absolute_delay: 0,
	total_replicas: 2,
};

const healthOf = (...answers: readonly (readonly object[])[]) => {
	const texts = answers.map((rows) => ({ status: 200, text: rows.map((row) => JSON.stringify(row)).join("\n") }));
	return health(answering(...texts).server, answers.length > 1 ? 60_000 : 0);
};

describe("health", () => {
	it("is well where all tables are at rest", async () => {
		expect(await healthOf([])).toEqual({ readOnly: false, caughtUp: true, waiting: 0 });
	});

	it("has caught up once it holds what the log held when it was first asked", async () => {
		const trouble = "its table shop.rows lacks rows that other replicas have";
		expect(await healthOf([table])).toEqual({ readOnly: false, caughtUp: false, waiting: 0, trouble });
		expect(await healthOf([table], [table], [])).toMatchObject({ caughtUp: true });
		const later = { ...table, asked: "2026-01-01 00:00:11", log_max_index: "9", log_pointer: "6" };
		expect(await healthOf([table], [later])).toMatchObject({ caughtUp: true });
		const fetching = { ...later, inserts_in_queue: 2, inserts_oldest_time: "2026-01-01 00:00:09" };
		expect(await healthOf([fetching])).toEqual({ readOnly: false, caughtUp: false, waiting: 2, trouble });
		const newer = { ...fetching, inserts_oldest_time: "2026-01-01 00:00:11" };
		expect(await healthOf([table], [fetching], [newer])).toMatchObject({ caughtUp: true, waiting: 2 });
	});

	it("needs no second answer if it has just answered: its last one counts for a second", async () => {
		const later = { ...table, asked: "2026-01-01 00:00:11", log_max_index: "9", log_pointer: "6" };
		const answer = (row: object) => answering({ status: 200, text: JSON.stringify(row) }).server;
		const last: LastAnswer = {};
		expect(await health(answer(table), 0, last)).toMatchObject({ caughtUp: false });
		expect(await health(answer(later), 0, last)).toMatchObject({ caughtUp: true });
		last.at = Date.now() - 1001;
		expect(await health(answer(later), 0, last)).toMatchObject({ caughtUp: false });
	});

	it("has caught up with a log that nothing was ever written to", async () => {
		expect(await healthOf([{ ...table, log_max_index: 0, log_pointer: 0 }])).toMatchObject({ caughtUp: true });
	});

	it("is cut off while it is read-only, or Keeper does not tell the log: its columns are 0 then", async () => {
		expect(await healthOf([{ ...table, is_readonly: 1 }])).toMatchObject({ readOnly: true, caughtUp: false });
		expect(await healthOf([{ ...table, is_session_expired: 1 }])).toMatchObject({ caughtUp: false });
		const silent = { ...table, log_max_index: 0, log_pointer: 0, total_replicas: 0 };
		expect(await healthOf([silent])).toMatchObject({ readOnly: false, caughtUp: false });
	});

	it("names the table that is in the way, and how many more there are", async () => {
		const readOnly = { ...table, is_readonly: 1 };
		expect((await healthOf([readOnly, { ...readOnly, table: "more" }, table])).trouble).toBe(
			"its table shop.rows (and 1 more) is read-only or cut off from Keeper",
		);
	});

	it("does not ask for an error of long ago: servers keep the last one until they restart", () => {
		expect(unsettled).not.toContain("exception");
	});
});
