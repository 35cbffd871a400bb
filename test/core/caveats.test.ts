import { describe, expect, test } from "vitest";
import { type CaveatNote, caveats, switched } from "../../src/core/caveats";
import type { ObservedCluster } from "../../src/core/cluster";
import { plan } from "../../src/core/plan";
import type { State } from "../../src/core/state";
import { cluster, creation, mark, tables, v } from "../build";

const asItIs = { joins: [], leaves: [], rejoins: [] };
const of = (observed: ObservedCluster, notes?: readonly CaveatNote[]) =>
	caveats(plan(observed, v("1.8.0")), observed, notes);

/** The vendor's table: every state from which an update starts or goes on, by how many replicas the shards have. */
const table: [State, string, reads: string, writes: string][] = [
	["Stopped", "1.7.1", "unavailable", "unavailable"],
	["Stopped", "1.7.1 1.7.1", "unavailable", "unavailable"],
	["Stopped", "1.7.1 / 1.7.1", "unavailable", "unavailable"],
	["Stopped", "1.7.1 1.7.1 / 1.7.1 1.7.1", "unavailable", "unavailable"],
	["Started", "1.7.1", "interrupted", "interrupted"],
	["Started", "1.7.1 1.7.1", "working", "interrupted"],
	["Started", "1.7.1 1.7.1 1.7.1", "working", "interrupted"],
	["Started", "1.7.1 / 1.7.1", "interrupted", "interrupted"],
	["Started", "1.7.1 1.7.1 / 1.7.1", "interrupted", "interrupted"],
	["Started", "1.7.1 1.7.1 / 1.8.0", "working", "interrupted"], // the lone one is not touched
	["Started", "1.7.1 1.7.1 / 1.7.1 1.7.1", "working", "interrupted"],
	["Idle", "1.7.1", "interrupted", "interrupted"],
	["Idle", "1.7.1 1.7.1", "working", "interrupted"],
	["Idle", "1.7.1 1.7.1 / 1.7.1", "interrupted", "interrupted"],
	["Idle", "1.7.1 1.7.1 / 1.7.1 1.7.1", "working", "interrupted"],
	["Updating", "1.7.1", "interrupted", "interrupted"],
	["Updating", "1.7.1 1.8.0", "working", "interrupted"],
	["Degraded", "1.7.1", "interrupted", "interrupted"],
	["Degraded", "1.7.1 1.8.0", "working", "interrupted"],
	["Stopped", "1.8.0 1.8.0", "unavailable", "unavailable"],
	["Started", "1.8.0 1.8.0", "working", "working"],
];

test.each(table)("%s, %s: reads %s, writes %s", (state, versions, reads, writes) => {
	expect(of(cluster(versions, { state }))).toMatchObject({ reads, writes });
});

test("reads are interrupted where no replica of a shard serves to begin with", () => {
	const none = { "0-0": { serving: false }, "0-1": { serving: false } };
	const resumed = { state: "Degraded", mark: mark("1.7.1", "1.8.0") } as const;
	expect(of(cluster("1.7.1 1.8.0", { ...resumed, but: none })).reads).toBe("interrupted");
	expect(of(cluster("1.7.1 1.8.0", { ...resumed, but: { "0-1": { serving: false } } })).reads).toBe("working");
});

describe("what has no second copy", () => {
	const holding = (versions: string, held: Record<string, string>, state?: State) => {
		const but = Object.entries(held).map(([place, text]) => [place, { holds: { tables: tables(text) } }]);
		return { ...cluster(versions, { state, but: Object.fromEntries(but) }), asked: true as const };
	};

	test("is named with the replicas that have it", () => {
		const observed = holding("1.7.1 1.7.1", { "0-0": "rows@/r log=5 empty=0", "0-1": "rows@/r log=7 loc=1 empty=0" });
		expect(of(observed).uncopied).toEqual([
			{ table: "default.loc", on: ["analytics-0-1"] },
			{ table: "default.log", on: ["analytics-0-0", "analytics-0-1"] },
		]);
	});

	test("is not, where reads do not keep working anyway, or its replica does not restart", () => {
		expect(of(holding("1.7.1", { "0-0": "loc=1" })).uncopied).toEqual([]);
		expect(of(holding("1.7.1 1.8.0", { "0-1": "loc=1" })).uncopied).toEqual([]);
	});

	test("is listed by name", () => {
		const observed = holding("1.7.1 1.7.1", { "0-0": "c=1 a=1 d=1 b=1", "0-1": "" });
		expect(of(observed).uncopied.map(({ table }) => table)).toEqual(
			["a", "b", "c", "d"].map((name) => `default.${name}`),
		);
	});

	test("tables in memory lose their rows, whoever serves meanwhile", () => {
		const memory = { database: "default", name: "m", engine: "Memory", rows: null };
		const but = { "0-0": { holds: { tables: [memory, { ...memory, name: "none", rows: 0 }] } } };
		expect(of(cluster("1.7.1", { but })).forgotten).toEqual(["default.m"]);
		expect(of(cluster("1.8.0", { but })).forgotten).toEqual([]);
		const named = ["c", "a", "d", "b", "a"].map((name) => ({ ...memory, name }));
		const several = { "0-0": { holds: { tables: named } } };
		expect(of(cluster("1.7.1", { but: several })).forgotten).toEqual(["a", "b", "c", "d"].map((it) => `default.${it}`));
	});
});

describe("what else is said", () => {
	test("order, and the canary where other shards wait for it", () => {
		expect(of(cluster("1.7.1 1.7.1 / 1.7.1"))).toMatchObject({
			transition: "1.7.1 -> 1.8.0",
			order: [["analytics-0-1", "analytics-0-0"], ["analytics-1-0"]],
			canary: "analytics-0-1",
		});
		expect(of(cluster("1.7.1 1.7.1"))).not.toHaveProperty("canary");
		expect(of(cluster("1.7.1 / 1.7.1", { state: "Stopped" }))).not.toHaveProperty("canary");
	});

	test.each([
		["Started", undefined, { wakes: false, stopped: false, resumes: false }],
		["Idle", undefined, { wakes: true, stopped: false, resumes: false }],
		["Idle", mark("1.7.1", "1.8.0"), { wakes: true, stopped: false, resumes: true }],
		["Stopped", undefined, { wakes: false, stopped: true, resumes: false }],
		["Degraded", mark("1.7.1", "1.8.0"), { wakes: false, stopped: false, resumes: true }],
		["Stopped", mark("1.7.1", "1.8.0"), { wakes: false, stopped: true, resumes: true }],
	] as const)("%s with the mark %j: %j", (state, mark, expected) => {
		expect(of(cluster("1.7.1 1.7.1", { state, mark }))).toMatchObject(expected);
	});

	test("one with an unfinished update is, since what that left shows only then", () => {
		const idle = cluster("1.8.0 1.8.0", { state: "Idle", mark: mark("1.7.1", "1.8.0") });
		expect(caveats(plan(idle, v("1.8.0")), idle)).toMatchObject({ wakes: true, order: [] });
	});

	test("an idle cluster at the target is not woken", () => {
		expect(of(cluster("1.8.0", { state: "Idle" })).wakes).toBe(false);
	});

	test.each([
		{ joins: [{ name: "analytics-0-1", shard: 0, ordinal: 1 }], leaves: [] },
		{ joins: [], leaves: ["analytics-0-0"] },
	])("an idle cluster is woken for another size: %j", (resizes) => {
		const idle = cluster("1.8.0", { state: "Idle" });
		expect(caveats(plan(idle, v("1.8.0")), idle, [], { ...resizes, rejoins: [] }).wakes).toBe(true);
	});

	test("which replicas are added, removed and brought back, and what those that are added will lack", () => {
		const observed = cluster("1.7.1 1.7.1");
		const joins = [
			{ name: "analytics-0-2", shard: 0, ordinal: 2, lacks: ["default.loc", "default.b"] },
			{ name: "analytics-0-3", shard: 0, ordinal: 3, lacks: ["default.a", "default.loc"] },
			{ name: "analytics-0-4", shard: 0, ordinal: 4 },
		];
		const reshaping = { joins, leaves: ["analytics-0-9"], rejoins: ["analytics-0-1"] };
		expect(caveats(plan(observed, v("1.8.0")), observed, [], reshaping)).toMatchObject({
			joins: ["analytics-0-2", "analytics-0-3", "analytics-0-4"],
			leaves: ["analytics-0-9"],
			rejoins: ["analytics-0-1"],
			joinsWithout: ["default.a", "default.b", "default.loc"],
		});
		expect(of(observed)).toMatchObject({ joins: [], leaves: [], rejoins: [], joinsWithout: [] });
		expect(of(observed)).not.toHaveProperty("afterwards");
		expect(of(observed)).not.toHaveProperty("creates");
	});

	test("notes are handed on", () => {
		const notes: CaveatNote[] = [{ note: "catalogue-unknown", why: "no route to host" }];
		expect(of(cluster("1.7.1"), notes).notes).toEqual(notes);
		expect(of(cluster("1.7.1")).notes).toEqual([]);
	});
});

/** What has to be done by state and by what is desired; `mark`: the cluster is still being made. */
test.each([
	["Started", undefined, undefined],
	["Started", "Started", undefined],
	["Started", "Stopped", "Stopped"],
	["Idle", "Started", undefined],
	["Idle", "Stopped", "Stopped"],
	["Stopped", undefined, undefined],
	["Stopped", "Stopped", undefined],
	["Stopped", "Started", "Started"],
	["Degraded", "Stopped", "Stopped"],
	["Stopping", undefined, undefined],
	["Stopping", "Started", "Started"],
	["Stopping", "Stopped", undefined],
] as const)("%s, and desired is %s: then %s", (state, desired, then) => {
	const observed = cluster("1.7.1 1.7.1", { state });
	expect(switched(observed, desired)).toBe(then);
	expect(caveats(plan(observed, v("1.8.0")), observed, [], asItIs, desired).afterwards).toBe(then);
});

test("one that is still being made is to serve unless it is said otherwise", () => {
	const stopped = cluster("1.7.1", { state: "Stopped", mark: creation("1.7.1") });
	expect([switched(stopped, undefined), switched(stopped, "Stopped")]).toEqual(["Started", undefined]);
	expect(of(stopped)).toMatchObject({ creates: true, resumes: true, afterwards: "Started" });
});
