import { describe, expect, test } from "vitest";
import {
	abridged,
	byShard,
	floor,
	neverStarted,
	type ObservedCluster,
	type ObservedReplica,
	othersOf,
	reshaped,
	restored,
	returned,
	runsEverywhere,
	standsAt,
	standsEverywhere,
	stopping,
} from "../../src/core/cluster";
import { type ClusterExtras, cluster, creation, mark, tables, v } from "../build";

describe("floor", () => {
	test.each([
		["the highest that runs", cluster("1.7.1 1.8.0"), "1.8.0"],
		[
			"what opened the data, though an older one runs",
			cluster("1.7.1", { but: { "0-0": { openedBy: v("1.9.0") } } }),
			"1.9.0",
		],
		[
			"a version that is noted while stopped",
			cluster("1.8.0", { state: "Stopped", but: { "0-0": { openedBy: v("1.7.1") } } }),
			"1.8.0",
		],
		["what is known, when one is not", cluster("? 1.8.0"), "1.8.0"],
		["nothing, when nothing is known", cluster("? ?"), undefined],
	] as const)("is %s", (_, observed, expected) => expect(floor(observed)).toBe(expected));

	const asked = { "0-1": { serving: false, openedBy: v("1.8.0") } };

	test("leaves out what an unfinished update only asked for", () => {
		expect(floor(cluster("1.8.0 1.9.0", { mark: mark("1.8.0", "1.9.0"), but: asked }))).toBe("1.8.0");
		// It was given up, and that died midway, too.
		expect(floor(cluster("1.8.0 1.9.0", { mark: mark("1.8.0", "1.8.0"), but: asked }))).toBe("1.8.0");
	});

	test("of a cluster that is still being created is what opened its data, and nothing where none did", () => {
		const down = (openedBy?: string) => ({
			"0-0": { serving: false, openedBy: openedBy === undefined ? undefined : v(openedBy) },
		});
		expect(floor(cluster("1.9.0", { mark: creation("1.9.0"), but: down() }))).toBeUndefined();
		expect(floor(cluster("1.9.0", { mark: creation("1.9.0"), but: down("1.7.1") }))).toBe("1.7.1");
		expect(floor(cluster("1.9.0", { mark: creation("1.9.0") }))).toBe("1.9.0");
		expect(floor(cluster("1.9.0", { mark: mark("1.9.0", "1.9.0"), but: down("1.7.1") }))).toBe("1.7.1");
	});

	test("keeps it where it may have opened the data", () => {
		const notKnown = { "0-1": { serving: false, openedBy: undefined } };
		expect(floor(cluster("1.8.0 1.9.0", { mark: mark("1.8.0", "1.9.0"), but: notKnown }))).toBe("1.9.0");
		const serving = { "0-1": { openedBy: v("1.8.0") } };
		expect(floor(cluster("1.8.0 1.9.0", { mark: mark("1.8.0", "1.9.0"), but: serving }))).toBe("1.9.0");
		expect(floor(cluster("1.8.0 1.9.0", { but: asked }))).toBe("1.9.0");
	});
});

test("othersOf is the rest of a replica's shard, and nothing of one that is not in the cluster", () => {
	const observed = cluster("1.8.0 1.8.0 1.8.0 / 1.8.0");
	expect(othersOf(observed, "analytics-0-1")).toEqual(["analytics-0-0", "analytics-0-2"]);
	expect(othersOf(observed, "analytics-1-0")).toEqual([]);
	expect(othersOf(observed, "analytics-2-0")).toEqual([]);
});

describe("standsAt", () => {
	test.each([
		["what it runs", cluster("1.8.0"), "1.8.0"],
		[
			"what opened its data, when it was asked to start a newer one",
			cluster("1.9.0", { but: { "0-0": { serving: false, openedBy: v("1.8.0") } } }),
			"1.8.0",
		],
		[
			"what it runs, when the record of what opened its data is behind",
			cluster("1.9.0", { but: { "0-0": { openedBy: v("1.8.0") } } }),
			"1.9.0",
		],
		[
			"what opened its data, when it can't be asked",
			cluster("?", { but: { "0-0": { serving: false, openedBy: v("1.8.0") } } }),
			"1.8.0",
		],
		[
			"what it is to start, when it is not known what opened its data",
			cluster("1.9.0", { but: { "0-0": { serving: false, openedBy: undefined } } }),
			"1.9.0",
		],
		["unknown", cluster("?"), undefined],
	] as const)("is %s", (_, { replicas: [replica] }, expected) => {
		expect(replica && standsAt(replica)).toBe(expected);
	});
});

const told = { "0-1": { serving: false, openedBy: v("1.8.0") } };

/** Where the two differ, and where not. */
test.each([
	["all run it", cluster("1.8.0 1.8.0.0"), true, true],
	["one does not", cluster("1.8.0 1.7.1"), false, false],
	["of one it is not known", cluster("1.8.0 ?"), false, false],
	["there is none", { ...cluster("1.8.0"), replicas: [] }, false, false],
	["one was told to start another, and did not", cluster("1.8.0 1.9.0", { but: told }), false, true],
	[
		"one is told to start it, and has not",
		cluster("1.8.0 1.8.0", { but: { "0-1": { ...told["0-1"], openedBy: v("1.7.1") } } }),
		true,
		false,
	],
	[
		"one was noted while stopped",
		cluster("1.8.0", { state: "Stopped", but: { "0-0": { openedBy: v("1.7.1") } } }),
		true,
		false,
	],
	[
		"one that serves can't tell, and its data is at it",
		cluster("1.8.0 ?", { but: { "0-1": { openedBy: v("1.8.0") } } }),
		false,
		true,
	],
	[
		"one has a pod that never started, and its data is at it",
		cluster("1.8.0 ?", { state: "Degraded", but: { "0-1": { serving: false, openedBy: v("1.8.0") } } }),
		true,
		true,
	],
	[
		"one has a pod that never started, and its data is older",
		cluster("1.8.0 ?", { state: "Degraded", but: { "0-1": { serving: false, openedBy: v("1.7.1") } } }),
		false,
		false,
	],
	[
		"one has a pod that never started, and no data that is known",
		cluster("1.8.0 ?", { state: "Degraded", but: { "0-1": { serving: false, openedBy: undefined } } }),
		false,
		false,
	],
	[
		"one runs it, and the record is behind",
		cluster("1.8.0 1.8.0", { but: { "0-1": { openedBy: v("1.7.1") } } }),
		true,
		true,
	],
	["an unfinished update goes to another", cluster("1.8.0 1.8.0", { mark: mark("1.8.0", "1.9.0") }), true, true],
] as const)("at 1.8.0 everywhere: %s", (_, observed, runs, stands) => {
	expect([runsEverywhere(observed, v("1.8.0")), standsEverywhere(observed, v("1.8.0"))]).toEqual([runs, stands]);
});

test.each([
	["no replica opened the target", cluster("1.8.0 1.8.0"), true],
	["it was only asked for", cluster("1.8.0 1.9.0", { but: { "0-1": { serving: false, openedBy: v("1.8.0") } } }), true],
	["one runs it", cluster("1.8.0 1.9.0"), false],
	[
		"one runs it, and the record is behind",
		cluster("1.8.0 1.9.0", { but: { "0-1": { openedBy: v("1.8.0") } } }),
		false,
	],
	["one opened it and is down", cluster("1.8.0 1.9.0", { but: { "0-1": { serving: false } } }), false],
	["a newer one opened it", cluster("1.8.0 1.8.0", { but: { "0-1": { openedBy: v("1.10.0") } } }), false],
	["it is not known what opened one", cluster("1.8.0 1.8.0", { but: { "0-1": { openedBy: undefined } } }), false],
] as const)("neverStarted: %s", (_, observed, expected) => {
	expect(neverStarted(observed, mark("1.8.0", "1.9.0"))).toBe(expected);
});

test.each([
	["nothing opened one", undefined, true],
	["an earlier cluster's version did", "1.8.0", true],
	["its own did", "1.9.0", false],
])("neverStarted, of a creation: %s", (_, openedBy, expected) => {
	const but = { "0-0": { serving: false, openedBy: openedBy === undefined ? undefined : v(openedBy) } };
	const made = creation("1.9.0");
	expect(neverStarted(cluster("1.9.0", { mark: made, but }), made)).toBe(expected);
});

test("byShard keeps the order of what was observed", () => {
	const shards = byShard(cluster("1.8.0 1.8.0 / 1.8.0"));
	expect([...shards].map(([shard, replicas]) => [shard, replicas.map(({ name }) => name)])).toEqual([
		[0, ["analytics-0-0", "analytics-0-1"]],
		[1, ["analytics-1-0"]],
	]);
});

describe("abridged", () => {
	/** The tables that are kept of each replica, given what each holds. */
	const kept = (versions: string, held: Record<string, string>) => {
		const but = Object.entries(held).map(([place, text]) => [place, { holds: { tables: tables(text), at: "/data" } }]);
		const observed = cluster(versions, { but: Object.fromEntries(but) });
		const short = abridged(observed);
		expect(short).toEqual({ ...observed, replicas: short.replicas });
		return short.replicas.map(({ holds, ...rest }, index) => {
			const { holds: whole, ...its } = observed.replicas[index] as ObservedReplica;
			expect(rest).toEqual(its);
			expect(holds?.at).toBe(whole?.at);
			return holds?.tables.map(({ name }) => name).join(" ");
		});
	};

	test.each<[string, string, Record<string, string>, (string | undefined)[]]>([
		["tables that all replicas have alike are left out", "1.8.0 1.8.0", { "0-0": "a@/a v", "0-1": "v a@/a" }, ["", ""]],
		["what some lack is kept", "1.8.0 1.8.0", { "0-0": "a@/a b@/b", "0-1": "a@/a" }, ["b", ""]],
		["what differs is kept", "1.8.0 1.8.0", { "0-0": "a@/a", "0-1": "a@/other" }, ["a", "a"]],
		["what has rows of its own is kept", "1.8.0 1.8.0", { "0-0": "a@/a log=0", "0-1": "log=? a@/a" }, ["log", "log"]],
		["of a single replica only that is kept", "1.8.0", { "0-0": "a@/a log=3" }, ["log"]],
		["other shards do not matter", "1.8.0 / 1.8.0", { "0-0": "a@/0/a", "1-0": "b@/1/b" }, ["", ""]],
		["one that could not say counts for nothing", "1.8.0 1.8.0", { "0-0": "a@/a" }, ["", undefined]],
	])("%s", (_, versions, held, expected) => {
		expect(kept(versions, held)).toEqual(expected);
	});
});

describe("reshaped", () => {
	const nothing = { restarts: [], joins: [], leaves: [], rejoins: [] };
	const holds = { tables: [{ database: "default", name: "t", engine: "Log", rows: 3 }] };
	const whole = cluster("1.7.1 1.7.1");
	const [first, second] = whole.replicas as [ObservedReplica, ObservedReplica];
	const away = { ...second, serving: false, trouble: "scaled", caughtUp: undefined, readOnly: undefined };
	const scaled: ObservedCluster = { ...whole, state: "Degraded", replicas: [{ ...first, holds }, away] };

	test("what was scaled away comes back first, and with it the cluster", () => {
		const { state, replicas } = restored(scaled, { rejoins: [second.name] });
		expect(state).toBe("Started");
		expect(replicas[1]).toMatchObject({ serving: true, caughtUp: true, readOnly: false });
		expect(replicas[1]).not.toHaveProperty("trouble");
		expect(replicas[1]?.holds?.tables).toEqual([{ database: "default", name: "t", engine: "Log" }]);
		expect(restored(scaled, nothing)).toBe(scaled);
	});

	test("another that is down is down still, and says why", () => {
		const down = { ...first, name: "analytics-0-2", ordinal: 2, serving: false, trouble: "crashes" };
		const broken: ObservedCluster = { ...scaled, replicas: [first, away, down] };
		const { state, replicas } = restored(broken, { rejoins: [second.name] });
		expect(state).toBe("Degraded");
		expect(replicas.map(({ serving, trouble }) => [serving, trouble])).toEqual([
			[true, undefined],
			[true, undefined],
			[false, "crashes"],
		]);
		expect(replicas[0]).toEqual(first);
	});

	test("what was scaled away returns with the tables of its shard, wherever they replicate", () => {
		const replicated = { database: "default", name: "rows", engine: "ReplicatedMergeTree", path: "/0/rows" };
		const other = { tables: [{ ...replicated, path: "/1/rows" }] };
		const but: ClusterExtras["but"] = {
			"0-0": { holds: other },
			"1-1": { holds: { tables: [replicated] } },
			"1-2": { serving: false },
		};
		const observed = cluster("1.7.1 / 1.7.1 1.7.1 1.7.1", { state: "Degraded", but });
		const { replicas } = restored(observed, { rejoins: ["analytics-1-2"] });
		expect(replicas[3]?.holds).toEqual({ tables: [replicated] });
		expect(replicas.map((replica) => "trouble" in replica)).toEqual([false, false, false, false]);
	});

	test("of a shard that does not serve nobody knows what it holds: it is back only for what is foreseen", () => {
		const but = { "1-0": { serving: false, trouble: "its StatefulSet is gone" } };
		const observed = cluster("1.7.1 / 1.7.1", { state: "Degraded", but });
		expect(restored(observed, { rejoins: ["analytics-1-0"] })).toBe(observed);
		const { state, replicas } = returned(observed, { rejoins: ["analytics-1-0"] });
		expect([state, replicas[1]?.serving, replicas[1]?.trouble]).toEqual(["Started", true, undefined]);
	});

	test("a cluster that is only stopped needs nothing back", () => {
		const rejoins = ["analytics-0-1"];
		expect(stopping({ ...nothing, rejoins })).toEqual(nothing);
		const joins = [{ name: "analytics-0-2", lacks: [] }] as unknown as typeof nothing.joins;
		for (const more of [
			{ restarts: ["analytics-0-0"] },
			{ leaves: ["analytics-0-2"] },
			{ restarts: ["analytics-0-0"], joins },
		])
			expect(stopping({ ...nothing, rejoins, ...more })).toEqual({ ...nothing, rejoins, ...more });
	});

	test("another state than Degraded stays, though all are back", () => {
		const updating = cluster("1.7.1 1.7.1", { state: "Updating", but: { "0-1": { serving: false } } });
		expect(restored(updating, { rejoins: ["analytics-0-1"] }).state).toBe("Updating");
	});

	test("those leave that have to, and the others are in their order with those that join", () => {
		const joins = [
			{ name: "analytics-2-0", shard: 2, ordinal: 0 },
			{ name: "analytics-1-1", shard: 1, ordinal: 1 },
			{ name: "analytics-0-4", shard: 0, ordinal: 4 },
			{ name: "analytics-0-3", shard: 0, ordinal: 3 },
		];
		const before = cluster("1.7.1 1.7.1 1.7.1 / 1.7.1");
		const { replicas } = reshaped(before, { ...nothing, joins, leaves: ["analytics-0-1", "analytics-0-2"] });
		expect(replicas.map(({ name }) => name.slice("analytics-".length))).toEqual([
			"0-0",
			"0-3",
			"0-4",
			"1-0",
			"1-1",
			"2-0",
		]);
	});

	test("of a new replica no version is known where none of its shard is", () => {
		const joins = [{ name: "analytics-0-1", shard: 0, ordinal: 1 }];
		const { replicas } = reshaped(cluster("?"), { ...nothing, joins });
		expect(replicas[1]).toMatchObject({ version: undefined, openedBy: undefined, serving: true, caughtUp: true });
	});

	test("those restart that have to, and no others", () => {
		const outdated = whole.replicas.map((replica) => ({ ...replica, outdated: true }));
		const { replicas } = reshaped({ ...whole, replicas: outdated }, { ...nothing, restarts: [second.name] });
		expect(replicas.map((replica) => replica.outdated)).toEqual([undefined, true]);
	});

	test("a new replica starts with the latest version of its shard, where an update stopped midway", () => {
		const joins = [
			{ name: "analytics-1-1", shard: 1, ordinal: 1 },
			{ name: "analytics-2-0", shard: 2, ordinal: 0 },
		];
		const { replicas } = reshaped(cluster("1.7.1 1.7.1 / 1.7.1 1.8.0"), { ...nothing, joins });
		const versions = replicas.map(({ name, version, openedBy }) => [name, version, openedBy]);
		expect(versions).toContainEqual(["analytics-1-1", "1.8.0", "1.8.0"]);
		expect(versions).toContainEqual(["analytics-2-0", "1.7.1", "1.7.1"]);
	});

	test("of those of a new shard it is not known under which paths their tables will replicate", () => {
		const rows = { database: "default", name: "rows", engine: "ReplicatedMergeTree", path: "/0/rows" };
		const joins = [
			{ name: "analytics-0-2", shard: 0, ordinal: 2 },
			{ name: "analytics-1-0", shard: 1, ordinal: 0 },
		];
		const its = { ...first, holds: { tables: [rows, ...holds.tables] } };
		const { replicas } = reshaped({ ...whole, replicas: [its, second] }, { ...nothing, joins });
		const tables = replicas.map((replica) => replica.holds?.tables.map(({ name }) => name));
		expect(tables.slice(2)).toEqual([["rows", "t"], ["t"]]);
	});

	test("a new replica will hold the tables of its peers, without the rows that are theirs alone", () => {
		const joins = [{ name: "analytics-0-2", shard: 0, ordinal: 2 }];
		const { replicas } = reshaped({ ...whole, replicas: [{ ...first, holds }, second] }, { ...nothing, joins });
		expect(replicas[2]?.holds?.tables).toEqual([{ database: "default", name: "t", engine: "Log" }]);
	});
});
