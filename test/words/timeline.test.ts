import { expect, test } from "vitest";
import type { Timeline } from "../../src/roll/timeline";
import {
	barText,
	laterTimelineText,
	moreReplicas,
	noTimelineText,
	timelineDescription,
	timelineLostText,
	timelineStop,
	timelineTitle,
	unreadableText,
} from "../../src/words/timeline";
import { v } from "../build";

const timeline: Timeline = {
	format: 1,
	cluster: "analytics",
	platform: "kubernetes",
	from: v("1.7.1"),
	to: v("1.8.0"),
	started: "2026-11-23T10:00:00.000Z",
	seconds: 130,
	outcome: "finished",
	writesNeed: "one",
	replicas: [
		{
			name: "analytics-0-0",
			shard: 0,
			intervals: [
				{ from: 0, to: 2, is: "serving", version: v("1.7.1") },
				{ from: 2, to: 130, is: "down" },
			],
		},
	],
	available: [
		{ at: 0, reads: true, writes: true },
		{ at: 2, reads: false, writes: false },
		{ at: 4, reads: true, writes: false },
	],
};

test("a timeline that could not be written names the file and the reason, and that nothing came of it", () => {
	expect(timelineLostText("db", "/tmp/t.json", "ENOSPC: no space\nleft")).toBe(
		"db: its timeline could not be written to /tmp/t.json: ENOSPC: no space left. The update is not affected.",
	);
});

test("the title says what changed, how it ended and after what time", () => {
	expect(timelineTitle(timeline)).toBe("analytics on kubernetes: 1.7.1 -> 1.8.0, finished after 2 min 10 s");
	expect(timelineTitle({ ...timeline, from: v("1.8.0") })).toContain("settings or size at 1.8.0");
	const stopped = { ...timeline, outcome: "stopped", stop: { replica: "analytics-0-0", why: "failed" } } as const;
	expect(timelineTitle(stopped)).toContain("stopped at analytics-0-0 after");
	expect(timelineTitle({ ...stopped, stop: { why: "claim-lost" } })).toContain(", stopped after");
});

test.each([
	["failed", "db-0-1 did not come up"],
	["stalled", "db-0-1 made no progress any more"],
	["resized", "others gave the shard of db-0-1 another size"],
	["version-set", "others gave the shard of db-0-1 another version than 1.8.0"],
	["wrong-version", "db-0-1 came up with another version than 1.8.0"],
	["not-safe", "db-0-1 was not taken down, since others could not stand in for it"],
	["claim-lost", "another process took over the change of the cluster"],
	["platform", "the platform failed"],
	["refused", "the change was refused, or failed, before its end"],
] as const)("that it stopped since it %s is a clause", (why, text) => {
	expect(timelineStop({ ...timeline, stop: { replica: "db-0-1", why } })).toBe(text);
	expect(timelineStop(timeline)).toBeUndefined();
});

test("who can't see the picture is told who was out, and how long clients went without", () => {
	expect(timelineDescription(timeline)).toBe(
		"analytics-0-0 did not serve from 2 s to 2 min 10 s; reads were not available for 2 s; writes were not available for 2 min 8 s.",
	);
});

test("a bar says whose it is, what it means and from when to when", () => {
	expect(barText("a-0-1", { from: 1, to: 3, is: "starting", doing: "pulling the image" })).toBe(
		"a-0-1: starting (pulling the image), 1 s to 3 s",
	);
	expect(barText("a-0-1", { from: 1, to: 3, is: "starting", doing: "starting" })).toBe("a-0-1: starting, 1 s to 3 s");
	expect(barText("a-0-1", { from: 0, to: 3, is: "serving", version: v("1.8.0") })).toBe(
		"a-0-1: serves 1.8.0, 0 s to 3 s",
	);
	expect(moreReplicas(1)).toBe("1 replica is not shown");
});

test("what is no timeline is refused with the way to one", () => {
	expect(noTimelineText("t.json", "it is not JSON")).toMatch(
		/^t\.json is not a timeline .*: it is not JSON\. Set PULUMI_/,
	);
	expect(unreadableText("t.json", "ENOENT")).toMatch(/^t\.json can't be read: ENOENT\. Name the file/);
	expect(laterTimelineText("t.json", 2)).toContain("format 2");
});
