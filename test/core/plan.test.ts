import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ObservedCluster } from "../../src/core/cluster";
import { isToRoll, plan } from "../../src/core/plan";
import { sameVersion } from "../../src/core/version";
import { clusters, versions } from "../arbitrary";
import { cluster, creation, mark, v } from "../build";

const to = v("1.8.0");
const order = (observed: ObservedCluster) =>
	plan(observed, to).lanes.map((lane) => lane.steps.map((step) => step.replica));
const down = { serving: false };

describe("order", () => {
	test.each([
		["the highest ordinal first", cluster("1.7.1 1.7.1 1.7.1"), [["analytics-0-2", "analytics-0-1", "analytics-0-0"]]],
		[
			"shards side by side",
			cluster("1.7.1 1.7.1 / 1.7.1 1.7.1"),
			[
				["analytics-0-1", "analytics-0-0"],
				["analytics-1-1", "analytics-1-0"],
			],
		],
		["no step for one at the target", cluster("1.7.1 1.8.0"), [["analytics-0-0"]]],
		["no step for one at the target, written otherwise", cluster("1.7.1 1.8.0.0"), [["analytics-0-0"]]],
		["no lane for a shard at the target", cluster("1.8.0 1.8.0 / 1.7.1"), [["analytics-1-0"]]],
		["nothing to do", cluster("1.8.0 1.8.0"), []],
		[
			"those that do not serve first",
			cluster("1.7.1 1.7.1 1.7.1", { but: { "0-0": down } }),
			[["analytics-0-0", "analytics-0-2", "analytics-0-1"]],
		],
		[
			"a step for one at the target that does not serve",
			cluster("1.8.0 1.7.1", { but: { "0-0": down } }),
			[["analytics-0-0", "analytics-0-1"]],
		],
		[
			"a shard with one that is down first",
			cluster("1.7.1 1.7.1 / 1.7.1 1.7.1", { but: { "1-0": down } }),
			[
				["analytics-1-0", "analytics-1-1"],
				["analytics-0-1", "analytics-0-0"],
			],
		],
		[
			"ordinals as numbers",
			cluster(Array(11).fill("1.7.1").join(" ")),
			[[10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((n) => `analytics-0-${n}`)],
		],
		[
			"stopped: all that are not at the target",
			cluster("1.8.0 1.7.1 1.7.1", { state: "Stopped" }),
			[["analytics-0-2", "analytics-0-1"]],
		],
		[
			"those with earlier settings, also at the target",
			cluster("1.8.0 1.8.0 1.8.0", { but: { "0-0": { outdated: true }, "0-2": { outdated: true } } }),
			[["analytics-0-2", "analytics-0-0"]],
		],
		[
			"none for settings where they come with the start",
			cluster("1.8.0 1.8.0", { state: "Stopped", but: { "0-0": { outdated: true } } }),
			[],
		],
		["idle: all that are not at the target", cluster("1.8.0 1.7.1", { state: "Idle" }), [["analytics-0-1"]]],
		["a step for one of which the version is not known", cluster("? 1.8.0"), [["analytics-0-0"]]],
	])("%s", (_, observed, expected) => expect(order(observed)).toEqual(expected));
});

test("a plan is plain data", () => {
	const planned = plan(
		cluster("1.7.1 1.7.0", { but: { "0-0": down }, state: "Degraded", mark: mark("1.7.0", "1.8.0") }),
		to,
	);
	expect(planned).toEqual({
		from: "1.7.0",
		to: "1.8.0",
		transition: "1.7.0 -> 1.8.0",
		upgrades: true,
		start: "Started",
		lanes: [
			{
				shard: 0,
				steps: [
					{ replica: "analytics-0-0", shard: 0, ordinal: 0, from: "1.7.1", broken: true, outdated: false },
					{ replica: "analytics-0-1", shard: 0, ordinal: 1, from: "1.7.0", broken: false, outdated: false },
				],
			},
		],
		canary: "analytics-0-0",
		resumes: true,
	});
	expect(JSON.parse(JSON.stringify(planned))).toEqual(planned);
});

test("shards are in their order, in whatever order they were observed", () => {
	const { replicas, ...rest } = cluster("1.7.1 / 1.7.1 / 1.7.1");
	expect(order({ ...rest, replicas: replicas.toReversed() })).toEqual([
		["analytics-0-0"],
		["analytics-1-0"],
		["analytics-2-0"],
	]);
});

test.each([
	["Started", { serving: true, outdated: true }, { broken: false, outdated: true }],
	["Started", { serving: false }, { broken: true, outdated: false }],
	["Stopped", { outdated: true }, { broken: false, outdated: false }],
	["Idle", { outdated: true }, { broken: false, outdated: false }],
] as const)("a step of a %s cluster, of one with %j: %j", (state, replica, expected) => {
	expect(plan(cluster("1.7.1", { state, but: { "0-0": replica } }), to).lanes[0]?.steps[0]).toMatchObject(expected);
});

test("a stopped cluster has no canary", () => {
	expect(plan(cluster("1.7.1", { state: "Stopped" }), to)).not.toHaveProperty("canary");
});

test.each([
	["Started", "Started", "analytics-0-1"],
	["Idle", "Idle", "analytics-0-1"],
	["Stopped", "Stopped", undefined],
	["Updating", "Started", "analytics-0-1"],
	["Degraded", "Started", "analytics-0-1"],
	["Unknown", "Started", "analytics-0-1"],
] as const)("a %s cluster is updated as %s with the canary %s", (state, start, canary) => {
	const planned = plan(cluster("1.7.1 1.7.1", { state }), to);
	expect(planned.start).toBe(start);
	expect(planned.canary).toBe(canary);
});

describe("transition and resume", () => {
	test.each([
		["from the lowest that is left", cluster("1.7.1 1.6.0"), "1.6.0 -> 1.8.0", false],
		[
			"the one that it was when it began",
			cluster("1.7.1 1.8.0", { mark: mark("1.6.0", "1.8.0") }),
			"1.6.0 -> 1.8.0",
			true,
		],
		[
			"also when only the mark is left to remove",
			cluster("1.8.0 1.8.0", { mark: mark("1.7.1", "1.8.0") }),
			"1.7.1 -> 1.8.0",
			true,
		],
		[
			"of an unfinished update to an older target",
			cluster("1.7.1 1.7.5", { mark: mark("1.6.0", "1.7.5") }),
			"1.7.1 -> 1.8.0",
			true,
		],
		[
			"of an unfinished update that is given up",
			cluster("1.8.0 1.9.0", { mark: mark("1.8.0", "1.9.0"), but: { "0-1": { serving: false, openedBy: to } } }),
			"settings at 1.8.0",
			false,
		],
		["nothing to do", cluster("1.8.0"), "settings at 1.8.0", false],
		["only settings", cluster("1.8.0 1.8.0", { but: { "0-1": { outdated: true } } }), "settings at 1.8.0", false],
		[
			"only settings, gone on with",
			cluster("1.8.0 1.8.0", { mark: mark("1.8.0", "1.8.0"), but: { "0-1": { serving: false } } }),
			"settings at 1.8.0",
			true,
		],
		[
			"a version, and settings with it",
			cluster("1.7.1 1.8.0", { but: { "0-1": { outdated: true } } }),
			"1.7.1 -> 1.8.0",
			false,
		],
		["nothing is known", cluster("?"), "1.8.0 -> 1.8.0", false],
		["nothing is known of one of two", cluster("? 1.7.1"), "1.7.1 -> 1.8.0", false],
		[
			"nothing is known of the one that is left, and the other has noted it",
			cluster("? 1.8.0", { state: "Stopped", but: { "0-1": { openedBy: v("1.7.1") } } }),
			"1.7.1 -> 1.8.0",
			false,
		],
		[
			"one of those that are left is known, and another has noted it over older data",
			cluster("? 1.7.1 1.8.0", { state: "Stopped", but: { "0-2": { openedBy: v("1.6.0") } } }),
			"1.7.1 -> 1.8.0",
			false,
		],
	])("%s", (_, observed, transition, resumes) => {
		expect(plan(observed, to)).toMatchObject({ transition, resumes });
	});
});

test("covers exactly the replicas that need it, each once, and a shard has one lane", { timeout: 60_000 }, () => {
	fc.assert(
		fc.property(clusters, versions, (observed, target) => {
			const { lanes, start, canary } = plan(observed, target);
			const steps = lanes.flatMap((lane) => lane.steps);
			const need = observed.replicas.filter(({ version, serving, outdated }) => {
				const there = version !== undefined && sameVersion(version, target);
				return start === "Started" ? !(there && serving && !outdated) : !there;
			});
			expect(steps.map((step) => step.replica).sort()).toEqual(need.map(({ name }) => name).sort());
			expect(new Set(lanes.map((lane) => lane.shard)).size).toBe(lanes.length);
			for (const lane of lanes) {
				expect(lane.steps.every((step) => step.shard === lane.shard)).toBe(true);
				for (const [a, b] of lane.steps.slice(1).map((b, i) => [lane.steps[i], b] as const)) {
					expect(a?.broken === b.broken ? (a?.ordinal ?? 0) > b.ordinal : a?.broken).toBe(true);
				}
			}
			expect(canary).toBe(start === "Stopped" ? undefined : steps[0]?.replica);
		}),
		{ numRuns: 3000 },
	);
});

test.each([
	["1.8.0 1.8.0", "1.8.0", "1.8.0", "creation at 1.8.0"],
	["? ?", undefined, "1.8.0", "creation at 1.8.0"],
	// What no server opened is of no version.
	["1.8.0 1.8.0", undefined, "1.7.1", "creation at 1.7.1"],
	["1.8.0 1.8.0", undefined, "1.9.0", "creation at 1.9.0"],
	["1.8.0 1.8.0", "1.8.0", "1.9.0", "1.8.0 -> 1.9.0"],
	["1.8.0 1.8.0", "1.7.1", "1.8.0", "1.7.1 -> 1.8.0"],
])(
	"a creation at 1.8.0 that stopped midway (%s, opened by %s) and goes on at %s: %s",
	(versions, opened, to, transition) => {
		const down = { serving: false, openedBy: opened === undefined ? undefined : v(opened) };
		const observed = cluster(versions, {
			state: "Degraded",
			mark: creation("1.8.0"),
			but: { "0-0": down, "0-1": down },
		});
		const planned = plan(observed, v(to));
		expect(planned).toMatchObject({ transition, upgrades: transition.includes("->"), creates: true, resumes: true });
		expect(planned.lanes[0]?.steps.map(({ replica }) => replica)).toEqual(["analytics-0-1", "analytics-0-0"]);
	},
);

test("a creation over the data of one replica upgrades that, though the other is new", () => {
	const but = { "0-0": { serving: false, openedBy: v("1.7.1") }, "0-1": { serving: false, openedBy: undefined } };
	const observed = cluster("1.8.0 1.8.0", { state: "Degraded", mark: creation("1.8.0"), but });
	expect(plan(observed, to)).toMatchObject({ transition: "1.7.1 -> 1.8.0", upgrades: true });
});

test.each([
	["another version", cluster("1.8.0 1.7.1"), true],
	["other settings", cluster("1.8.0 1.8.0", { but: { "0-1": { outdated: true } } }), true],
	["an unfinished update", cluster("1.8.0 1.8.0", { mark: mark("1.7.1", "1.8.0") }), true],
	["a replica that is only down", cluster("1.8.0 1.8.0", { but: { "0-1": down } }), false],
	["one whose pod never started", cluster("1.8.0 ?", { but: { "0-1": { ...down, openedBy: to } } }), false],
	["nothing", cluster("1.8.0 1.8.0"), false],
])("there is an update to roll out for %s: %#", (_, observed, is) => {
	expect(isToRoll(observed, to)).toBe(is);
});
