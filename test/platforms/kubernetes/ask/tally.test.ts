import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryTally } from "../../../../src/platforms/kubernetes/ask/tally";
import { versions } from "../../local/place";
import { BareEngine } from "../bare-engine";

/** A log as a server keeps it; an embedded engine keeps none. */
const log =
	"CREATE TABLE system.query_log (type Enum8('QueryStart' = 1, 'QueryFinish' = 2, 'ExceptionBeforeStart' = 3, 'ExceptionWhileProcessing' = 4), event_date Date, event_time DateTime, query String, exception_code Int32, exception String, is_initial_query UInt8) ENGINE = MergeTree ORDER BY (event_date, event_time)";

const noTable =
	"Code: 60. DB::Exception: Unknown table expression identifier (SELECT) in scope. (UNKNOWN_TABLE) (version 1)";
const memory = "Code: 241. DB::Exception: Memory limit (total) exceeded: would use 9.00 GiB. (MEMORY_LIMIT_EXCEEDED)";
/** As ClickHouse 18.16 writes it. */
const old = "Code: 159, e.displayText() = DB::Exception: Timeout exceeded: elapsed 1 seconds, e.what() = DB::Exception";

describe.each([versions.v1, versions.v2])("ClickHouse %s", (version) => {
	let engine: BareEngine;
	beforeAll(async () => {
		engine = await BareEngine.open(version);
		await engine.sql(log);
	});
	afterAll(() => engine?.close());

	const logged = (type: number, exception = "", { ago = 5, query = "SELECT 1", initial = 1 } = {}) =>
		engine.sql(
			`INSERT INTO system.query_log SELECT ${type}, toDate(now() - ${ago}), now() - ${ago}, '${query}', 0, '${exception}', ${initial}`,
		);

	it("counts what clients asked, by how it ended", async () => {
		expect(await queryTally(engine.server, 60)).toEqual({ queries: 0, failed: [] });
		for (let n = 0; n < 3; n++) await logged(2);
		await logged(1);
		await logged(3, noTable);
		await logged(4, memory);
		await logged(4, memory);
		await logged(4, old);
		// Not counted: of another server, of this package, and of before.
		await logged(3, memory, { initial: 0 });
		await logged(2, "", { query: "SELECT 1 /* pulumi-dbcluster */" });
		await logged(3, memory, { ago: 100 });
		const tally = await queryTally(engine.server, 59.2);
		expect(tally.queries).toBe(7);
		expect([...tally.failed].sort((a, b) => a.code - b.code)).toEqual([
			{ code: 60, name: "UNKNOWN_TABLE", queries: 1 },
			{ code: 159, queries: 1 },
			{ code: 241, name: "MEMORY_LIMIT_EXCEEDED", queries: 2 },
		]);
		expect((await queryTally(engine.server, 1)).queries).toBe(0);
	});

	it("counts as many with a time zone that is a day ahead: the log's dates are those of the server's", async () => {
		const of = (zone: string) => {
			const rows = (sql: string) => engine.server.rows(sql, { session_timezone: zone });
			return queryTally({ rows }, 59);
		};
		const { queries } = await queryTally(engine.server, 59);
		expect(queries).toBeGreaterThan(0);
		// At any time one of them has another date than the server.
		for (const zone of ["Pacific/Kiritimati", "Pacific/Pago_Pago"]) expect((await of(zone)).queries).toBe(queries);
	});
});
