import { describe, expect, test } from "vitest";
import type { RollStop } from "../../src/roll/events";
import { stopText, waitStopText } from "../../src/words/stop";
import { v } from "../build";

const at = (version: string, ...replicas: string[]) => replicas.map((replica) => ({ replica, version: v(version) }));

const failed: RollStop = {
	cluster: "analytics",
	to: v("1.9.0"),
	change: "version",
	replica: "analytics-0-1",
	step: 1,
	of: 2,
	cause: {
		kind: "failed",
		cause: "exits",
		words:
			'exits at start; its last words: "Code: 1000. DB::Exception: cannot load metadata written by an older server"',
	},
	serving: at("1.8.0", "analytics-0-0"),
	notServing: at("1.9.0", "analytics-0-1"),
	reads: true,
	writes: false,
};

const mend =
	"Next: mend the image (locally, the engine) of 1.9.0, or set a later version, and run pulumi up again: it goes on from here. The vendor's support helps if neither comes up.";

test("a replica that does not come up", () => {
	expect(stopText(failed)).toBe(
		`update of 'analytics' to 1.9.0 stopped at the first of 2 replicas. analytics-0-1 did not come up: exits at start; its last words: "Code: 1000. DB::Exception: cannot load metadata written by an older server". analytics-0-0 was not touched and serves 1.8.0: reads work, writes fail. ${mend}`,
	);
});

test("a creation that does not come up", () => {
	const stop: RollStop = { ...failed, change: "creation", serving: [], reads: false };
	expect(stopText(stop)).toMatch(/^creation of 'analytics' at 1\.9\.0 stopped at the first of 2 replicas\. /);
	expect(stopText(stop)).toMatch(
		/: reads and writes fail\. Next: mend the image \(locally, the engine\) of 1\.9\.0 or the settings, or set a later version, and run pulumi up again: it goes on from here\. The vendor's support helps if neither comes up\.$/,
	);
});

describe("why it stopped, and what to do", () => {
	test.each([
		[
			{ kind: "stalled", phase: "loading tables: 3 of 7", seconds: 300 },
			"analytics-0-1 made no progress for 5 min 0 s while loading tables: 3 of 7.",
			"Next: look at the log of analytics-0-1; if it only needs longer, raise update.stallSeconds, else mend the image (locally, the engine) of 1.9.0, or set a later version, and run pulumi up again: it goes on from here.",
		],
		[
			{ kind: "data-missing", tables: ["default.rows"], count: 1, at: "/data", elsewhere: "analytics-0-0" },
			"analytics-0-1 came back without default.rows; its data is at /data.",
			"Next: find out what became of its volume, and give it its tables back: what SHOW CREATE TABLE default.rows says on analytics-0-0, run on analytics-0-1 with ATTACH in the place of CREATE; rows that replicate then come by themselves. If it is meant to be without it, name it in update.localTables. Then run pulumi up again: it goes on from here.",
		],
		[
			{ kind: "data-missing", tables: ["default.a", "default.b"], count: 7 },
			"analytics-0-1 came back without default.a, default.b and 5 more tables.",
			"Next: find out what became of its volume, and bring its data back from a backup. If it is meant to be without them, name them in update.localTables. Then run pulumi up again: it goes on from here.",
		],
		[{ kind: "wrong-version", runs: v("1.8.5") }, "analytics-0-1 came up with 1.8.5 instead of 1.9.0.", mend],
		[
			{ kind: "wrong-version", runs: undefined },
			"analytics-0-1 came up with a version that can't be told instead of 1.9.0.",
			mend,
		],
		[
			{ kind: "not-safe", others: [{ replica: "analytics-0-0", problem: "lacks" }] },
			"analytics-0-1 was not taken down, since other replicas of its shard could not stand in: analytics-0-0 lacks tables that it holds.",
			"Next: make there what analytics-0-1 has and they lack (what SHOW CREATE TABLE says on analytics-0-1, with ATTACH in the place of CREATE), or name it in update.localTables, and run pulumi up again: it goes on from here.",
		],
		[
			{ kind: "not-safe", others: [{ replica: "analytics-0-0", problem: "behind" }] },
			"analytics-0-1 was not taken down, since other replicas of its shard could not stand in: analytics-0-0 has not caught up.",
			"Next: see to analytics-0-0; once it serves and has caught up, run pulumi up again: it goes on from here.",
		],
		[
			{
				kind: "not-safe",
				others: [
					{ replica: "a-0", problem: "down" },
					{ replica: "a-2", problem: "read-only" },
				],
			},
			"analytics-0-1 was not taken down, since other replicas of its shard could not stand in: a-0 does not serve and a-2 is read-only.",
			"Next: see to a-0 and a-2; once they serve and have caught up, run pulumi up again: it goes on from here.",
		],
		[
			{
				kind: "not-safe",
				others: [
					{
						replica: "analytics-0-0",
						problem: "down",
						failure: { cause: "quota", words: "its pod can't be made: exceeded quota: small" },
					},
				],
			},
			"analytics-0-1 was not taken down, since other replicas of its shard could not stand in: analytics-0-0 does not serve (its pod can't be made: exceeded quota: small).",
			"Next: raise that quota or limit, or lower kubernetes.resources or kubernetes.storage to what fits it; once it serves and has caught up, run pulumi up again: it goes on from here.",
		],
		[
			{ kind: "failed", cause: "quota", words: "its pod can't be made: exceeded quota: small" },
			"analytics-0-1 did not come up: its pod can't be made: exceeded quota: small.",
			"Next: raise that quota or limit, or lower kubernetes.resources or kubernetes.storage to what fits it, and run pulumi up again: it goes on from here.",
		],
		[
			{ kind: "failed", cause: "refused", words: "the registry knows no such tag. Push it" },
			"analytics-0-1 could not be changed: the registry knows no such tag. Push it.",
			"Next: do what that says, and run pulumi up again: it goes on from here.",
		],
		[
			{ kind: "resized", object: "StatefulSet db-0", replicas: 1, of: 2 },
			"StatefulSet db-0 was scaled to 1 of 2 replicas by others.",
			"Next: scale it back (kubectl scale StatefulSet db-0 --replicas=2), and run pulumi up again: it goes on from here.",
		],
		[
			{ kind: "resized", object: "StatefulSet db-0", replicas: 3, of: 2 },
			"StatefulSet db-0 was scaled to 3 replicas by others, and the cluster has 2.",
			"Next: scale it back (kubectl scale StatefulSet db-0 --replicas=2), and run pulumi up again: it goes on from here.",
		],
		[
			{ kind: "resized", object: "StatefulSet db-0", of: 2 },
			"StatefulSet db-0 was deleted by others.",
			"Next: make it anew where others had made it (what DbCluster had made, it makes anew itself), and run pulumi up again: it goes on from here.",
		],
		[
			{ kind: "version-set", object: "StatefulSet db-0", image: "a/b:2.0.6", version: v("2.0.6") },
			"The image of StatefulSet db-0 was set to a/b:2.0.6 by others.",
			"Next: set version to 2.0.6 or later, or set that image back, and run pulumi up again: it goes on from here.",
		],
		[
			{ kind: "wrong-version", runs: v("2.0.6") },
			"analytics-0-1 came up with 2.0.6 instead of 1.9.0.",
			"Next: set version to 2.0.6 or later, and run pulumi up again: it goes on from here.",
		],
		[
			{ kind: "claim-lost", by: "bob@laptop, process 12" },
			"Another process (bob@laptop, process 12) has taken over the change of this cluster.",
			"Next: wait until the other process is done, then run pulumi up again. Nothing more was touched here.",
		],
		[
			{ kind: "claim-lost" },
			"Another process has taken over the change of this cluster.",
			"Next: wait until the other process is done, then run pulumi up again. Nothing more was touched here.",
		],
		[
			{ kind: "platform", words: "the API server answers 503" },
			"The platform failed: the API server answers 503.",
			"Next: see to it that the platform answers and allows it, then run pulumi up again: it goes on from here.",
		],
	] satisfies [RollStop["cause"], string, string][])("%j", (cause, what, next) => {
		const text = stopText({ ...failed, cause });
		expect(text).toContain(` stopped at the first of 2 replicas. ${what} analytics-0-0 was not touched`);
		expect(text.endsWith(next)).toBe(true);
	});
});

describe("where it stopped", () => {
	test.each([
		[{ step: 2, of: 4 }, "at the second of 4 replicas."],
		[{ step: 11, of: 12 }, "at replica 11 of 12."],
		[{ step: 1, of: 1 }, "at its only replica."],
		[{ step: 0, of: 0 }, "before any replica was updated."],
		[{ step: 0, of: 2, replica: undefined }, "before any replica was updated."],
		[{ step: 2, of: 2, replica: undefined }, "midway."],
	])("%j", (place, expected) => {
		expect(stopText({ ...failed, ...place })).toContain(`to 1.9.0 stopped ${expected} `);
	});
});

describe("what serves", () => {
	test.each([
		[
			{
				serving: [...at("1.8.0", "a-0"), ...at("1.9.0", "a-2")],
				notServing: at("1.9.0", "analytics-0-1"),
				reads: true,
				writes: true,
			},
			"a-2 serves 1.9.0; a-0 was not touched and serves 1.8.0: reads and writes work.",
		],
		[
			{ serving: at("1.8.0", "a-0", "a-2", "a-3"), notServing: [], reads: true, writes: true },
			"a-0, a-2 and a-3 were not touched and serve 1.8.0: reads and writes work.",
		],
		[
			{ serving: at("1.8.0", "a-0", "analytics-0-1"), notServing: [], reads: true, writes: true },
			"a-0 and analytics-0-1 serve 1.8.0: reads and writes work.",
		],
		[
			{ serving: [], notServing: at("1.9.0", "analytics-0-1"), reads: false, writes: false },
			"no other replica serves: reads and writes fail.",
		],
		[
			{ serving: [], notServing: at("1.8.0", "a-0", "analytics-0-1"), reads: false, writes: false },
			"a-0 does not serve: reads and writes fail.",
		],
		[
			{ serving: at("1.8.0", "a-0"), notServing: at("1.8.0", "a-2", "a-3"), reads: false, writes: true },
			"a-0 was not touched and serves 1.8.0; a-2 and a-3 do not serve: writes work, reads fail.",
		],
		[
			{ serving: [{ replica: "a-0", version: undefined }], notServing: [], reads: true, writes: true },
			"a-0 serves a version that can't be told: reads and writes work.",
		],
	])("%j", (serves, expected) => {
		const text = stopText({ ...failed, ...serves });
		expect(text).toContain(`". ${expected} Next: `);
	});

	test("of a big cluster not every name is told", () => {
		const names = Array.from({ length: 24 }, (_, ordinal) => `a-${ordinal}`);
		expect(stopText({ ...failed, serving: at("1.8.0", ...names) })).toContain(
			"a-0, a-1, a-2, a-3, a-4 and 19 more were not touched and serve 1.8.0",
		);
	});
});

test("last words are one line and not endless", () => {
	const text = stopText({
		...failed,
		cause: { kind: "failed", cause: "exits", words: `exits\n${"x".repeat(10_000)}` },
	});
	expect(text).toMatch(/^[^\n]{100,1000}$/);
});

test.each([
	[
		{ replica: "analytics-0-1", cause: { kind: "failed", cause: "image", words: "no such image" } },
		"'analytics' did not get to Started and is Starting. analytics-0-1 did not come up: no such image. Next: see to it that its image (locally, its engine) is there and can be pulled, and run pulumi up again. The vendor's support helps if that does not.",
	],
	[
		{ cause: { kind: "stalled", phase: "Starting", seconds: 300 } },
		"'analytics' did not get to Started and is Starting. The cluster made no progress for 5 min 0 s while Starting. Next: look at the cluster's log; if it only needs longer, raise update.stallSeconds, else mend what it says, and run pulumi up again. The vendor's support helps if that does not.",
	],
	[
		{ replica: "analytics-0-1", cause: { kind: "resized", object: "StatefulSet a-0", replicas: 1, of: 2 } },
		"'analytics' did not get to Started and is Starting. StatefulSet a-0 was scaled to 1 of 2 replicas by others. Next: scale it back (kubectl scale StatefulSet a-0 --replicas=2), and run pulumi up again. The vendor's support helps if that does not.",
	],
] as const)("waiting for a state: %j", (why, expected) => {
	expect(waitStopText({ cluster: "analytics", wanted: "Started", state: "Starting", ...why })).toBe(expected);
});
