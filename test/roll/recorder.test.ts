import { describe, expect, test } from "vitest";
import { ClaimLost, ControlError } from "../../src/control/errors";
import type { ObservedCluster } from "../../src/core/cluster";
import type { RollEvent, RollStop } from "../../src/roll/events";
import { Recorder } from "../../src/roll/recorder";
import { RollStopped, WaitStopped } from "../../src/roll/stopped";
import type { Timeline } from "../../src/roll/timeline";
import { type ClusterExtras, cluster } from "../build";
import { v1, v2 } from "./build";

const began: RollEvent = { event: "began", transition: "1.7.1 -> 1.8.0", steps: 2, resumes: false };
const finished: RollEvent = { event: "finished", transition: "1.7.1 -> 1.8.0", seconds: 1 };
const on = (ordinal: number) => ({ replica: `analytics-0-${ordinal}` });
const draining = (at: number): RollEvent => ({ event: "draining", ...on(at), queries: 0 });
const drained = (at: number): RollEvent => ({ event: "drained", ...on(at), cut: 0, seconds: 1 });
const restarting = (at: number): RollEvent => ({ event: "restarting", ...on(at), from: v1, to: v2 });
const progress = (at: number, phase: string): RollEvent => ({ event: "progress", ...on(at), phase });
const serving = (at: number): RollEvent => ({ event: "serving", ...on(at), version: v2, seconds: 1, done: 1, of: 2 });
const holding = (at: number, other: number, problem: "down" | "behind"): RollEvent => ({
	event: "holding",
	...on(at),
	others: [{ ...on(other), problem }],
});

/** What happens, and after how many seconds. */
type Happens = readonly [seconds: number, RollEvent | ObservedCluster];

interface Ends {
	readonly after: number;
	readonly thrown?: unknown;
	readonly writesNeed?: "one" | "all";
}

/** Records what happens, by a clock that stands at those seconds. */
function recorded(happens: readonly Happens[], { after, thrown, writesNeed }: Ends): Timeline | undefined {
	const start = Date.UTC(2026, 0, 1);
	let now = start;
	const clock = { now: () => now, sleep: async () => {} };
	const recorder = new Recorder({ platform: "scripted", to: v2, clock, writesNeed });
	for (const [seconds, what] of happens) {
		now = start + seconds * 1000;
		if ("event" in what) recorder.note(what);
		else recorder.see(what);
	}
	now = start + after * 1000;
	return recorder.end(thrown);
}

/** The intervals of each replica, as `0-2 serving 1.7.1`, `2-3 starting: loading tables`. */
const shown = (timeline: Timeline | undefined) =>
	Object.fromEntries(
		(timeline?.replicas ?? []).map(({ name, intervals }) => [
			name.replace("analytics-", ""),
			intervals.map(({ from, to, is, version, doing }) => {
				return `${from}-${to} ${is}${version === undefined ? "" : ` ${version}`}${doing === undefined ? "" : `: ${doing}`}`;
			}),
		]),
	);

const two = (extras: ClusterExtras = {}) => cluster("1.7.1 1.7.1", extras);
const down = { serving: false, readOnly: undefined, caughtUp: undefined };

describe("a recorder", () => {
	test("keeps all of an update of one replica", () => {
		const timeline = recorded(
			[
				[0, two()],
				[1, began],
				[2, draining(1)],
				[3, drained(1)],
				[4, restarting(1)],
				[5, progress(1, "stopping")],
				[6, progress(1, 'pulling the image "reg/db:1.8.0"')],
				[7, progress(1, "loading tables: 1 of 4")],
				[8, progress(1, "loading tables: 2 of 4")],
				[9.129, serving(1)],
				[10, finished],
			],
			{ after: 30 },
		);
		expect(timeline).toStrictEqual({
			format: 1,
			cluster: "analytics",
			from: "1.7.1",
			platform: "scripted",
			to: "1.8.0",
			started: "2026-01-01T00:00:00.000Z",
			seconds: 10,
			outcome: "finished",
			writesNeed: "one",
			replicas: [
				{ name: "analytics-0-0", shard: 0, intervals: [{ from: 0, to: 10, is: "serving", version: "1.7.1" }] },
				{
					name: "analytics-0-1",
					shard: 0,
					intervals: [
						{ from: 0, to: 2, is: "serving", version: "1.7.1" },
						{ from: 2, to: 3, is: "draining" },
						{ from: 3, to: 4, is: "drained" },
						{ from: 4, to: 6, is: "down" },
						{ from: 6, to: 7, is: "starting", doing: "pulling the image" },
						{ from: 7, to: 9.13, is: "starting", doing: "loading tables" },
						{ from: 9.13, to: 10, is: "serving", version: "1.8.0" },
					],
				},
			],
			available: [{ at: 0, reads: true, writes: true }],
		});
	});

	test.each<[string, Happens[], string[]]>([
		[
			"let back, serves its version again",
			[
				[2, draining(1)],
				[3, { event: "returned", ...on(1) }],
			],
			["0-2 serving 1.7.1", "2-3 draining", "3-9 serving 1.7.1"],
		],
		[
			"let back after its last query, serves its version again",
			[
				[2, draining(1)],
				[3, drained(1)],
				[4, { event: "returned", ...on(1) }],
			],
			["0-2 serving 1.7.1", "2-3 draining", "3-4 drained", "4-9 serving 1.7.1"],
		],
		[
			"that is not known is of no matter to those that are",
			[
				[2, draining(5)],
				[3, drained(5)],
				[4, holding(0, 6, "down")],
			],
			["0-9 serving 1.7.1"],
		],
		[
			"that another waited for was down, until that one is drained",
			[
				[2, holding(0, 1, "down")],
				[4, draining(0)],
			],
			["0-2 serving 1.7.1", "2-4 down", "4-9 serving 1.7.1"],
		],
		[
			"that another waited for was behind, and served",
			[
				[2, holding(0, 1, "behind")],
				[4, draining(0)],
			],
			["0-9 serving 1.7.1"],
		],
		[
			"drained, is seen to serve only once it does",
			[
				[2, draining(1)],
				[3, progress(1, "running")],
				[4, drained(1)],
				[5, progress(1, "running")],
			],
			["0-2 serving 1.7.1", "2-4 draining", "4-9 drained"],
		],
		[
			"restarting, is down while it stops and is stopped",
			[
				[2, restarting(1)],
				[3, progress(1, "stopping")],
				[4, progress(1, "stopped")],
				[5, progress(1, "starting")],
			],
			["0-2 serving 1.7.1", "2-5 down", "5-9 starting: starting"],
		],
		["that serves makes no progress", [[2, progress(1, "running")]], ["0-9 serving 1.7.1"]],
		[
			"holds after its update",
			[
				[2, serving(1)],
				[3, { event: "comparing", ...on(1), others: [], seconds: 2 }],
				[5, { event: "compared", ...on(1), others: [], seconds: 2 }],
			],
			["0-2 serving 1.7.1", "2-3 serving 1.8.0", "3-5 serving 1.8.0: hold", "5-9 serving 1.8.0"],
		],
		[
			"that left is no more",
			[
				[2, draining(1)],
				[3, { event: "left", ...on(1), seconds: 1 }],
			],
			["0-2 serving 1.7.1", "2-3 draining"],
		],
		["is seen again, the same", [[2, two()]], ["0-9 serving 1.7.1"]],
		[
			"is seen down",
			[
				[2, two({ but: { "0-1": down } })],
				[3, two({ but: { "0-1": down } })],
			],
			["0-2 serving 1.7.1", "2-9 down"],
		],
		[
			"is seen down while it is drained",
			[
				[2, draining(1)],
				[3, two({ but: { "0-1": down } })],
			],
			["0-2 serving 1.7.1", "2-9 draining"],
		],
		["is seen to run the target", [[2, cluster("1.7.1 1.8.0")]], ["0-2 serving 1.7.1", "2-9 serving 1.8.0"]],
		["is seen to serve, its version unknown", [[2, cluster("1.7.1 ?")]], ["0-9 serving 1.7.1"]],
	])("one %s", (_, happens, intervals) => {
		expect(shown(recorded([[0, two()], [1, began], ...happens], { after: 9 }))["0-1"]).toEqual(intervals);
	});

	test.each<[string, Happens[], string[]]>([
		[
			"that comes up",
			[
				[2, progress(1, "loading tables")],
				[3, serving(1)],
			],
			["0-2 down", "2-3 starting: loading tables", "3-9 serving 1.8.0"],
		],
		[
			"has no clients to drain",
			[
				[2, draining(1)],
				[3, drained(1)],
			],
			["0-9 down"],
		],
		[
			"that is waited for is not missed twice",
			[
				[2, holding(0, 1, "down")],
				[3, draining(0)],
			],
			["0-9 down"],
		],
		["that stops only now", [[2, progress(1, "stopping")]], ["0-9 down"]],
	])("one that was down %s", (_, happens, intervals) => {
		const start = two({ but: { "0-1": down } });
		expect(shown(recorded([[0, start], [1, began], ...happens], { after: 9 }))["0-1"]).toEqual(intervals);
	});

	test("of replicas that are added knows their start, and their shard once they are in the cluster", () => {
		const grows: Happens[] = [
			[0, cluster("1.8.0")],
			[1, progress(1, "pulling the image: 1 of 2")],
			[2, progress(1, "loading tables (3)")],
			[3, progress(2, "loading tables")],
			[4, { event: "joined", replicas: ["analytics-0-1"], seconds: 3 }],
			[5, cluster("1.8.0 1.8.0")],
		];
		expect(shown(recorded(grows, { after: 6 }))).toEqual({
			"0-0": ["0-6 serving 1.8.0"],
			"0-1": ["1-2 joining: pulling the image", "2-4 joining: loading tables", "4-6 serving 1.8.0"],
		});
		// One that joins is no member yet: that it does not serve does not count.
		for (const writesNeed of ["one", "all"] as const)
			expect(recorded(grows, { after: 6, writesNeed })?.available).toEqual([{ at: 0, reads: true, writes: true }]);
		const all = recorded(
			[
				[0, cluster("1.8.0")],
				[1, progress(1, "starting")],
				[2, began],
			],
			{ after: 3, writesNeed: "all" },
		);
		expect(all?.available).toEqual([{ at: 0, reads: true, writes: true }]);
	});

	test("of replicas that leave keeps those that stay", () => {
		const happens: Happens[] = [
			[0, two()],
			[1, draining(1)],
			[2, { event: "left", ...on(1), seconds: 1 }],
		];
		expect(shown(recorded(happens, { after: 9 }))["0-0"]).toEqual(["0-9 serving 1.7.1"]);
	});

	test("knows no version that no replica tells", () => {
		const happens: Happens[] = [
			[0, cluster("? 1.7.1")],
			[1, draining(1)],
		];
		expect(shown(recorded(happens, { after: 2 }))["0-0"]).toEqual(["0-2 serving"]);
	});

	test("cuts what a platform says at a quote or a number, and after 60 characters", () => {
		for (const [phase, doing] of [
			["starting; its last words: no", "starting"],
			["  waiting  ", "waiting"],
			["x".repeat(70), "x".repeat(60)],
		] as const) {
			const timeline = recorded(
				[
					[0, two()],
					[1, began],
					[2, restarting(1)],
					[3, progress(1, phase)],
				],
				{ after: 4 },
			);
			expect(timeline?.replicas[1]?.intervals.at(-1)).toEqual({ from: 3, to: 4, is: "starting", doing });
		}
	});

	test("shows when clients could read and write, by how many replicas a write needs", () => {
		const happens: Happens[] = [
			[0, cluster("1.7.1 1.7.1 / 1.7.1 1.7.1")],
			[1, began],
			[2, restarting(1)],
			[3, { event: "restarting", replica: "analytics-1-0", from: v1, to: v2 }],
			[4, restarting(0)],
			[6, serving(0)],
			[7, serving(1)],
			[8, { event: "serving", replica: "analytics-1-0", version: v2, seconds: 1, done: 3, of: 4 }],
		];
		expect(recorded(happens, { after: 9 })?.available).toEqual([
			{ at: 0, reads: true, writes: true },
			{ at: 4, reads: false, writes: false },
			{ at: 6, reads: true, writes: true },
		]);
		expect(recorded(happens, { after: 9, writesNeed: "all" })?.available).toEqual([
			{ at: 0, reads: true, writes: true },
			{ at: 2, reads: true, writes: false },
			{ at: 4, reads: false, writes: false },
			{ at: 6, reads: true, writes: false },
			{ at: 8, reads: true, writes: true },
		]);
	});

	test("has nothing to show before its first look, and where nothing was to be touched", () => {
		expect(
			recorded(
				[
					[0, began],
					[1, draining(0)],
				],
				{ after: 2 },
			),
		).toBeUndefined();
		expect(recorded([[0, two()]], { after: 2 })).toBeUndefined();
		expect(
			recorded(
				[
					[0, draining(1)],
					[1, two()],
				],
				{ after: 2 },
			),
		).toBeUndefined();
		expect(
			recorded(
				[
					[0, two()],
					[1, { ...began, steps: 0 }],
				],
				{ after: 2 },
			),
		).toBeUndefined();
		expect(
			recorded(
				[
					[0, two()],
					[1, draining(1)],
				],
				{ after: 2 },
			),
		).toBeDefined();
		expect(
			recorded(
				[
					[0, two()],
					[1, { event: "joined", replicas: [], seconds: 1 }],
				],
				{ after: 2 },
			),
		).toBeDefined();
		expect(
			recorded(
				[
					[0, two()],
					[1, began],
					[1, { ...began, steps: 0 }],
				],
				{ after: 2 },
			),
		).toBeDefined();
	});

	test("ends with what finishes, whatever comes later", () => {
		const happens: Happens[] = [
			[0, two()],
			[1, began],
			[2, finished],
			[3, restarting(1)],
		];
		const timeline = recorded(happens, { after: 4, thrown: new ControlError("of something else") });
		expect(timeline).toMatchObject({ outcome: "finished", seconds: 2 });
		expect(timeline).not.toHaveProperty("stop");
		expect(shown(timeline)["0-1"]).toEqual(["0-2 serving 1.7.1"]);
	});
});

describe("a recorder of what stopped", () => {
	const happens: Happens[] = [
		[0, two()],
		[1, began],
		[2, draining(1)],
		[3, restarting(1)],
	];
	const stop: RollStop = {
		cluster: "analytics",
		to: v2,
		change: "version",
		replica: "analytics-0-1",
		step: 1,
		of: 2,
		cause: { kind: "stalled", phase: "loading", seconds: 300 },
		serving: [],
		notServing: [],
		reads: true,
		writes: true,
	};

	test("shows why and where", () => {
		const timeline = recorded(happens, { after: 5, thrown: new RollStopped(stop) });
		expect(timeline).toMatchObject({
			outcome: "stopped",
			stop: { replica: "analytics-0-1", why: "stalled" },
			seconds: 5,
		});
		expect(shown(timeline)).toEqual({
			"0-0": ["0-5 serving 1.7.1"],
			"0-1": ["0-2 serving 1.7.1", "2-3 draining", "3-5 down"],
		});
	});

	test("keeps what was known of one that does not serve", () => {
		const notServing = [{ replica: "analytics-0-1", version: v2 }];
		const thrown = new RollStopped({ ...stop, notServing });
		const loading: Happens = [4, progress(1, "loading tables")];
		expect(shown(recorded([...happens, loading], { after: 5, thrown }))["0-1"]?.at(-1)).toBe(
			"4-5 starting: loading tables",
		);
	});

	test.each<[string, unknown, Timeline["stop"]]>([
		["before the first replica", new RollStopped({ ...stop, replica: undefined }), { why: "stalled" }],
		[
			"as it waited for a state",
			new WaitStopped({
				cluster: "analytics",
				wanted: "Started",
				state: "Degraded",
				replica: "analytics-0-0",
				cause: { kind: "failed", cause: "image", words: "none" },
			}),
			{ replica: "analytics-0-0", why: "failed" },
		],
		["by an error of another kind", new ClaimLost("ann"), { why: "refused" }],
	])("%s", (_, thrown, expected) => {
		expect(recorded(happens, { after: 5, thrown })?.stop).toStrictEqual(expected);
	});
});
