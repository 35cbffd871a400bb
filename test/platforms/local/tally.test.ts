import { expect, test } from "vitest";
import { Tally } from "../../../src/platforms/local/tally";

test("counts by code, over the last seconds, and forgets what is older than the longest hold", () => {
	let now = 1000;
	const tally = new Tally(() => now);
	const noTable = { code: 60, type: "UNKNOWN_TABLE" };
	tally.note(noTable);
	now += 10;
	tally.note();
	tally.note(noTable);
	tally.note({ code: 241, type: "MEMORY_LIMIT_EXCEEDED" });
	expect(tally.last(5)).toEqual({
		queries: 3,
		failed: [
			{ code: 60, name: "UNKNOWN_TABLE", queries: 1 },
			{ code: 241, name: "MEMORY_LIMIT_EXCEEDED", queries: 1 },
		],
	});
	expect(tally.last(10)).toMatchObject({ queries: 4, failed: [{ code: 60, queries: 2 }, { code: 241 }] });
	now += 86_400;
	tally.note();
	expect(tally.last(200_000)).toEqual({ queries: 1, failed: [] });
});
