import { expect, test } from "vitest";
import type { Timeline } from "../../src/roll/timeline";
import {
	barNames,
	barText,
	laneNames,
	laterTimelineText,
	moreReplicas,
	noTimelineText,
	timelineDescription,
	timelineLostText,
	timelineStop,
	timelineTitle,
	unreadableTimelineText,
} from "../../src/words/timeline";
import { v } from "../build";
import { golden } from "./golden";

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
const stopped = { ...timeline, outcome: "stopped", stop: { replica: "analytics-0-0", why: "failed" } } as const;
const reasons = [
	"failed",
	"stalled",
	"resized",
	"version-set",
	"wrong-version",
	"not-safe",
	"data-missing",
	"volatile",
	"worse",
	"stopped-serving",
	"claim-lost",
	"record-lost",
	"platform",
	"refused",
] as const;

golden("timeline", {
	"could not be written": timelineLostText("db", "/tmp/t.json", "ENOSPC: no space\nleft"),
	"title, finished": timelineTitle(timeline),
	"title, settings": timelineTitle({ ...timeline, from: v("1.8.0") }),
	"title, stopped at a replica": timelineTitle(stopped),
	"title, stopped": timelineTitle({ ...stopped, stop: { why: "claim-lost" } }),
	stopped: Object.fromEntries(
		reasons.map((why) => [why, timelineStop({ ...timeline, stop: { replica: "db-0-1", why } }) ?? ""]),
	),
	"stopped, the cluster": timelineStop({ ...timeline, stop: { why: "failed" } }),
	description: timelineDescription(timeline),
	bars: barNames,
	lanes: laneNames,
	"a bar with more to say": barText("a-0-1", { from: 1, to: 3, is: "starting", doing: "pulling the image" }),
	"a bar with no more to say": barText("a-0-1", { from: 1, to: 3, is: "starting", doing: "starting" }),
	"a bar of a version": barText("a-0-1", { from: 0, to: 3, is: "serving", version: v("1.8.0") }),
	"replicas left out": moreReplicas(1),
	"no timeline": noTimelineText("t.json", "it is not JSON"),
	unreadable: unreadableTimelineText("t.json", "ENOENT"),
	"of a later release": laterTimelineText("t.json", 2),
});

test("one that finished says nothing of a stop", () => {
	expect(timelineStop(timeline)).toBeUndefined();
});
