import { expect, test } from "vitest";
import type { RollEvent } from "../../src/roll/events";
import { isPassing, isTold, progressText } from "../../src/words/progress";
import { v } from "../build";

const transition = "1.7.1 -> 1.8.0";
const replica = "analytics-0-1";
const [from, to] = [v("1.7.1"), v("1.8.0")];

const lines: [RollEvent, string][] = [
	[
		{ event: "waiting", holder: "ann@build-7, process 4711", expires: "2026-11-23T10:05:00Z" },
		"waiting: ann@build-7, process 4711 changes the cluster, until 2026-11-23T10:05:00Z at most unless it goes on",
	],
	[{ event: "retrying", words: "no route\nto host" }, "trying again: no route to host"],
	[{ event: "began", transition, steps: 4, resumes: false }, "updating 1.7.1 -> 1.8.0: 4 replicas"],
	[{ event: "began", transition, steps: 1, resumes: false }, "updating 1.7.1 -> 1.8.0: 1 replica"],
	[{ event: "began", transition, steps: 2, resumes: true }, "going on with 1.7.1 -> 1.8.0: 2 replicas left"],
	[{ event: "began", transition, steps: 0, resumes: true }, "going on with 1.7.1 -> 1.8.0: no replicas left"],
	[{ event: "woke", seconds: 3.21 }, "woke the cluster in 3.2 s"],
	[
		{ event: "holding", replica, others: [{ replica: "analytics-0-0", problem: "behind" }] },
		"holding analytics-0-1 back: analytics-0-0 has not caught up",
	],
	[
		{
			event: "holding",
			replica,
			others: [
				{ replica: "a-0", problem: "down" },
				{ replica: "a-2", problem: "read-only" },
			],
		},
		"holding analytics-0-1 back: a-0 does not serve and a-2 is read-only",
	],
	[{ event: "draining", replica, queries: 3 }, "draining analytics-0-1: 3 queries running"],
	[{ event: "draining", replica, queries: 1 }, "draining analytics-0-1: 1 query running"],
	[{ event: "draining", replica, queries: 0 }, "draining analytics-0-1: no queries running"],
	[{ event: "draining", replica, queries: undefined }, "draining analytics-0-1"],
	[{ event: "drained", replica, cut: 0, seconds: 2 }, "drained analytics-0-1 in 2 s"],
	[{ event: "drained", replica, cut: 1, seconds: 30 }, "drained analytics-0-1 in 30 s; 1 query is cut off"],
	[{ event: "drained", replica, cut: 2, seconds: 30 }, "drained analytics-0-1 in 30 s; 2 queries are cut off"],
	[{ event: "returned", replica }, "analytics-0-1 takes queries again"],
	[{ event: "restarting", replica, from, to }, "restarting analytics-0-1: 1.7.1 -> 1.8.0"],
	[{ event: "restarting", replica, from: undefined, to }, "restarting analytics-0-1: unknown version -> 1.8.0"],
	[{ event: "progress", replica, phase: "loading tables: 3 of 7" }, "analytics-0-1: loading tables: 3 of 7"],
	[
		{ event: "serving", replica, version: to, seconds: 6, done: 1, of: 4 },
		"analytics-0-1 serves 1.8.0 after 6 s; 1 of 4 done",
	],
	[{ event: "noted", replica, version: to, done: 2, of: 2 }, "analytics-0-1 will start with 1.8.0; 2 of 2 done"],
	[{ event: "finished", transition, seconds: 125 }, "updated 1.7.1 -> 1.8.0 in 2 min 5 s"],
	[
		{ event: "finished", transition: "creation at 1.8.0", seconds: 5, creates: true },
		"finished creation at 1.8.0 in 5 s",
	],
];

test.each(lines)("%j", (event, line) => expect(progressText(event)).toBe(line));

test("a drain that took no time is no news, one that took some or cut queries off is", () => {
	const drained = { event: "drained", replica, cut: 0, seconds: 0.9 } as const;
	expect(isTold(drained)).toBe(false);
	expect(isTold({ ...drained, seconds: 1 })).toBe(true);
	expect(isTold({ ...drained, cut: 1 })).toBe(true);
});

test("that it stops is no news after the line that it is restarted; what it does then is, for a moment", () => {
	const progress = { event: "progress", replica } as const;
	expect(isTold({ ...progress, phase: "stopping" })).toBe(false);
	expect(isTold({ ...progress, phase: "starting" })).toBe(true);
	expect(isPassing({ ...progress, phase: "starting" })).toBe(true);
	expect(isPassing({ event: "restarting", replica, from, to })).toBe(false);
});
