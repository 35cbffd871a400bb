import { v1, v2, v3 } from "../roll/build";
import type { Scenario } from "./scenario";

const whole = { version: v1, is: "serving", outdated: false, data: "whole" } as const;

const calm = {
	mode: "running",
	marked: false,
	shared: false,
	engines: {},
	faults: [],
	shardsAtOnce: 1,
	lag: 0,
	loses: undefined,
	holds: undefined,
	late: undefined,
	cancelled: undefined,
	sequel: undefined,
} as const satisfies Partial<Scenario>;

/** What was once found at random, in some thousand or some hundred thousand schedules. */
export const examples = {
	/** Of two that are down, the one whose turn it is comes back by itself. */
	cameBack: {
		...calm,
		shards: [
			[
				{ ...whole, version: v2 },
				{ ...whole, version: v2 },
			],
			[whole],
		],
		mode: "idle",
		engines: { [v2]: { fate: "serves", boots: 8860, lags: 5422 }, "a-0-0@1.8.0": { fate: "missing", boots: 0 } },
		faults: [[24, { kind: "steal", seconds: 22 }]],
	},
	/** Suspended together with a fault, a call outlives its roll: that fault is not for the one that must finish. */
	struckAfterItsEnd: {
		...calm,
		shards: [[whole], [whole]],
		faults: [
			[37, { kind: "refuse", words: "no" }],
			[38, { kind: "kill", replica: "a-0-0" }],
			[38, { kind: "suspend", seconds: 1 }],
		],
		cancelled: 3,
	},
	/** An old answer said that what was drained serves again: the other is needed still, and lacks a row. */
	backByAnOldAnswer: {
		...calm,
		shards: [[whole, { ...whole, version: v2, is: "killed" }], [whole]],
		faults: [[59, { kind: "stale", seconds: 1 }]],
		shardsAtOnce: 2,
		lag: 123,
		late: 2,
	},
	/** The one that had the tables lost them with its process; the other never had any. Nobody can tell that. */
	goneWithItsProcess: {
		...calm,
		shards: [
			[
				{ ...whole, is: "failed", data: "volatile" },
				{ ...whole, data: "empty" },
			],
		],
		faults: [[1, { kind: "steal", seconds: 1 }]],
	},
	/** Drained while it was down, it was started anew, served alone, and took a row. */
	startedAnew: {
		...calm,
		shards: [
			[
				{ ...whole, is: "killed" },
				{ ...whole, is: "loading" },
				{ ...whole, is: "loading" },
				{ ...whole, is: "loading" },
			],
			[whole],
			[whole],
		],
		faults: [
			[58, { kind: "scale", to: 1 }],
			[59, { kind: "unreachable", calls: 8 }],
		],
		shardsAtOnce: 3,
		lag: 397,
	},
	/** While one was out a table was dropped on the other; asked for a later version before it served again. */
	onlyOnTheOneThatIsOut: {
		...calm,
		shards: [[whole, whole]],
		engines: { [v2]: { fate: "serves", boots: 0, lags: 3214 } },
		faults: [[14, { kind: "drop", replica: "a-0-0" }]],
	},
	/** The other came back empty, and this one's server, which has all, ends at its start until the next version. */
	downWithTheLastCopy: {
		...calm,
		shards: [[whole, whole]],
		engines: { [v2]: { fate: "exits", boots: 0 } },
		faults: [
			[14, { kind: "empty", replica: "a-0-0" }],
			[17, { kind: "steal", seconds: 2 }],
		],
	},
	/** Others start the stopped one as its update ends, and its server is not what its image is called. */
	startedAtTheEnd: {
		...calm,
		shards: [[whole]],
		mode: "stopped",
		engines: { [v2]: { fate: "serves", boots: 0, reports: v1 } },
		faults: [[5, { kind: "scale", to: 1 }]],
	},
	/** It was stopped, and others started it between the last look at it and the restart by an older version. */
	startedBehind: {
		...calm,
		shards: [[whole]],
		mode: "stopped",
		faults: [
			[12, { kind: "steal", seconds: 1 }],
			[19, { kind: "scale", to: 1 }],
		],
		sequel: [v3, v1],
	},
	/** One was restarted outside Pulumi between the look at it and the question what it holds: it answers, and does not serve. */
	answersBeforeItServes: {
		...calm,
		shards: [[{ ...whole, is: "loading" }, { ...whole }, { ...whole, version: v2, is: "loading" }], [whole]],
		marked: true,
		faults: [[46, { kind: "flap", replica: "a-0-1" }]],
	},
	/** It was found after the last restart that each of two has what the other lacks; the same update then called itself done. */
	foundAtTheEnd: {
		...calm,
		shards: [
			[
				{ ...whole, version: v2, is: "loading" },
				{ ...whole, version: v2, is: "failed", data: "apart" },
			],
		],
		marked: true,
		engines: { [v2]: { fate: "exits", boots: 0 } },
		sequel: [v3],
	},
	/** Others had the next one start a later version: it was to be restarted by the older target while it loaded. */
	startedLaterByOthers: {
		...calm,
		shards: [[whole, whole]],
		faults: [
			[15, { kind: "set-image", replica: "a-0-0", version: v3 }],
			[46, { kind: "replace", replica: "a-0-0" }],
		],
		loses: ["a-0-0", "all"],
		holds: 1,
	},
	/** Restarted by a process that stopped, it came back without a table; the next one remembered what it had then. */
	forgottenByTheNext: {
		...calm,
		shards: [
			[
				{ ...whole, version: v2, is: "killed", outdated: true },
				{ ...whole, version: v2, is: "loading" },
				{ ...whole, outdated: true },
			],
			[whole],
		],
		shared: true,
		engines: { "a-0-0@1.8.0": { fate: "loops", boots: 640, lags: 1722, readOnly: 1769, reports: v1 } },
		faults: [
			[32, { kind: "loses", replica: "a-1-0", what: "a table" }],
			[67, { kind: "refuse", words: "no" }],
		],
		shardsAtOnce: 2,
		lag: 1498,
	},
	/** It came back empty, and was restarted once more just when the next process asked: up again without a step, it was not asked any more. */
	cameUpUnasked: {
		...calm,
		shards: [[whole], [{ ...whole, is: "loading" }]],
		faults: [
			[11, { kind: "unreachable", calls: 2 }],
			[120, { kind: "empty", replica: "a-0-0" }],
			[0, { kind: "loses", replica: "a-0-0", what: "all" }],
		],
		late: 3,
	},
	/** Of two that were idle, one fell behind between two looks before the other was drained: the last one counts. */
	behindAtTheLastLook: {
		...calm,
		shards: [[whole, whole, whole], [whole]],
		mode: "idle",
		faults: [
			[3, { kind: "refuse", words: "no" }],
			[64, { kind: "behind", replica: "a-0-0", seconds: 1 }],
		],
		sequel: [v2, v1],
	},
	/** Stopped by what was seen, and started by others just then: it is done once all serve. */
	startedMeanwhile: {
		...calm,
		shards: [[whole]],
		mode: "stopped",
		faults: [
			[1, { kind: "scale", to: 1 }],
			[1, { kind: "stale", seconds: 1 }],
		],
	},
	/** The one that serves more is killed between the look at it and the drain of the empty one. */
	betterOneKilled: {
		...calm,
		shards: [[whole], [{ ...whole, data: "empty" }, whole, { ...whole, version: v2, is: "drained" }], [whole]],
		faults: [[143, { kind: "kill", replica: "a-1-1" }]],
		loses: ["a-0-0", "all"],
	},
	/** Others told it to start an older version, and it lost its data: its next pod is of that version, and can't read what is newer. */
	emptiedByAnOlderPod: {
		...calm,
		shards: [[whole]],
		faults: [
			[12, { kind: "replace", replica: "a-0-0" }],
			[11, { kind: "set-image", replica: "a-0-0", version: v1 }],
			[2, { kind: "kill", replica: "a-0-0" }],
			[12, { kind: "empty", replica: "a-0-0" }],
		],
		late: 1,
		cancelled: 1,
	},
	/** The same at the last look of the one that finishes. */
	emptiedAtTheLastLook: {
		...calm,
		shards: [[whole]],
		shared: true,
		faults: [
			[33, { kind: "empty", replica: "a-0-0" }],
			[23, { kind: "set-image", replica: "a-0-0", version: v1 }],
		],
		late: 3,
	},
	/** One that was kept out because it is empty was just restarted when the next process asked: it stays out until it has answered. */
	keptOutAndRestarted: {
		...calm,
		shards: [[{ ...whole, data: "empty" }, { ...whole, version: v2, is: "drained" }, whole]],
		faults: [[138, { kind: "flap", replica: "a-0-0" }]],
		cancelled: 1,
	},
	/** Drained, and killed before its restart: the next process can't ask it what it holds, and restarts it. */
	killedWhileDrained: {
		...calm,
		shards: [[whole, { ...whole, version: v2 }], [{ ...whole, version: v2 }]],
		faults: [
			[15, { kind: "steal", seconds: 1 }],
			[13, { kind: "kill", replica: "a-0-0" }],
		],
		holds: 1,
		late: 1,
		sequel: [v1],
	},
	/** The same of one that others scaled away. */
	scaledAwayWhileDrained: {
		...calm,
		shards: [[whole, whole]],
		mode: "idle",
		marked: true,
		faults: [
			[33, { kind: "scale", to: 1 }],
			[34, { kind: "crash", when: "after" }],
			[13, { kind: "unreachable", calls: 5 }],
		],
		holds: 1,
		late: 4,
	},
} satisfies Record<string, Scenario>;
