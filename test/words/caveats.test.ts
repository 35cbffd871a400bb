import fc from "fast-check";
import { expect, test } from "vitest";
import { type CaveatNote, caveats, type DesiredState } from "../../src/core/caveats";
import { type ObservedCluster, type Reshaping, reshaped } from "../../src/core/cluster";
import { plan } from "../../src/core/plan";
import type { State } from "../../src/core/state";
import { caveatsInput, caveatsText, switchInput } from "../../src/words/caveats";
import { clusters, versions } from "../arbitrary";
import { type ClusterExtras, cluster, creation, mark, tables, v } from "../build";
import { byData, golden } from "./golden";

const of = (observed: ObservedCluster, notes?: readonly CaveatNote[]) =>
	only(caveatsInput(caveats(plan(observed, v("1.8.0")), observed, notes)));

/** The lines of the one transition that is told, which stands first. */
function only(input: ReturnType<typeof caveatsInput>): Record<string, string> {
	const [[transition, lines] = ["", {}], ...more] = Object.entries(input);
	expect(more).toEqual([]);
	return { caveats: transition, ...lines };
}

const holding = (one: string, other: string) => {
	const memory = { database: "default", name: "m", engine: "Memory", rows: null };
	const but = {
		"0-0": { holds: { tables: tables(one) } },
		"0-1": { holds: { tables: [...tables(other), memory] } },
	};
	return of({ ...cluster("1.7.1 1.7.1", { but }), asked: true });
};
const many = Array.from({ length: 4 }, (_, n) => `${"x".repeat(60)}${n}=1`).join(" ");

const notes: readonly CaveatNote[] = [
	{ note: "connections-reset" },
	{ note: "artifact", what: "repo/db:1.8.0@sha256:1" },
	{ note: "judged-from-record" },
	{ note: "endpoint", from: "http://127.0.0.1:20001", to: "http://127.0.0.1:20002" },
	{ note: "unknown-until-update", properties: ["versions", "local.port"] },
	{ note: "catalogue-unknown", why: "no route to\nhost" },
];

/** The one line that a note adds. */
const noted = (note: CaveatNote) => {
	const bare = of(cluster("1.7.1"));
	return Object.fromEntries(Object.entries(of(cluster("1.7.1"), [note])).filter(([key]) => !(key in bare)));
};

const order = (running: string, extras: ClusterExtras = {}) => of(cluster(running, extras)).order;

const none = { restarts: [], joins: [], leaves: [], rejoins: [] };
const joining = { name: "analytics-0-2", shard: 0, ordinal: 2 };
const reshaping = (running: string, change: Partial<Reshaping>) => {
	const all = { ...none, ...change };
	const observed = reshaped(cluster(running), all);
	return only(caveatsInput(caveats(plan(observed, v("1.8.0")), observed, [], all)));
};

const switched = ([state, desired]: readonly [State, DesiredState?]) => {
	const observed = cluster("1.7.1", { state });
	return caveatsInput(caveats(plan(observed, v("1.8.0")), observed, [], none, desired))["1.7.1 -> 1.8.0"]?.state;
};

golden("caveats", {
	"two replicas, started": of(cluster("1.7.1 1.7.1")),
	"one replica, idle": of(cluster("1.7.1", { state: "Idle" })),
	stopped: of(cluster("1.7.1 1.7.1", { state: "Stopped" })),
	"nothing to do for reads and writes": of(cluster("1.8.0")),
	"tables on one replica only": holding("", "loc=1"),
	"tables on each replica only": holding("log=1 x=1", "log=2"),
	"many tables without a second copy": holding(many, many),
	"resumed, judged by a record, with things unknown": of(
		cluster("1.7.1 1.8.0", { state: "Degraded", mark: mark("1.7.1", "1.8.0") }),
		notes,
	),
	"a creation that is resumed": of(
		cluster("1.8.0", { state: "Degraded", mark: creation("1.8.0"), but: { "0-0": { serving: false } } }),
	),
	...byData<CaveatNote, Record<string, string>>(
		[
			{ note: "connections-reset", betweenServers: true },
			{ note: "release", date: "2024-09-24", link: "https://a.b/c" },
			{ note: "release", link: "https://a.b/c" },
			{ note: "release", date: "2024-09-24" },
			{ note: "deprecated", reason: "1.8.2 is\nfaster" },
			{ note: "deprecated" },
			{ note: "engine", version: v("3.0.0"), engine: "24.8", like: v("2.3.0") },
			{ note: "engine", version: v("1.6.0") },
			{ note: "hold", seconds: 600 },
			{ note: "window", schedule: "0 2 * * 6", minutes: 240, timeZone: "Europe/Berlin", ignored: false },
			{ note: "window", schedule: "30 22 * * 1-5", minutes: 1, timeZone: "UTC", ignored: true },
		],
		noted,
	),
	...byData(
		[
			"1.7.1 1.7.1 / 1.7.1 1.7.1",
			"1.7.1 / 1.7.1",
			"1.7.1 / 1.7.1 / 1.7.1",
			"1.8.0 1.8.0",
			"1.7.1 1.7.1 1.7.1 / 1.7.1 1.7.1 1.7.1 / 1.7.1 1.7.1 1.7.1",
			Array(12).fill("1.7.1").join(" "),
		],
		(running) => order(running),
	),
	"only the mark of an update is left": order("1.8.0 1.8.0", { mark: mark("1.7.1", "1.8.0") }),
	"stopped, no shard waits for another": order("1.7.1 / 1.7.1", { state: "Stopped" }),
	"settings and size": reshaping("1.8.0 1.8.0", { restarts: ["analytics-0-0", "analytics-0-1"], joins: [joining] }),
	"a replica joins without some rows": reshaping("1.8.0 1.8.0", {
		joins: [{ ...joining, lacks: ["default.loc", "default.view"] }],
	}),
	"a replica leaves": reshaping("1.8.0 1.8.0", { leaves: ["analytics-0-1"] }),
	"a replica comes back": reshaping("1.8.0 1.8.0", { joins: [joining], rejoins: ["analytics-0-2"] }),
	...byData(
		[
			["Stopped"],
			["Stopped", "Started"],
			["Started", "Started"],
			["Started", "Stopped"],
			["Idle", "Started"],
			["Idle", "Stopped"],
		] as const,
		switched,
	),
	"started and nothing else": only(switchInput("Stopped", "Started")),
	"stopped and nothing else": only(switchInput("Started", "Stopped")),
});

test("what a replica lacks that is still to join is said once, not held against it", () => {
	const joins = [{ ...joining, lacks: ["default.loc"] }];
	expect(reshaped(cluster("1.8.0 1.8.0"), { ...none, joins }).replicas[2]).not.toHaveProperty("lacks");
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

test("as one message they keep their order, and nothing makes none", () => {
	const lines = caveatsInput(caveats(plan(cluster("1.7.1 1.7.1"), v("1.8.0")), cluster("1.7.1 1.7.1")));
	expect(caveatsText(lines)).toBe(
		[
			"1.7.1 -> 1.8.0",
			"  order: analytics-0-1, then analytics-0-0",
			"  reads: SELECT keeps working",
			"  return: not possible, because a DB version is never downgraded",
			"  writes: may fail for a while as each replica restarts",
		].join("\n"),
	);
	expect([undefined, {}, "x"].map(caveatsText)).toEqual([undefined, undefined, undefined]);
});
