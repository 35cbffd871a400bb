import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { answerError, ClickHouseError } from "../../../src/platforms/local/answers";
import { answerShapeOf, lateException, sessionOf, withoutLines } from "../../../src/platforms/local/http-format";

describe("shapeOf", () => {
	const shape = (sql: string, params: Record<string, string> = {}) => {
		const { format, headerLines } = answerShapeOf(sql, new URLSearchParams(params));
		return [format, headerLines];
	};
	it.each<[string, Record<string, string>, [string, number | undefined]]>([
		["SELECT 1", {}, ["TabSeparated", 0]],
		["SELECT 1", { default_format: "JSONEachRow" }, ["JSONEachRow", 0]],
		["SELECT 1 FORMAT CSV", { default_format: "JSON" }, ["CSV", 0]],
		["(SELECT 1) UNION ALL SELECT 2 FORMAT TSV ;", {}, ["TSV", 0]],
		[
			"SELECT 1 FORMAT JSONCompactEachRowWithNamesAndTypes SETTINGS max_threads = 1",
			{},
			["JSONCompactEachRowWithNamesAndTypes", 2],
		],
		["SELECT 1 FORMAT TSVWithNames", {}, ["TSVWithNames", 1]],
		["SELECT 1 FORMAT CSVWithNames", {}, ["CSVWithNames", undefined]],
		["SELECT 1 FORMAT JSON", {}, ["JSON", undefined]],
		["SELECT format AS x FROM (SELECT 1 FORMAT) -- FORMAT CSV", {}, ["TabSeparated", 0]],
		["SELECT a, count() FROM t GROUP BY a WITH TOTALS", {}, ["TabSeparated", undefined]],
		["SELECT 1", { extremes: "1" }, ["TabSeparated", undefined]],
		["SELECT 1 FORMAT JSONEachRow", { output_format_json_array_of_rows: "1" }, ["JSONEachRow", undefined]],
		["SHOW TABLES", {}, ["TabSeparated", undefined]],
		["EXPLAIN SELECT 1 FORMAT TSV", {}, ["TSV", undefined]],
	])("reads %s with %o", (sql, params, expected) => {
		expect(shape(sql, params)).toEqual(expected);
	});
});

describe("sessionOf", () => {
	it("takes all that is no setting away", () => {
		const params = new URLSearchParams("query=x&query_id=1&default_format=CSV&database=d&max_threads=1&param_a=b");
		expect(sessionOf(params)).toEqual({ database: "d", settings: { max_threads: "1", param_a: "b" } });
	});
	it("takes no name that could be SQL", () => {
		for (const name of ["a = 1, b", "a'b", "a b", "ä"]) {
			expect(() => sessionOf(new URLSearchParams({ [name]: "1" }))).toThrow(ClickHouseError);
		}
	});
});

describe("an answer", () => {
	it("that fails for the moment says when to send the request again", async () => {
		const server = createServer((request, response) => {
			const status = request.url === "/passes" ? 503 : undefined;
			answerError(response, new ClickHouseError(242, "TABLE_IS_READ_ONLY", "no", status), "26.7.2.1");
		});
		const { port } = await new Promise<AddressInfo>((resolve) => {
			server.listen(0, "127.0.0.1", () => resolve(server.address() as AddressInfo));
		});
		const [passes, stays] = await Promise.all(["/passes", "/"].map((path) => fetch(`http://127.0.0.1:${port}${path}`)));
		server.close();
		expect([passes?.status, passes?.headers.get("retry-after")]).toEqual([503, "1"]);
		expect([stays?.status, stays?.headers.get("retry-after")]).toEqual([500, null]);
		expect(await stays?.text()).toBe("Code: 242. DB::Exception: no. (TABLE_IS_READ_ONLY) (version 26.7.2.1)\n");
	});
	it("has the status that ClickHouse gives", () => {
		expect([62, 60, 159, 48, 516, 395, 1002].map((code) => new ClickHouseError(code, "X", "x").status)).toEqual([
			400, 404, 408, 501, 403, 500, 500,
		]);
	});
	it("is put together from pieces without their headers", () => {
		expect(withoutLines(Buffer.from("a\nb\n1\n2\n"), 2).toString()).toBe("1\n2\n");
		expect(withoutLines(Buffer.from("1\n"), 0).toString()).toBe("1\n");
	});
	it("marks a late error with its length in bytes", () => {
		expect(lateException("bü", "tag")).toBe("\r\n__exception__\r\ntag\r\nbü\n4 tag\r\n__exception__\r\n");
	});
});
