import fc from "fast-check";
import { expect, it } from "vitest";
import { Claimed, ControlError } from "../../src/control/errors";
import { type DbVersion, highest } from "../../src/core/version";
import type { Timing } from "../../src/roll/timing";
import type { Fault } from "../scripted/control";
import type { Engine } from "../scripted/unit";
import type { World } from "../scripted/world";
import { type Given, given, type Run, run, v1, v2, v3 } from "./build";

/** Short, so that a stall is few looks. */
const timing: Partial<Timing> = { stallSeconds: 20, drainSeconds: 5 };

const replica: fc.Arbitrary<Given> = fc.record({
	version: fc.constantFrom(v1, v2),
	is: fc.constantFrom("serving", "serving", "serving", "drained", "killed", "loading", "failed"),
	outdated: fc.boolean(),
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
);

const scenario = fc.record({
	shards,
	mode: fc.constantFrom("running", "running", "running", "stopped", "idle"),
	marked: fc.boolean(),
	engines: fc.dictionary(fc.constantFrom(v2, "a-0-0@1.8.0", "a-0-1@1.8.0", "a-1-0@1.8.0"), engine, { maxKeys: 2 }),
	faults: fc.dictionary(fc.nat(80).map(String), fault, { maxKeys: 5 }),
	shardsAtOnce: fc.integer({ min: 1, max: 4 }),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

function worldOf({ shards, mode, marked, engines, faults }: Scenario): World {
	const mark = marked ? { from: v1, to: v2, since: "2025-12-31T00:00:00.000Z" } : undefined;
	const world = given(shards, { mode, engines, mark });
	for (const one of Object.values(faults)) {
		// A fault of a replica that this cluster lacks strikes nobody.
		if ("replica" in one && !world.present().units.some((unit) => unit.name === one.replica)) {
			Object.assign(one, { replica: world.present().units[0]?.name });
		}
	}
	return world;
}

/** Whatever goes wrong ends in success that is one, or in an error for people. */
function endsWell(world: World, { crashed, rolled, error }: Run, to: DbVersion): void {
	expect(world.violations).toEqual([]);
	if (crashed) return;
	if (error !== undefined) {
		if (!(error instanceof ControlError)) throw error;
		return;
	}
	for (const one of rolled?.cluster.replicas ?? []) {
		expect(one.version).toBe(to);
		if (rolled?.cluster.state === "Started") expect(one.outdated ?? false).toBe(false);
	}
	expect(rolled?.cluster.mark).toBeUndefined();
	expect(["Started", "Stopped", "Starting", "Degraded", "Updating"]).toContain(rolled?.cluster.state);
}

/** All that was wrong with the place is over; the cluster is as it was left. */
function heal(world: World): void {
	world.engines.clear();
	for (const unit of world.present().units) Object.assign(unit, { readOnlyUntil: 0, behindUntil: 0 });
}

/** A few seconds, on a machine that has nothing else to do. */
const timeout = 300_000;

/** Found at random once in some ten thousand: of two that are down, the one whose turn it is comes back by itself. */
const cameBack: Scenario = {
	shards: [
		[
			{ version: v2, is: "serving", outdated: false },
			{ version: v2, is: "serving", outdated: false },
		],
		[{ version: v1, is: "serving", outdated: false }],
	],
	mode: "idle",
	marked: false,
	engines: { [v2]: { fate: "serves", boots: 8860, lags: 14422 }, "a-0-0@1.8.0": { fate: "missing", boots: 0 } },
	faults: { 24: { kind: "steal", seconds: 22 } },
	shardsAtOnce: 1,
};

it("a roll through any faults keeps every promise, and a later one without them finishes", { timeout }, async () => {
	let done = 0;
	let stopped = 0;
	let crashed = 0;
	await fc.assert(
		fc.asyncProperty(scenario, async (given) => {
			const world = worldOf(given);
			const options = { timing: { ...timing, shardsAtOnce: given.shardsAtOnce } };
			const first = await run(world, v2, { ...options, faults: given.faults });
			endsWell(world, first, v2);
			if (first.crashed) crashed++;
			else if (first.error !== undefined) stopped++;
			else done++;

			heal(world);
			const second = await run(world, v3, { ...options, timing: { ...options.timing, claimWaitSeconds: 300 } });
			expect(second.error).toBeUndefined();
			endsWell(world, second, v3);
			expect(world.record()?.mark).toBeUndefined();
		}),
		{ numRuns: 1000, examples: [[cameBack]] },
	);
	// Each end must have been seen often enough for this to mean anything.
	for (const ends of [done, stopped, crashed]) expect(ends).toBeGreaterThan(20);
});

it("two rolls at the same time, through any faults, are never in each other's way", { timeout }, async () => {
	await fc.assert(
		fc.asyncProperty(scenario, fc.nat(120), async (given, seconds) => {
			const world = worldOf(given);
			const late = async () => {
				await world.clock.sleep(seconds * 1000);
				return run(world, v2, { timing, holder: "late" });
			};
			const [one, other] = await Promise.all([
				run(world, v2, { timing: { ...timing, shardsAtOnce: given.shardsAtOnce }, faults: given.faults }),
				late(),
			]);
			for (const ended of [one, other]) {
				expect(world.violations).toEqual([]);
				if (ended.error !== undefined && !(ended.error instanceof ControlError)) throw ended.error;
				if (ended.error instanceof Claimed) expect(["the test", "late", "a thief"]).toContain(ended.error.holder);
			}
			heal(world);
			const { error } = await run(world, v3, { timing: { ...timing, claimWaitSeconds: 300 } });
			expect(error).toBeUndefined();
			expect(world.violations).toEqual([]);
		}),
		{ numRuns: 500 },
	);
});

it("no sequence of rolls, whatever they are asked for and however they end, opens data by an older version", {
	timeout,
}, async () => {
	await fc.assert(
		fc.asyncProperty(scenario, fc.array(fc.constantFrom(v1, v2, v3), { maxLength: 4 }), async (given, targets) => {
			const world = worldOf(given);
			const opened = () => world.present().units.map(({ openedBy }) => openedBy);
			for (const to of targets) {
				const before = opened();
				// What the rules refuse never reaches a roll.
				if (before.some((version) => version !== undefined && highest([version, to]) !== to)) continue;
				await run(world, to, { timing, faults: given.faults });
				expect(world.violations).toEqual([]);
				for (const [index, version] of opened().entries()) {
					const was = before[index];
					if (was !== undefined) expect(highest([was, version ?? v1])).toBe(version);
				}
			}
		}),
		{ numRuns: 300 },
	);
});
