import { describe, expect, it } from "vitest";
import type { Api } from "../../../../src/platforms/kubernetes/api/api";
import type { ApiCall } from "../../../../src/platforms/kubernetes/api/wire";
import { QueryError, queryCounts, Server } from "../../../../src/platforms/kubernetes/ask/server";

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
		const { server, calls } = answering({ status: 200, text: '{"all":"9","running":"3"}' });
		expect(await queryCounts(server)).toEqual({ all: 9, running: 3 });
		expect(new URL(calls[0]?.path ?? "", "http://server").searchParams.get("query")).toContain("'PendingAsyncInsert'");
	});
});
