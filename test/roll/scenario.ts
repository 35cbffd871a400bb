import fc from "fast-check";
import { ControlError } from "../../src/control/errors";
import { withHolds } from "../../src/control/holds";
import type { ObservedCluster } from "../../src/core/cluster";
import { type HeldTable, lackedBy } from "../../src/core/holdings";
import { known, unknown } from "../../src/core/question";
import { decide } from "../../src/core/rules";
import { persistentData } from "../../src/core/rules/persistent-data";
import type { DbVersion } from "../../src/core/version";
import type { Timing } from "../../src/roll/timing";
import type { Fault } from "../scripted/control";
import { answers, type Engine } from "../scripted/unit";
import { rows, type World } from "../scripted/world";
import { type Given, given, v1, v2 } from "./build";

type Has = "whole" | "empty" | "lacks" | "apart" | "volatile";

const more: HeldTable = { database: "default", name: "more", engine: "ReplicatedMergeTree", path: "/more" };
const local: HeldTable = { database: "default", name: "local", engine: "Log", rows: 3 };
const tables = [rows, local, more];

/** `apart`: its table has the name of the others', and rows of its own. */
function has(data: Has, ordinal: number): Pick<Given, "tables" | "volatile"> {
	if (data === "empty") return { tables: [] };
	if (data === "lacks") return { tables: [rows, local] };
	if (data === "apart") return { tables: [rows, local, { ...more, path: `/more-${ordinal}` }] };
	return data === "volatile" ? { tables, volatile: "its volume is an emptyDir" } : { tables };
}

/** Short, so that a stall is few looks. */
export const timing: Partial<Timing> = { stallSeconds: 20, drainSeconds: 5 };

const replica: fc.Arbitrary<Given & { readonly data: Has }> = fc.record({
	version: fc.constantFrom(v1, v2),
	is: fc.constantFrom("serving", "serving", "serving", "drained", "killed", "loading", "failed"),
	outdated: fc.boolean(),
	data: fc.oneof(
		{ weight: 24, arbitrary: fc.constant("whole" as const) },
		{ weight: 1, arbitrary: fc.constantFrom("empty" as const, "lacks", "apart", "volatile") },
	),
});

const shards = fc.array(fc.array(replica, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 });

const engine: fc.Arbitrary<Engine> = fc.record(
	{
		fate: fc.constantFrom("serves", "serves", "exits", "hangs", "missing"),
		boots: fc.integer({ min: 0, max: 60_000 }),
		lags: fc.integer({ min: 0, max: 15_000 }),
		readOnly: fc.integer({ min: 0, max: 15_000 }),
		reports: fc.constantFrom(v1, "nothing" as const),
		mute: fc.boolean(),
	},
	{ requiredKeys: ["fate", "boots"] },
);

const name = fc.tuple(fc.nat(3), fc.nat(3)).map(([shard, ordinal]) => `a-${shard}-${ordinal}`);

const fault: fc.Arbitrary<Fault> = fc.oneof(
	fc.record({ kind: fc.constant("crash" as const), when: fc.constantFrom("before", "after") }),
	fc.record({ kind: fc.constant("unreachable" as const), calls: fc.integer({ min: 1, max: 20 }) }),
	fc.record({ kind: fc.constant("refuse" as const), words: fc.constant("no") }),
	fc.record({ kind: fc.constant("suspend" as const), seconds: fc.integer({ min: 1, max: 200 }) }),
	fc.record({ kind: fc.constant("no-answer" as const) }),
	fc.record({ kind: fc.constant("kill" as const), replica: name }),
	fc.record({
		kind: fc.constantFrom("behind" as const, "read-only" as const),
		replica: name,
		seconds: fc.integer({ min: 1, max: 60 }),
	}),
	fc.record({ kind: fc.constant("steal" as const), seconds: fc.integer({ min: 1, max: 60 }) }),
	fc.record({ kind: fc.constantFrom("empty" as const, "drop" as const), replica: name }),
	fc.record({ kind: fc.constant("loses" as const), replica: name, what: fc.constantFrom("all", "a table") }),
	fc.record({ kind: fc.constant("query" as const), replica: name, seconds: fc.integer({ min: 1, max: 10 }) }),
	fc.record({ kind: fc.constant("scale" as const), to: fc.nat(5) }),
);

const base = fc.record({
	shards,
	mode: fc.constantFrom("running", "running", "running", "stopped", "idle"),
	marked: fc.boolean(),
	engines: fc.dictionary(fc.constantFrom(v2, "a-0-0@1.8.0", "a-0-1@1.8.0", "a-1-0@1.8.0"), engine, { maxKeys: 2 }),
	faults: fc.dictionary(fc.nat(80).map(String), fault, { maxKeys: 5 }),
	shardsAtOnce: fc.integer({ min: 1, max: 4 }),
	/** Milliseconds until a row is with the other replicas. */
	lag: fc.integer({ min: 0, max: 1500 }),
	/** The replica of which the next start finds something gone, whoever starts it. */
	loses: fc.option(fc.tuple(name, fc.constantFrom("all" as const, "a table")), { freq: 2, nil: undefined }),
});

/** With the seconds of a hold after the first replica, now and then. */
export const scenario = fc
	.tuple(base, fc.option(fc.integer({ min: 1, max: 60 }), { freq: 2, nil: undefined }))
	.map(([given, holds]): typeof given & { readonly holds?: number } => ({ ...given, ...(holds && { holds }) }));

export type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

export function worldOf({ shards, mode, marked, engines, faults, lag, loses }: Scenario): World {
	const mark = marked ? { from: v1, to: v2, since: "2025-12-31T00:00:00.000Z" } : undefined;
	const replicas = shards.map((shard) =>
		shard.map(({ data, ...rest }, ordinal) => ({ ...rest, ...has(data, ordinal) })),
	);
	const world = given(replicas, { mode, engines, mark });
	world.data.traffic = { every: 2000, lag };
	const names = world.present().units.map((unit) => unit.name);
	for (const one of Object.values(faults)) {
		// A fault of a replica that this cluster lacks strikes another.
		if ("replica" in one && !names.includes(one.replica)) Object.assign(one, { replica: names[0] });
	}
	if (loses !== undefined && names.includes(loses[0])) world.unit(loses[0]).loses = loses[1];
	return world;
}

/** All that was wrong with the place is over, but for data that is gone; the cluster is as it was left. */
export function heal(world: World): void {
	world.engines.clear();
	world.data.traffic = { every: 2000, lag: 0 };
	for (const unit of world.present().units)
		Object.assign(unit, { readOnlyUntil: 0, behindUntil: 0, loses: undefined, queries: [] });
}

/** Each replica is given its tables back, and a volume that stays. */
export function mend(world: World): void {
	for (const unit of world.present().units.filter(({ foreign }) => !foreign)) {
		unit.volatile = undefined;
		world.data.setTables(unit, tables);
	}
	world.data.restore();
}

/** Of a cluster that runs: something is gone, or about to be, that somebody can tell of. */
export function isLacking(world: World): boolean {
	const { mode, units, held } = world.present();
	if (mode === "stopped") return false;
	return units.some((unit) => {
		const peers = units.filter(({ shard, foreign }) => shard === unit.shard && !foreign);
		// What ends with its process is gone already where that has ended.
		const kept = peers.filter((peer) => peer.volatile === undefined || answers(peer, world.clock.now()));
		const lacks = kept.some((peer) => lackedBy({ tables: unit.tables }, { tables: peer.tables }).length > 0);
		return !unit.foreign && (lacks || (held?.[unit.name]?.tables ?? 0) > unit.tables.length);
	});
}

/** What the provider asks of a cluster before it rolls, and a roll does not: whether what restarts keeps its data. */
export function judge(world: World, target: DbVersion) {
	return async (observed: ObservedCluster) => {
		const cluster = await withHolds({ holds: async (replica) => world.holds(replica, new Map()) }, observed);
		const question = { target, cluster: known(cluster), catalogue: unknown("not asked"), policy: "any" } as const;
		if (decide(question, [persistentData]).length > 0) throw new ControlError("its data ends with its process");
	};
}
