import { expect, test } from "vitest";
import { inventoryOf } from "../../../../src/platforms/kubernetes/ask/inventory";
import { QueryError } from "../../../../src/platforms/kubernetes/ask/server";

const table = { kind: "table", a: "default", b: "t", c: "Log", d: "", n: 0 };

test.each([
	"DNS error: Temporary DNS error while resolving: db-0-1",
	"Poco::Exception. Code: 1000, e.code() = 0, e.displayText() = Host not found: db-0-1, e.what() = Host not found",
	"No address found",
	"Code: 198. DB::Exception: Not found address of host: db-0-1. (DNS_ERROR)",
])("a peer without an address keeps no server from telling what it holds: %s", async (why) => {
	const asked: string[] = [];
	const rows = async (sql: string) => {
		asked.push(sql);
		if (sql.includes("system.clusters")) throw new QueryError(why);
		return [table];
	};
	const { tables, topology } = await inventoryOf({ rows });
	expect(tables).toEqual([{ database: "default", name: "t", engine: "Log", rows: null }]);
	expect(topology.clusters).toEqual({});
	expect(asked[1]).toMatch(/FROM system\.macros\)$/);
	const refuse = async () => {
		throw new QueryError("Memory limit exceeded");
	};
	await expect(inventoryOf({ rows: refuse })).rejects.toThrow("Memory limit");
});
