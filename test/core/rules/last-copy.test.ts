import { describe, expect, test } from "vitest";
import type { ObservedCluster } from "../../../src/core/cluster";
import type { Question } from "../../../src/core/question";
import { lastCopy } from "../../../src/core/rules/last-copy";
import { ask, type ClusterExtras, cluster, mark, refusalOf, tables, unread } from "../../build";

/** What replicas hold, by their places; `?` where one can't be asked. */
function holding(
	versions: string,
	held: Record<string, string>,
	{ but, ...more }: ClusterExtras = {},
): ObservedCluster {
	const holds = Object.entries(held).map(([place, text]) => [
		place,
		{ ...(text !== "?" && { holds: { tables: tables(text) } }), ...but?.[place] },
	]);
	return { ...cluster(versions, { ...more, but: Object.fromEntries(holds) }), asked: true };
}

const judge = (observed: ObservedCluster, more: Partial<Question> = {}) =>
	refusalOf("last-copy", ask(observed, "1.8.0", more));
const two = (one: string, other: string, more: ClusterExtras = {}) =>
	holding("1.7.1 1.7.1", { "0-0": one, "0-1": other }, more);

test("a table that one replica holds and another lacks", () => {
	expect(judge(two("a@/0/a b@/0/b", "a@/0/a"))).toEqual({
		rule: "last-copy",
		property: "version",
		target: "1.8.0",
		tables: [{ table: "default.b", on: ["analytics-0-0"], lack: ["analytics-0-1"] }],
		count: 1,
		unasked: [],
	});
});

test("tables of one name that do not replicate with each other", () => {
	expect(judge(two("t@/0/t a@/0/a", "t@/1/t a@/0/a"))?.tables).toEqual([
		{ table: "default.t", on: ["analytics-0-0", "analytics-0-1"], lack: ["analytics-0-0", "analytics-0-1"] },
	]);
});

test("one of three is empty", () => {
	const observed = holding("1.7.1 1.7.1 1.7.1", { "0-0": "a@/0/a", "0-1": "", "0-2": "a@/0/a" });
	expect(judge(observed)?.tables).toEqual([
		{ table: "default.a", on: ["analytics-0-0", "analytics-0-2"], lack: ["analytics-0-1"] },
	]);
});

test("of several replicas and tables all are listed by name", () => {
	const observed = holding("1.7.1 1.7.1 1.7.1 1.7.1", {
		"0-0": "c@/c b@/b all@/all",
		"0-1": "d@/d a@/a all@/all",
		"0-2": "a@/a all@/all",
		"0-3": "d@/d b@/b all@/all",
	});
	const name = (ordinals: string) => [...ordinals].map((ordinal) => `analytics-0-${ordinal}`);
	expect(judge(observed)?.tables).toEqual([
		{ table: "default.a", on: name("12"), lack: name("03") },
		{ table: "default.b", on: name("03"), lack: name("12") },
		{ table: "default.c", on: name("0"), lack: name("123") },
		{ table: "default.d", on: name("13"), lack: name("02") },
	]);
});

test("the shards that servers report are compared, not those that were declared", () => {
	// Two shards of two, declared as one of four: what the layout is, another rule says.
	const observed = holding("1.7.1 1.7.1 1.7.1 1.7.1", {
		"0-0": "t@/0/t",
		"0-1": "t@/1/t b@/1/b",
		"0-2": "t@/0/t",
		"0-3": "t@/1/t",
	});
	expect(judge(observed)?.tables).toEqual([{ table: "default.b", on: ["analytics-0-1"], lack: ["analytics-0-3"] }]);
});

test("a shard of which all but one are down is not compared", () => {
	const more = { state: "Updating", mark: mark("1.7.1", "1.8.0"), but: { "0-1": { serving: false } } } as const;
	expect(judge(two("?", "a@/0/a", more))).toBeUndefined();
	expect(judge(holding("1.7.1 1.7.1 1.7.1", { "0-0": "?", "0-1": "a@/a", "0-2": "a@/a" }, more))?.unasked).toEqual([
		"analytics-0-0",
	]);
});

test("of many the first are named, and all are counted", () => {
	const many = Array.from({ length: 9 }, (_, n) => `t${n}@/0/t${n}`).join(" ");
	const refusal = judge(two(many, ""));
	expect([refusal?.tables.length, refusal?.count, refusal?.tables[0]?.table]).toEqual([5, 9, "default.t0"]);
});

test("one that serves and can't be asked may hold anything", () => {
	expect(judge(two("a@/0/a", "?"))).toMatchObject({ tables: [], count: 0, unasked: ["analytics-0-1"] });
});

test("an unfinished update is judged, too", () => {
	const unfinished = { state: "Degraded", mark: mark("1.7.1", "1.8.0") } as const;
	expect(judge(two("a@/0/a", "", unfinished))?.count).toBe(1);
});

describe("passes", () => {
	test.each([
		["all hold the same", two("a@/0/a b=1 v", "a@/0/a b=7 v")],
		["one replica has no other", holding("1.7.1", { "0-0": "a=1" })],
		["shards hold what they hold", holding("1.7.1 / 1.7.1", { "0-0": "a@/0/a", "1-0": "b@/1/b" })],
		[
			"one that is down has a step of its own",
			two("a@/0/a", "?", { state: "Updating", mark: mark("1.7.1", "1.8.0"), but: { "0-1": { serving: false } } }),
		],
		["stopped, nobody is asked", two("?", "?", { state: "Stopped" })],
		["idle is judged after waking", two("?", "?", { state: "Idle" })],
		["degraded is refused for that alone", two("a@/0/a", "", { state: "Degraded" })],
		["nobody was asked: by a record of what was seen", cluster("1.7.1 1.7.1")],
		["a shard that is not touched", holding("1.8.0 1.8.0 / 1.7.1", { "0-0": "a@/0/a", "0-1": "", "1-0": "" })],
	])("%s", (_, observed) => expect(judge(observed)).toBeUndefined());

	test("what differs on purpose", () => {
		const observed = two("a@/0/a loc=5", "a@/0/a scratch.x=1");
		expect(judge(observed)?.count).toBe(2);
		expect(judge(observed, { localTables: ["default.loc", "scratch.*"] })).toBeUndefined();
	});
});

test("is silent where the target is no version, or the cluster can't be read", () => {
	expect(unread(lastCopy, ask(two("a@/0/a", ""), "1.8.0"))).toEqual({ asked: 1, noVersion: [], noCluster: [] });
});
