import { expect, test } from "vitest";
import type { RollStop, WaitStop } from "../../src/roll/events";
import { stopText, waitStopText } from "../../src/words/stop";
import { v } from "../build";
import { byData, golden } from "./golden";

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

const because = (cause: RollStop["cause"]) => stopText({ ...failed, cause });
const quota = { cause: "quota", words: "its pod can't be created: exceeded quota: small" } as const;
const notSafe = (...others: Extract<RollStop["cause"], { kind: "not-safe" }>["others"]) =>
	because({ kind: "not-safe", others });

const waiting: Pick<WaitStop, "cluster" | "wanted" | "state"> = {
	cluster: "analytics",
	wanted: "Started",
	state: "Starting",
};
const names = Array.from({ length: 24 }, (_, ordinal) => `a-${ordinal}`);
const worse = {
	kind: "worse",
	code: 241,
	name: "MEMORY_LIMIT_EXCEEDED",
	canary: { failed: 12, of: 300 },
	others: { failed: 1, of: 310 },
	than: ["analytics-0-0"],
	errors: 0.01,
} as const;

golden("stop", {
	"a replica does not come up": stopText(failed),
	"a replica does not come up, and a version is an engine": stopText(failed, "engine"),
	"a creation does not come up": stopText({ ...failed, change: "creation", serving: [], reads: false }),
	...byData<RollStop["cause"], string>(
		[
			{ kind: "stalled", phase: "loading tables: 3 of 7", seconds: 300 },
			{ kind: "data-missing", tables: ["default.rows"], count: 1, at: "/data", elsewhere: "analytics-0-0" },
			{ kind: "data-missing", tables: ["default.a", "default.b"], count: 7 },
			{ kind: "volatile", words: "/data is on the emptyDir volume scratch" },
			{ kind: "wrong-version", runs: v("1.8.5") },
			{ kind: "wrong-version", runs: undefined },
			{ kind: "wrong-version", runs: v("2.0.6") },
			{ kind: "failed", ...quota },
			{ kind: "failed", cause: "port", words: "port 20001 of 127.0.0.1 is used by another process." },
			{ kind: "failed", cause: "refused", words: "the registry knows no such tag. Push it" },
			{ kind: "resized", object: "StatefulSet db-0", replicas: 1, of: 2 },
			{ kind: "resized", object: "StatefulSet db-0", replicas: 3, of: 2 },
			{ kind: "resized", object: "StatefulSet db-0", of: 2 },
			{ kind: "version-set", object: "StatefulSet db-0", image: "a/b:2.0.6", version: v("2.0.6") },
			worse,
			{ ...worse, name: undefined, than: names, errors: 0 },
			{ kind: "stopped-serving" },
			{ kind: "stopped-serving", failure: { cause: "memory", words: "killed for its use of memory (limit 1Gi)" } },
			{ kind: "interrupted", by: "cancel" },
			{ kind: "interrupted", by: "timeout", seconds: 90 },
			{ kind: "claim-lost", by: "bob@laptop, process 12" },
			{ kind: "claim-lost" },
			{ kind: "record-lost" },
			{ kind: "platform", words: "the API server answers 503" },
		],
		because,
	),
	"not safe: the other lacks tables": notSafe({ replica: "analytics-0-0", problem: "lacks" }),
	"not safe: the other has not caught up": notSafe({ replica: "analytics-0-0", problem: "behind" }),
	"not safe: two others": notSafe({ replica: "a-0", problem: "down" }, { replica: "a-2", problem: "read-only" }),
	"not safe: the other is down, and why": notSafe({ replica: "analytics-0-0", problem: "down", failure: quota }),
	...byData(
		[
			{ step: 2, of: 4 },
			{ step: 11, of: 12 },
			{ step: 1, of: 1 },
			{ step: 0, of: 0 },
			{ step: 0, of: 2, replica: undefined },
			{ step: 2, of: 2, replica: undefined },
			{ change: "settings" },
			{ change: "size" },
			{ change: "size", replica: undefined },
		] satisfies Partial<RollStop>[],
		(place) => stopText({ ...failed, ...place }),
	),
	...byData(
		[
			{
				serving: [...at("1.8.0", "a-0"), ...at("1.9.0", "a-2")],
				notServing: at("1.9.0", "analytics-0-1"),
				writes: true,
			},
			{ serving: at("1.8.0", "a-0", "a-2", "a-3"), notServing: [], writes: true },
			{ serving: at("1.8.0", "a-0", "analytics-0-1"), notServing: [], writes: true },
			{ serving: [], notServing: at("1.9.0", "analytics-0-1"), reads: false },
			{ serving: [], notServing: at("1.8.0", "a-0", "analytics-0-1"), reads: false },
			{ serving: at("1.8.0", "a-0"), notServing: at("1.8.0", "a-2", "a-3"), reads: false, writes: true },
			{ serving: [{ replica: "a-0", version: undefined }], notServing: [], writes: true },
		] satisfies Partial<RollStop>[],
		(serves) => stopText({ ...failed, ...serves }),
	),
	"worse with other settings": stopText({ ...failed, change: "settings", cause: worse }),
	"of a big cluster not every name": stopText({ ...failed, serving: at("1.8.0", ...names) }),
	"waiting: a replica does not come up": waitStopText({
		...waiting,
		replica: "analytics-0-1",
		cause: { kind: "failed", cause: "image", words: "no such image" },
	}),
	"waiting: no progress": waitStopText({ ...waiting, cause: { kind: "stalled", phase: "Starting", seconds: 300 } }),
	"cancelled midway": stopText({
		...failed,
		replica: undefined,
		cause: { kind: "interrupted", by: "cancel" },
		serving: [...at("1.8.0", "a-0"), ...at("1.9.0", "a-2")],
		notServing: [],
		writes: true,
	}),
	"cancelled while settings are applied": stopText({
		...failed,
		change: "settings",
		cause: { kind: "interrupted", by: "cancel" },
	}),
	"cancelled while replicas join": stopText({
		...failed,
		change: "size",
		replica: undefined,
		cause: { kind: "interrupted", by: "cancel" },
		writes: true,
	}),
	"waiting: cancelled": waitStopText({ ...waiting, cause: { kind: "interrupted", by: "cancel" } }),
	"waiting: scaled": waitStopText({
		...waiting,
		replica: "analytics-0-1",
		cause: { kind: "resized", object: "StatefulSet a-0", replicas: 1, of: 2 },
	}),
});

test("last words are one line and not endless", () => {
	expect(because({ kind: "failed", cause: "exits", words: `exits\n${"x".repeat(10_000)}` })).toMatch(
		/^[^\n]{100,1000}$/,
	);
});
