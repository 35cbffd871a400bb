import { describe, expect, test } from "vitest";
import { byShard, floor, neverStarted, standsAt } from "../../src/core/cluster";
import { cluster, mark, v } from "../build";

describe("floor", () => {
	test.each([
		["the highest that runs", cluster("1.7.1 1.8.0"), "1.8.0"],
		[
			"what opened the data, though an older one runs",
			cluster("1.7.1", { but: { "0-0": { openedBy: v("1.9.0") } } }),
			"1.9.0",
		],
		[
			"a version that is noted while stopped",
			cluster("1.8.0", { state: "Stopped", but: { "0-0": { openedBy: v("1.7.1") } } }),
			"1.8.0",
		],
		["what is known, when one is not", cluster("? 1.8.0"), "1.8.0"],
		["nothing, when nothing is known", cluster("? ?"), undefined],
	] as const)("is %s", (_, observed, expected) => expect(floor(observed)).toBe(expected));

	const asked = { "0-1": { serving: false, openedBy: v("1.8.0") } };

	test("leaves out what an unfinished update only asked for", () => {
		expect(floor(cluster("1.8.0 1.9.0", { mark: mark("1.8.0", "1.9.0"), but: asked }))).toBe("1.8.0");
		// It was given up, and that died midway, too.
		expect(floor(cluster("1.8.0 1.9.0", { mark: mark("1.8.0", "1.8.0"), but: asked }))).toBe("1.8.0");
	});

	test("keeps it where it may have opened the data", () => {
		const notKnown = { "0-1": { serving: false, openedBy: undefined } };
		expect(floor(cluster("1.8.0 1.9.0", { mark: mark("1.8.0", "1.9.0"), but: notKnown }))).toBe("1.9.0");
		const serving = { "0-1": { openedBy: v("1.8.0") } };
		expect(floor(cluster("1.8.0 1.9.0", { mark: mark("1.8.0", "1.9.0"), but: serving }))).toBe("1.9.0");
		expect(floor(cluster("1.8.0 1.9.0", { but: asked }))).toBe("1.9.0");
	});
});

describe("standsAt", () => {
	test.each([
		["what it runs", cluster("1.8.0"), "1.8.0"],
		[
			"what opened its data, when it was asked to start a newer one",
			cluster("1.9.0", { but: { "0-0": { serving: false, openedBy: v("1.8.0") } } }),
			"1.8.0",
		],
		[
			"what it runs, when the record of what opened its data is behind",
			cluster("1.9.0", { but: { "0-0": { openedBy: v("1.8.0") } } }),
			"1.9.0",
		],
		[
			"what opened its data, when it can't be asked",
			cluster("?", { but: { "0-0": { serving: false, openedBy: v("1.8.0") } } }),
			"1.8.0",
		],
		["unknown", cluster("?"), undefined],
	] as const)("is %s", (_, { replicas: [replica] }, expected) => {
		expect(replica && standsAt(replica)).toBe(expected);
	});
});

test.each([
	["no replica opened the target", cluster("1.8.0 1.8.0"), true],
	["it was only asked for", cluster("1.8.0 1.9.0", { but: { "0-1": { serving: false, openedBy: v("1.8.0") } } }), true],
	["one runs it", cluster("1.8.0 1.9.0"), false],
	[
		"one runs it, and the record is behind",
		cluster("1.8.0 1.9.0", { but: { "0-1": { openedBy: v("1.8.0") } } }),
		false,
	],
	["one opened it and is down", cluster("1.8.0 1.9.0", { but: { "0-1": { serving: false } } }), false],
	["a newer one opened it", cluster("1.8.0 1.8.0", { but: { "0-1": { openedBy: v("1.10.0") } } }), false],
	["it is not known what opened one", cluster("1.8.0 1.8.0", { but: { "0-1": { openedBy: undefined } } }), false],
] as const)("neverStarted: %s", (_, observed, expected) => {
	expect(neverStarted(observed, mark("1.8.0", "1.9.0"))).toBe(expected);
});

test("byShard keeps the order of what was observed", () => {
	const shards = byShard(cluster("1.8.0 1.8.0 / 1.8.0"));
	expect([...shards].map(([shard, replicas]) => [shard, replicas.map(({ name }) => name)])).toEqual([
		[0, ["analytics-0-0", "analytics-0-1"]],
		[1, ["analytics-1-0"]],
	]);
});
