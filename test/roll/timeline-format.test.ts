import { describe, expect, test } from "vitest";
import { type Interval, round, summaryOf, type Timeline, timelineFormat } from "../../src/roll/timeline";
import { v1, v2 } from "./build";

const timeline: Timeline = {
	format: 1,
	cluster: "analytics",
	platform: "scripted",
	from: v1,
	to: v2,
	started: "2026-01-01T00:00:00.000Z",
	seconds: 10,
	outcome: "finished",
	writesNeed: "one",
	replicas: [{ name: "analytics-0-0", shard: 0, intervals: [{ from: 0, to: 10, is: "serving", version: v1 }] }],
	available: [{ at: 0, reads: true, writes: true }],
};

const isTimeline = (it: unknown) => timelineFormat.safeParse(it).success;
const withInterval = (it: object) => ({
	...timeline,
	replicas: [{ name: "analytics-0-0", shard: 0, intervals: [{ from: 0, to: 10, is: "down", ...it }] }],
});

describe("the format of a timeline", () => {
	test("has these conditions of a replica, and no others", () => {
		for (const is of ["serving", "draining", "drained", "down", "starting", "joining"])
			expect(isTimeline(withInterval({ is }))).toBe(true);
		for (const is of ["", "lost"]) expect(isTimeline(withInterval({ is }))).toBe(false);
	});

	test("has these reasons of a stop, and no others", () => {
		const because = (why: string) => isTimeline({ ...timeline, outcome: "stopped", stop: { why } });
		for (const why of [
			"failed",
			"stalled",
			"resized",
			"wrong-version",
			"version-set",
			"not-safe",
			"data-missing",
			"volatile",
			"worse",
			"stopped-serving",
			"interrupted",
			"claim-lost",
			"platform",
			"refused",
		])
			expect(because(why)).toBe(true);
		for (const why of ["", "bored"]) expect(because(why)).toBe(false);
		expect(isTimeline({ ...timeline, stop: { why: "failed", replica: "analytics-0-0" } })).toBe(true);
		expect(isTimeline({ ...timeline, stop: { why: "failed", replica: 1 } })).toBe(false);
	});

	test.each<[string, object]>([
		["another format", { format: 2 }],
		["no name", { cluster: undefined }],
		["no platform", { platform: undefined }],
		["a version that is none", { from: "latest" }],
		["a target that is none", { to: "1.8" }],
		["a time that is none", { started: "yesterday" }],
		["less than no time", { seconds: -1 }],
		["another outcome", { outcome: "lost" }],
		["another need of writes", { writesNeed: "" }],
		["no replicas", { replicas: undefined }],
		["a replica without a shard", { replicas: [{ name: "a", intervals: [] }] }],
		["a replica without a name", { replicas: [{ shard: 0, intervals: [] }] }],
		["a replica of half a shard", { replicas: [{ name: "a", shard: 0.5, intervals: [] }] }],
		["a replica without intervals", { replicas: [{ name: "a", shard: 0 }] }],
		["no availability", { available: undefined }],
		["availability without a time", { available: [{ reads: true, writes: true }] }],
		["availability without reads", { available: [{ at: 0, writes: true }] }],
		["availability without writes", { available: [{ at: 0, reads: true }] }],
		["an interval without a beginning", withInterval({ from: undefined })],
		["an interval without an end", withInterval({ to: undefined })],
		["an interval at no version", withInterval({ version: "1.8" })],
		["an interval that does a number", withInterval({ doing: 1 })],
	])("has no %s", (_, other) => {
		expect(isTimeline({ ...timeline, ...other })).toBe(false);
	});

	test("says what is wrong with a version", () => {
		const [issue] = timelineFormat.safeParse({ ...timeline, to: "1.8" }).error?.issues ?? [];
		expect(issue).toMatchObject({ path: ["to"], message: "expected a DB version" });
	});

	test("knows both outcomes and both needs", () => {
		expect(isTimeline({ ...timeline, outcome: "stopped", writesNeed: "all" })).toBe(true);
		expect(isTimeline(timeline)).toBe(true);
		expect(isTimeline(withInterval({ from: 0, to: 0, version: v2, doing: "loading tables" }))).toBe(true);
	});
});

describe("the summary of a timeline", () => {
	const replica = (name: string, ...intervals: readonly (readonly [number, number, Interval["is"]])[]) => ({
		name,
		shard: 0,
		intervals: intervals.map(([from, to, is]) => ({ from, to, is })),
	});

	test("adds up how long each was out, in the order in which they left, without those that stayed or joined", () => {
		const replicas = [
			replica("a-0-0", [0, 5, "serving"], [5, 6.1, "draining"], [6.1, 8, "down"], [8, 10, "serving"]),
			replica("a-0-1", [0, 1, "serving"], [1, 2.5, "starting"], [2.5, 7, "serving"], [7, 7.25, "drained"]),
			replica("a-0-2", [0, 10, "serving"]),
			replica("a-0-3", [0, 4, "joining"], [4, 10, "serving"]),
		];
		expect(summaryOf({ ...timeline, replicas })).toEqual({
			from: v1,
			to: v2,
			started: "2026-01-01T00:00:00.000Z",
			seconds: 10,
			outcome: "finished",
			replicas: [
				{ name: "a-0-1", outSeconds: 1.75 },
				{ name: "a-0-0", outSeconds: 3 },
			],
		});
	});

	test("keeps the first 64", () => {
		const replicas = Array.from({ length: 66 }, (_, at) => replica(`a-0-${at}`, [99 - at, 100, "down"]));
		const kept = summaryOf({ ...timeline, replicas }).replicas.map(({ name }) => name);
		expect(kept).toHaveLength(64);
		expect([kept[0], kept.at(-1)]).toEqual(["a-0-65", "a-0-2"]);
	});

	test("rounds to hundredths", () => {
		expect([1.005, 1.234, 1.236, 7].map(round)).toEqual([1, 1.23, 1.24, 7]);
	});
});
