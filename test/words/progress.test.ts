import { expect, test } from "vitest";
import type { RollEvent } from "../../src/roll/events";
import { isPassing, isTold, progressText } from "../../src/words/progress";
import { v } from "../build";
import { byData, golden } from "./golden";

const transition = "1.7.1 -> 1.8.0";
const replica = "analytics-0-1";
const [from, to] = [v("1.7.1"), v("1.8.0")];

const events: readonly RollEvent[] = [
	{ event: "waiting", holder: "ann@build-7, process 4711", expires: "2026-11-23T10:05:00Z" },
	{ event: "retrying", words: "no route\nto host" },
	{ event: "began", transition, steps: 4, resumes: false },
	{ event: "began", transition, steps: 1, resumes: false },
	{ event: "began", transition, steps: 2, resumes: true },
	{ event: "began", transition, steps: 0, resumes: true },
	{ event: "woke", seconds: 3.21 },
	{ event: "holding", replica, others: [{ replica: "analytics-0-0", problem: "behind" }] },
	{
		event: "holding",
		replica,
		others: [
			{ replica: "a-0", problem: "down" },
			{ replica: "a-2", problem: "read-only" },
		],
	},
	{ event: "draining", replica, queries: 3 },
	{ event: "draining", replica, queries: 1 },
	{ event: "draining", replica, queries: 0 },
	{ event: "draining", replica, queries: undefined },
	{ event: "drained", replica, cut: 0, seconds: 2 },
	{ event: "drained", replica, cut: 1, seconds: 30 },
	{ event: "drained", replica, cut: 2, seconds: 30 },
	{ event: "returned", replica },
	{ event: "restarting", replica, from, to },
	{ event: "restarting", replica, from: to, to },
	{ event: "restarting", replica, from: undefined, to },
	{ event: "progress", replica, phase: "loading tables: 3 of 7" },
	{ event: "serving", replica, version: to, seconds: 6, done: 1, of: 4 },
	{ event: "comparing", replica, others: ["analytics-0-0"], seconds: 600 },
	...(["alike", "too-few"] as const).map((verdict) => {
		const result = { verdict, canary: { failed: 3, of: 1200 }, others: { failed: 0, of: 1 } };
		return { event: "compared", replica, others: ["analytics-0-0"], seconds: 600, result } as const;
	}),
	{ event: "compared", replica, others: ["analytics-0-0", "analytics-0-2"], seconds: 600 },
	{ event: "joined", replicas: [replica, "analytics-0-2"], seconds: 6 },
	{ event: "left", replica, seconds: 6 },
	{ event: "noted", replica, version: to, done: 2, of: 2 },
	{ event: "finished", transition, seconds: 125 },
	{ event: "finished", transition: "creation at 1.8.0", seconds: 5, creates: true },
];

golden("progress", byData(events, progressText));

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
