import fc from "fast-check";
import { type HeldTable, lackedBy } from "../../src/core/holdings";
import type { Timing } from "../../src/roll/timing";
import { type Given, given, v1, v2, v3 } from "../roll/build";
import type { Fault } from "../scripted/control";
import { isMember } from "../scripted/size";
import { answers, type Engine } from "../scripted/unit";
import { rows, type World } from "../scripted/world";

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
export const timing: Partial<Timing> = { stallSeconds: 8, drainSeconds: 3 };

const replica: fc.Arbitrary<Given & { readonly data: Has }> = fc.record({
	version: fc.constantFrom(v1, v2),
	is: fc.constantFrom("serving", "serving", "serving", "drained", "killed", "loading", "failed"),
	outdated: fc.boolean(),
	data: fc.oneof(
		{ weight: 24, arbitrary: fc.constant("whole" as const) },
		{ weight: 1, arbitrary: fc.constantFrom("empty" as const, "lacks", "apart", "volatile") },
	),
});

const shards = fc.array(fc.array(replica, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });

const engine: fc.Arbitrary<Engine> = fc.record(
	{
		fate: fc.constantFrom("serves", "serves", "exits", "hangs", "missing", "loops"),
		boots: fc.integer({ min: 0, max: 24_000 }),
		lags: fc.integer({ min: 0, max: 6000 }),
		readOnly: fc.integer({ min: 0, max: 6000 }),
		reports: fc.constantFrom(v1, "nothing" as const),
		mute: fc.boolean(),
	},
	{ requiredKeys: ["fate", "boots"] },
);

const name = fc.tuple(fc.nat(2), fc.nat(2)).map(([shard, ordinal]) => `a-${shard}-${ordinal}`);

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
		seconds: fc.integer({ min: 1, max: 25 }),
	}),
	fc.record({ kind: fc.constant("steal" as const), seconds: fc.integer({ min: 1, max: 60 }) }),
	fc.record({
		kind: fc.constantFrom("empty" as const, "drop" as const, "flap" as const, "replace" as const),
		replica: name,
	}),
	fc.record({ kind: fc.constant("loses" as const), replica: name, what: fc.constantFrom("all", "a table") }),
	fc.record({ kind: fc.constant("query" as const), replica: name, seconds: fc.integer({ min: 1, max: 10 }) }),
	fc.record({ kind: fc.constant("relabel" as const), replica: name, reached: fc.boolean() }),
	fc.record({ kind: fc.constant("set-image" as const), replica: name, version: fc.constantFrom(v1, v2, v3) }),
	fc.record({ kind: fc.constant("scale" as const), to: fc.nat(4) }),
	fc.record({ kind: fc.constant("stale" as const), seconds: fc.integer({ min: 1, max: 60 }) }),
);

/** The number of the port call that it strikes at; several may strike at the same. */
const call = fc.oneof(fc.nat(40), fc.nat(150));

const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
	fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

/** Everything of a schedule is plain data, so that a counterexample can be kept as an example. */
export const scenario = fc.record({
	shards,
	mode: fc.constantFrom("running", "running", "running", "stopped", "idle"),
	marked: fc.boolean(),
	/** As on Kubernetes, each look shows what others asked for. */
	shared: fc.boolean(),
	engines: fc.dictionary(fc.constantFrom<string>(v2, "a-0-0@1.8.0", "a-0-1@1.8.0", "a-1-0@1.8.0"), engine, {
		maxKeys: 2,
	}),
	faults: fc.array(fc.tuple(call, fault), { maxLength: 5 }),
	shardsAtOnce: fc.integer({ min: 1, max: 4 }),
	/** Milliseconds until a row is with the other replicas. */
	lag: fc.integer({ min: 0, max: 1500 }),
	/** The replica of which the next start finds something gone, whoever starts it. */
	loses: rarely(fc.tuple(name, fc.constantFrom("all" as const, "a table"))),
	/** The seconds of a hold after the first replica. */
	holds: rarely(fc.integer({ min: 1, max: 20 })),
	/** The seconds until a second process begins the same update. */
	late: rarely(fc.nat(60)),
	/** The seconds until the first process is asked to end. */
	cancelled: rarely(fc.nat(60)),
	/** What later processes are asked for while the faults go on. */
	sequel: rarely(fc.array(fc.constantFrom(v1, v2, v3), { minLength: 1, maxLength: 3 })),
});

export type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** The faults by the call that they strike at. One of a replica that the cluster lacks strikes another. */
export function faultsOf({ faults }: Scenario, world: World): Record<number, Fault[]> {
	const names = world.present().units.map((unit) => unit.name);
	const byCall: Record<number, Fault[]> = {};
	for (const [call, fault] of faults) {
		const isHere = !("replica" in fault) || names.includes(fault.replica);
		byCall[call] = [...(byCall[call] ?? []), isHere ? fault : { ...fault, replica: names[0] ?? "" }];
	}
	return byCall;
}

export function worldOf({ shards, mode, marked, shared, engines, faults, lag, loses }: Scenario): World {
	const mark = marked ? { from: v1, to: v2, since: "2025-12-31T00:00:00.000Z" } : undefined;
	const replicas = shards.map((shard) =>
		shard.map(({ data, ...rest }, ordinal) => ({ ...rest, ...has(data, ordinal) })),
	);
	const world = given(replicas, { mode, engines, mark });
	world.shared = shared;
	world.history.on = faults.some(([, { kind }]) => kind === "stale");
	world.data.traffic = { every: 2000, lag };
	const loser = world.present().units.find(({ name }) => name === loses?.[0]);
	if (loser !== undefined && loses !== undefined) loser.loses = loses[1];
	return world;
}

/** All that was wrong with the place is over, but for data that is gone; the cluster is as it was left. */
export function heal(world: World): void {
	world.engines.clear();
	if (world.asks !== undefined) world.scale(world.present().replicas);
	world.data.traffic = { every: 2000, lag: 0 };
	for (const unit of world.present().units)
		Object.assign(unit, { readOnlyUntil: 0, behindUntil: 0, loses: undefined, queries: [] });
}

/** Each replica is given its tables back, and a volume that stays. */
export function mend(world: World): void {
	for (const unit of world.present().units.filter((one) => !one.foreign && isMember(one))) {
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
		const peers = units.filter((peer) => peer.shard === unit.shard && !peer.foreign && isMember(peer));
		// What ends with its process is gone already where that has ended.
		const kept = peers.filter((peer) => peer.volatile === undefined || answers(peer, world.clock.now()));
		const lacks = kept.some((peer) => lackedBy({ tables: unit.tables }, { tables: peer.tables }).length > 0);
		return !unit.foreign && isMember(unit) && (lacks || (held?.[unit.name]?.tables ?? 0) > unit.tables.length);
	});
}
