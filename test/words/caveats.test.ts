import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CaveatNote, caveats, type DesiredState } from "../../src/core/caveats";
import { type ObservedCluster, reshaped } from "../../src/core/cluster";
import { plan } from "../../src/core/plan";
import { caveatsInput, switchInput } from "../../src/words/caveats";
import { clusters, versions } from "../arbitrary";
import { cluster, creation, mark, tables, v } from "../build";

const key = "1.7.1 -> 1.8.0";
const of = (observed: ObservedCluster, notes?: readonly CaveatNote[]) =>
	caveatsInput(caveats(plan(observed, v("1.8.0")), observed, notes));
const none = "none: a DB version is never downgraded";

test("two replicas, started", () => {
	expect(of(cluster("1.7.1 1.7.1"))).toEqual({
		[key]: {
			order: "analytics-0-1, then analytics-0-0",
			reads: "SELECT keeps working",
			return: none,
			writes: "may fail for a while as each replica restarts",
		},
	});
});

test("what has no second copy, and what ends with a restart", () => {
	const holds = (text: string) => ({ holds: { tables: tables(text) } });
	const memory = { database: "default", name: "m", engine: "Memory", rows: null };
	const reads = (one: string, other: string) => {
		const but = { "0-0": holds(one), "0-1": { holds: { tables: [...tables(other), memory] } } };
		return of({ ...cluster("1.7.1 1.7.1", { but }), asked: true })[key];
	};
	const forgets = "default.m: the rows of a Memory table end with each restart";
	expect(reads("", "loc=1")).toMatchObject({
		reads: "SELECT keeps working, but not from default.loc and default.m, which are on analytics-0-1 only",
		forgets,
	});
	expect(reads("log=1 x=1", "log=2")).toMatchObject({
		reads:
			"SELECT keeps working, but not from default.x, which is on analytics-0-0 only, nor from default.m, which is on analytics-0-1 only, nor from default.log, whose rows do not replicate",
	});
	const many = Array.from({ length: 4 }, (_, n) => `${"x".repeat(60)}${n}=1`).join(" ");
	expect(reads(many, many)?.reads).toMatch(
		/^SELECT keeps working, but not from default\.m and 4 other tables without a second copy$/,
	);
});

test("one replica, idle", () => {
	expect(of(cluster("1.7.1", { state: "Idle" }))).toEqual({
		[key]: {
			order: "analytics-0-0",
			reads: "may fail for a while as the replica restarts",
			return: none,
			state: "Idle: woken first, then left Started",
			writes: "may fail for a while as the replica restarts",
		},
	});
});

test("stopped", () => {
	expect(of(cluster("1.7.1 1.7.1", { state: "Stopped" }))).toEqual({
		[key]: {
			order: "analytics-0-1, then analytics-0-0",
			reads: "unavailable: the cluster is stopped",
			return: none,
			state: "Stopped, and stays so",
			writes: "unavailable: the cluster is stopped",
		},
	});
});

test("an update that is gone on with, judged by a record, with things unknown", () => {
	const halfway = cluster("1.7.1 1.8.0", { state: "Degraded", mark: mark("1.7.1", "1.8.0") });
	const notes: CaveatNote[] = [
		{ note: "connections-reset" },
		{ note: "artifact", what: "repo/db:1.8.0@sha256:1" },
		{ note: "judged-from-record", at: "2026-11-23T10:00:00Z" },
		{ note: "unknown-until-update", properties: ["versions", "local.port"] },
		{ note: "catalogue-unknown", why: "no route to\nhost" },
	];
	expect(of(halfway, notes)[key]).toEqual({
		catalogue: "can't be read, so whether the version exists and is the latest is unknown: no route to host",
		image: "repo/db:1.8.0@sha256:1",
		judged: "by what was recorded at 2026-11-23T10:00:00Z; the update judges the live cluster",
		order: "analytics-0-0",
		reads: "SELECT keeps working",
		resets: "at most one for each kept-alive connection and replica",
		resumes: "an update that stopped midway",
		return: none,
		unknown: "local.port and versions; judged in the update",
		writes: "may fail for a while as the replica restarts",
	});
});

describe("what the catalogue and the window add", () => {
	const noted = (note: CaveatNote) => {
		const observed = cluster("1.7.1");
		return caveatsInput(caveats(plan(observed, v("1.8.0")), observed, [note]))[key];
	};
	test.each([
		[
			{ note: "connections-reset", betweenServers: true },
			{
				resets:
					"at most one for each kept-alive connection and replica; a SELECT over several shards may meet one between their servers",
			},
		],
		[{ note: "release", date: "2024-09-24", link: "https://a.b/c" }, { notes: "2024-09-24, https://a.b/c" }],
		[{ note: "release", link: "https://a.b/c" }, { notes: "https://a.b/c" }],
		[{ note: "release", date: "2024-09-24" }, { notes: "2024-09-24" }],
		[{ note: "deprecated", reason: "1.8.2 is\nfaster" }, { deprecated: "1.8.2 is faster" }],
		[{ note: "deprecated" }, { deprecated: "the catalogue advises against it" }],
		[
			{ note: "window", is: "open", until: "2026-11-28T05:00:00Z", timeZone: "UTC" },
			{ window: "open until Sat 2026-11-28 05:00 (UTC)" },
		],
		[
			{ note: "window", is: "closed", until: "2026-11-28T01:00:00Z", timeZone: "Europe/Berlin" },
			{ window: "closed until Sat 2026-11-28 02:00 (Europe/Berlin); no update begins before" },
		],
		[
			{ note: "window", is: "ignored", until: "2026-07-04T01:00:00Z", timeZone: "Europe/Berlin" },
			{ window: "closed until Sat 2026-07-04 03:00 (Europe/Berlin), and ignored: update.ignoreWindow is set" },
		],
	] as const)("%j", (note, expected) => expect(noted(note)).toMatchObject(expected));
});

describe("order", () => {
	test.each([
		[
			"1.7.1 1.7.1 / 1.7.1 1.7.1",
			"analytics-0-1 first; then side by side: analytics-0-0 | analytics-1-1, then analytics-1-0",
		],
		["1.7.1 / 1.7.1", "analytics-0-0 first; then analytics-1-0"],
		["1.7.1 / 1.7.1 / 1.7.1", "analytics-0-0 first; then side by side: analytics-1-0 | analytics-2-0"],
		["1.8.0 1.8.0", "no replica restarts"],
		[
			"1.7.1 1.7.1 1.7.1 / 1.7.1 1.7.1 1.7.1 / 1.7.1 1.7.1 1.7.1",
			"analytics-0-2 first; then 8 more in 3 shards, one of a shard at a time, the highest number first",
		],
		[Array(12).fill("1.7.1").join(" "), "12 replicas in one shard, one of a shard at a time, the highest number first"],
	])("%s: %s", (running, expected) => {
		expect(Object.values(of(cluster(running)))[0]?.order).toBe(expected);
	});

	test("only the mark of an update is left", () => {
		const left = cluster("1.8.0 1.8.0", { mark: mark("1.7.1", "1.8.0") });
		expect(of(left)["1.7.1 -> 1.8.0"]?.order).toBe("no replica is left to update");
	});

	test("stopped, no shard waits for another", () => {
		expect(of(cluster("1.7.1 / 1.7.1", { state: "Stopped" }))[key]?.order).toBe("analytics-0-0 | analytics-1-0");
	});
});

test("settings and size", () => {
	const reshaping = {
		restarts: ["analytics-0-0", "analytics-0-1"],
		joins: [{ name: "analytics-0-2", shard: 0, ordinal: 2 }],
		leaves: [],
		rejoins: [],
	};
	const observed = reshaped(cluster("1.8.0 1.8.0"), reshaping);
	expect(caveatsInput(caveats(plan(observed, v("1.8.0")), observed, [], reshaping))).toEqual({
		"settings at 1.8.0": {
			joins: "analytics-0-2: first the tables, then the rows, then clients",
			order: "analytics-0-1, then analytics-0-0",
			reads: "SELECT keeps working",
			writes: "may fail for a while as each replica restarts",
		},
	});
});

test("a replica that joins without some rows", () => {
	const joining = { shard: 0, ordinal: 2, lacks: ["default.loc", "default.view"] };
	const reshaping = { restarts: [], joins: [{ name: "analytics-0-2", ...joining }], leaves: [], rejoins: [] };
	const observed = reshaped(cluster("1.8.0 1.8.0"), reshaping);
	expect(observed.replicas[2]).not.toHaveProperty("lacks");
	expect(caveatsInput(caveats(plan(observed, v("1.8.0")), observed, [], reshaping))["settings at 1.8.0"]?.joins).toBe(
		"analytics-0-2: first the tables, then the rows, then clients; without the rows of default.loc and default.view",
	);
});

test("a lone replica that gets a second one is no longer alone when it restarts", () => {
	const joins = [{ name: "analytics-0-1", shard: 0, ordinal: 1 }];
	const observed = reshaped(cluster("1.8.0"), { restarts: ["analytics-0-0"], joins, leaves: [], rejoins: [] });
	expect(caveats(plan(observed, v("1.8.0")), observed).reads).toBe("working");
	const alone = reshaped(cluster("1.8.0 1.8.0"), {
		restarts: ["analytics-0-0"],
		joins: [],
		leaves: ["analytics-0-1"],
		rejoins: [],
	});
	expect(caveats(plan(alone, v("1.8.0")), alone).reads).toBe("interrupted");
});

test("nothing to do for reads and writes", () => {
	expect(Object.values(of(cluster("1.8.0")))[0]).toMatchObject({
		reads: "SELECT keeps working",
		writes: "keep working",
	});
});

test("is short single lines of text, the same for the same cluster", () => {
	fc.assert(
		fc.property(clusters, versions, (observed, to) => {
			const input = caveatsInput(caveats(plan(observed, to), observed));
			expect(caveatsInput(caveats(plan(structuredClone(observed), to), observed))).toEqual(input);
			const lines = Object.values(Object.values(input)[0] ?? {});
			expect(lines.length).toBeGreaterThanOrEqual(plan(observed, to).upgrades ? 4 : 3);
			for (const line of lines) expect(line).toMatch(/^[^\n]{4,200}$/);
			expect(lines.join()).not.toMatch(/undefined|\[object/);
		}),
		{ numRuns: 1000 },
	);
});

const stops = "stopped: reads and writes are unavailable until it is started";

test.each([
	["Stopped", undefined, "Stopped, and stays so"],
	["Stopped", "Started", "Stopped: updated while stopped, then started"],
	["Started", "Started", undefined],
	["Started", "Stopped", `updated, then ${stops}`],
	["Idle", "Started", "Idle: woken first, then left Started"],
	["Idle", "Stopped", `Idle: woken first, updated, then ${stops}`],
] as const)("an update of %s where desiredState is %s", (state, desired: DesiredState | undefined, said) => {
	const observed = cluster("1.7.1", { state });
	const none = { joins: [], leaves: [], rejoins: [] };
	const input = caveatsInput(caveats(plan(observed, v("1.8.0")), observed, [], none, desired));
	expect(input[key]?.state).toBe(said);
});

test("nothing changes but desiredState", () => {
	expect(switchInput("Stopped", "Started")).toEqual({ "Stopped -> Started": { state: "started" } });
	expect(switchInput("Started", "Stopped")).toEqual({ "Started -> Stopped": { state: stops } });
});

test("a creation that is gone on with", () => {
	const down = { serving: false };
	const observed = cluster("1.8.0", { state: "Degraded", mark: creation("1.8.0"), but: { "0-0": down } });
	expect(of(observed)).toEqual({
		"creation at 1.8.0": {
			order: "analytics-0-0",
			reads: "may fail for a while as the replica restarts",
			resumes: "a creation that stopped midway",
			writes: "may fail for a while as the replica restarts",
		},
	});
});
