import fc from "fast-check";
import { expect, it } from "vitest";
import { Claimed, ControlError } from "../../src/control/errors";
import { type DbVersion, highest } from "../../src/core/version";
import { RollStopped } from "../../src/roll/stopped";
import { isWrong } from "../scripted/promises";
import type { World } from "../scripted/world";
import { type Run, run, v1, v2, v3 } from "./build";
import { heal, isLacking, judge, mend, type Scenario, scenario, timing, worldOf } from "./scenario";

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

/** A few seconds, on a machine that has nothing else to do. */
const timeout = 300_000;

const whole = { version: v1, is: "serving", outdated: false, data: "whole" } as const;

/** Found at random once in some ten thousand: of two that are down, the one whose turn it is comes back by itself. */
const cameBack: Scenario = {
	shards: [
		[
			{ ...whole, version: v2 },
			{ ...whole, version: v2 },
		],
		[whole],
	],
	mode: "idle",
	marked: false,
	engines: { [v2]: { fate: "serves", boots: 8860, lags: 14422 }, "a-0-0@1.8.0": { fate: "missing", boots: 0 } },
	faults: { 24: { kind: "steal", seconds: 22 } },
	shardsAtOnce: 1,
	lag: 0,
	loses: undefined,
};

/** The one that had the tables lost them with its process; the other never had any. Nobody can tell that. */
const goneWithItsProcess: Scenario = {
	shards: [
		[
			{ version: v1, is: "failed", outdated: false, data: "volatile" },
			{ version: v1, is: "serving", outdated: false, data: "empty" },
		],
	],
	mode: "running",
	marked: false,
	engines: {},
	faults: { 1: { kind: "steal", seconds: 1 } },
	shardsAtOnce: 1,
	lag: 0,
	loses: undefined,
};

/** Found at random once in some thousand: drained while it was down, it was started anew, served alone, and took a row. */
const startedAnew: Scenario = {
	shards: [
		[
			{ ...whole, is: "killed" },
			{ ...whole, is: "loading" },
			{ ...whole, is: "loading" },
			{ ...whole, is: "loading" },
		],
		[whole],
		[whole],
	],
	mode: "running",
	marked: false,
	engines: {},
	faults: { 58: { kind: "scale", to: 1 }, 59: { kind: "unreachable", calls: 8 } },
	shardsAtOnce: 3,
	lag: 397,
	loses: undefined,
};

/** Likewise: while one was out a table was dropped on the other; asked for a later version before it served again. */
const onlyOnTheOneThatIsOut: Scenario = {
	shards: [[whole, whole]],
	mode: "running",
	marked: false,
	engines: { [v2]: { fate: "serves", boots: 0, lags: 3214 } },
	faults: { 14: { kind: "drop", replica: "a-0-0" } },
	shardsAtOnce: 1,
	lag: 0,
	loses: undefined,
};

/** Likewise: the other came back empty, and this one's server, which has all, ends at its start until the next version. */
const downWithTheLastCopy: Scenario = {
	shards: [[whole, whole]],
	mode: "running",
	marked: false,
	engines: { [v2]: { fate: "exits", boots: 0 } },
	faults: { 14: { kind: "empty", replica: "a-0-0" }, 17: { kind: "steal", seconds: 2 } },
	shardsAtOnce: 1,
	lag: 0,
	loses: undefined,
};

/** Likewise: others start the stopped one as its update ends, and its server is not what its image is called. */
const startedAtTheEnd: Scenario = {
	shards: [[whole]],
	mode: "stopped",
	marked: false,
	engines: { [v2]: { fate: "serves", boots: 0, reports: v1 } },
	faults: { 5: { kind: "scale", to: 1 } },
	shardsAtOnce: 1,
	lag: 0,
	loses: undefined,
};

/** Likewise: it was stopped, and others started it between the last look at it and the restart by an older version. */
const startedBehind: [Scenario, DbVersion[]] = [
	{
		shards: [[whole]],
		mode: "stopped",
		marked: false,
		engines: {},
		faults: { 12: { kind: "steal", seconds: 1 }, 19: { kind: "scale", to: 1 } },
		shardsAtOnce: 1,
		lag: 0,
		loses: undefined,
	},
	[v2, v3, v1],
];

it("a roll through any faults keeps every promise, and a later one without them finishes", { timeout }, async () => {
	const ends = { done: 0, stopped: 0, crashed: 0, lacking: 0, found: 0 };
	await fc.assert(
		fc.asyncProperty(scenario, async (given) => {
			const world = worldOf(given);
			const canary = given.holds === undefined ? undefined : { seconds: given.holds, errors: 0.01 };
			const options = { canary, timing: { ...timing, shardsAtOnce: given.shardsAtOnce } };
			const first = await run(world, v2, { ...options, judge: judge(world, v2), faults: given.faults });
			endsWell(world, first, v2);
			if (first.crashed) ends.crashed++;
			else if (first.error !== undefined) ends.stopped++;
			else {
				ends.done++;
				isWhole(world, given);
			}
			if (causeOf(first) === "data-missing") ends.found++;

			heal(world);
			const patient = { ...options, judge: judge(world, v3), timing: { ...options.timing, claimWaitSeconds: 300 } };
			if (isLacking(world)) {
				ends.lacking++;
				const second = await run(world, v3, patient);
				endsWell(world, second, v3);
				// Or what comes back first waits for rows that only others have which are down.
				const causes = ["data-missing", "not-safe", "its data ends with its process", "volatile", "stalled"];
				expect(causes).toContain(causeOf(second));
				keepsOut(world, second);
			}
			mend(world);
			const last = await run(world, v3, patient);
			expect(last.error).toBeUndefined();
			endsWell(world, last, v3);
			expect(world.record()?.mark).toBeUndefined();
			if (last.rolled?.cluster.state === "Stopped") return;
			await world.clock.sleep(120_000);
			for (const unit of world.present().units.filter(({ joining }) => !joining))
				expect(world.condition(unit)).toMatchObject({ serving: true, caughtUp: true });
		}),
		{
			numRuns: 1000,
			examples: [
				cameBack,
				goneWithItsProcess,
				startedAnew,
				onlyOnTheOneThatIsOut,
				downWithTheLastCopy,
				startedAtTheEnd,
			].map((one) => [one]),
		},
	);
	// Each end must have been seen often enough for this to mean anything.
	for (const [end, times] of Object.entries(ends)) expect(times, end).toBeGreaterThan(20);
});

/** Why it stopped; of a refusal its words. */
function causeOf({ error }: Run): string | undefined {
	return error instanceof RollStopped
		? error.stop.cause.kind
		: error instanceof ControlError
			? error.message
			: undefined;
}

/** Of a roll that finished: no replica of a shard that it touched lacks what another has, unless it was struck behind its back. */
function isWhole(world: World, { faults }: Scenario): void {
	if (Object.values(faults).some(({ kind }) => kind === "empty" || kind === "drop" || kind === "scale")) return;
	const { units, mode } = world.present();
	const restarted = world.log.flatMap((line) => (line.startsWith("restart") ? [line.split(" ")[1]] : []));
	const shards = new Set(units.filter(({ name }) => restarted.includes(name)).map(({ shard }) => shard));
	const lists = (shard: number) =>
		units.filter((unit) => unit.shard === shard).map(({ tables }) => JSON.stringify(tables));
	for (const shard of mode === "stopped" ? [] : shards) expect(new Set(lists(shard)).size).toBe(1);
}

/** What came back with less serves nobody, where another serves all that it has and more. */
function keepsOut(world: World, { error }: Run): void {
	if (!(error instanceof RollStopped) || error.stop.cause.kind !== "data-missing") return;
	const unit = world.unit(error.stop.replica ?? "");
	const peers = world.present().units.filter(({ shard, name }) => shard === unit.shard && name !== unit.name);
	if (isWrong(world, unit, peers)) expect(world.condition(unit).serving, unit.name).toBe(false);
}

it("two rolls at the same time, through any faults, are never in each other's way", { timeout }, async () => {
	await fc.assert(
		fc.asyncProperty(scenario, fc.nat(120), async (given, seconds) => {
			const world = worldOf(given);
			const late = async () => {
				await world.clock.sleep(seconds * 1000);
				return run(world, v2, { timing, judge: judge(world, v2), holder: "late" });
			};
			const [one, other] = await Promise.all([
				run(world, v2, {
					timing: { ...timing, shardsAtOnce: given.shardsAtOnce },
					judge: judge(world, v2),
					faults: given.faults,
				}),
				late(),
			]);
			for (const ended of [one, other]) {
				expect(world.violations).toEqual([]);
				if (ended.error !== undefined && !(ended.error instanceof ControlError)) throw ended.error;
				if (ended.error instanceof Claimed) expect(["the test", "late", "a thief"]).toContain(ended.error.holder);
			}
			heal(world);
			mend(world);
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
				await run(world, to, { timing, judge: judge(world, to), faults: given.faults });
				expect(world.violations).toEqual([]);
				for (const [index, version] of opened().entries()) {
					const was = before[index];
					if (was !== undefined) expect(highest([was, version ?? v1])).toBe(version);
				}
			}
		}),
		{ numRuns: 300, examples: [startedBehind] },
	);
});
