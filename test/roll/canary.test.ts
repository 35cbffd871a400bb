import { describe, expect, it } from "vitest";
import type { RollEvent } from "../../src/roll/events";
import { roll } from "../../src/roll/roll";
import { RollStopped } from "../../src/roll/stopped";
import { ScriptedControl } from "../scripted/control";
import type { Engine } from "../scripted/unit";
import { type GivenCluster, given, type RunOptions, run, shown, v1, v2, v3 } from "./build";

const canary = { seconds: 600, errors: 0.01 };
const mark = { from: v1, to: v2, since: "2025-12-31T00:00:00.000Z" };
const memory = { code: 241, share: 0.04 };

/** A cluster whose replicas answer ten queries a second each. */
function asked(shards: Parameters<typeof given>[0], engines: Record<string, Engine> = {}, more: GivenCluster = {}) {
	const world = given(shards, { engines, ...more });
	world.queries.perSecond = 10;
	return world;
}

const restarts = (world: ReturnType<typeof given>) => world.log.filter((line) => line.startsWith("restart"));
const told = (events: readonly RollEvent[], kind: RollEvent["event"]) => events.filter(({ event }) => event === kind);
const stopOf = (error: unknown) => (error instanceof RollStopped ? error.stop : error);

/** The seconds between two events. */
async function timed(world: ReturnType<typeof given>, options: RunOptions, from: string, to: string) {
	const at = new Map<string, number>();
	const report = ({ event }: RollEvent) => void (at.has(event) || at.set(event, world.clock.now()));
	const ran = await run(world, v2, { canary, ...options, report });
	return { ...ran, seconds: ((at.get(to) ?? Number.NaN) - (at.get(from) ?? Number.NaN)) / 1000 };
}

describe("the hold after the first replica", () => {
	it("lasts as long as asked for, touches nothing meanwhile, and is done once", async () => {
		const world = asked([
			[{}, {}],
			[{}, {}],
		]);
		const { rolled, events, seconds } = await timed(world, {}, "comparing", "compared");
		expect(rolled?.steps).toBe(4);
		expect(seconds).toBeGreaterThanOrEqual(600);
		expect(seconds).toBeLessThan(601);
		const [first] = told(events, "serving");
		const order = events.filter(({ event }) => event !== "progress");
		expect(order[order.indexOf(first as RollEvent) + 1]).toEqual({
			event: "comparing",
			replica: "a-0-1",
			others: ["a-0-0"],
			seconds: 600,
		});
		expect(told(events, "comparing")).toHaveLength(1);
		expect(told(events, "compared")).toEqual([
			expect.objectContaining({
				replica: "a-0-1",
				result: {
					verdict: "alike",
					canary: { failed: 0, of: expect.any(Number) },
					others: { failed: 0, of: expect.any(Number) },
				},
			}),
		]);
		expect(world.violations).toEqual([]);
	});

	it("is not done unless it is asked for", async () => {
		const { events } = await run(asked([[{}, {}]]), v2);
		expect(told(events, "comparing")).toEqual([]);
	});

	it("stops there as soon as more queries fail than allowed, with the figures, and touches no other replica", async () => {
		const world = asked([[{}, {}, {}], [{}]], { "1.8.0": { fails: memory } });
		const { error, events } = await run(world, v2, { canary });
		expect(stopOf(error)).toMatchObject({
			replica: "a-0-2",
			change: "version",
			step: 1,
			cause: { kind: "worse", code: 241, than: ["a-0-0", "a-0-1"], errors: 0.01 },
			reads: true,
			writes: true,
		});
		expect(restarts(world)).toEqual(["restart a-0-2 1.8.0"]);
		expect(shown(world)).toContain("a-0-2 1.8.0 serves");
		expect(told(events, "compared")).toEqual([]);
		expect(world.clock.now()).toBeLessThan(Date.parse("2026-01-01T00:02:00Z"));
		expect(world.record()?.mark).toMatchObject({ to: v2 });
		expect(world.record()?.claim).toBeUndefined();
	});

	it("goes on where as many fail on the others", async () => {
		const world = asked([[{}, {}]], { "1.7.1": { fails: memory }, "1.8.0": { fails: memory } });
		const { rolled, events } = await run(world, v2, { canary });
		expect(rolled?.steps).toBe(2);
		expect(told(events, "compared")).toEqual([
			expect.objectContaining({ result: expect.objectContaining({ verdict: "alike" }) }),
		]);
	});

	it.each([
		["there were too few queries", (world: ReturnType<typeof given>) => (world.queries.perSecond = 0.1), "too-few"],
		["the first replica keeps no log", "a-0-1@1.8.0", undefined],
		["none of the others keeps a log", "1.7.1", undefined],
	] as const)("goes on where %s, and says so", async (_, why, verdict) => {
		const engines = typeof why === "string" ? { [why]: { logless: true, fails: memory } } : {};
		const world = asked([[{}, {}]], engines);
		if (typeof why !== "string") why(world);
		const { rolled, events } = await run(world, v2, { canary });
		expect(rolled?.steps).toBe(2);
		const [{ result } = {}] = told(events, "compared") as Extract<RollEvent, { event: "compared" }>[];
		expect(result?.verdict).toBe(verdict);
	});

	it("only waits on a platform that can't count queries", async () => {
		const world = asked([[{}, {}]], { "1.8.0": { fails: memory } });
		const control = Object.assign(new ScriptedControl(world), { tally: undefined });
		const events: RollEvent[] = [];
		const start = world.clock.now();
		await roll({
			control,
			to: v2,
			holder: "a test",
			clock: world.clock,
			canary,
			report: (event) => events.push(event),
		});
		expect(told(events, "compared")).toEqual([
			{ event: "compared", replica: "a-0-1", others: ["a-0-0"], seconds: 600 },
		]);
		expect(world.clock.now() - start).toBeGreaterThan(600_000);
	});

	it.each([
		["the first replica", "a-0-1"],
		["another replica of its shard", "a-0-0"],
	])("stops where %s stops serving, with its last words", async (_, lost) => {
		const world = asked([[{}, {}]]);
		const report = ({ event }: RollEvent) => {
			if (event === "comparing") void world.clock.sleep(100_000).then(() => world.kill(lost));
		};
		const { error } = await run(world, v2, { canary, report });
		expect(stopOf(error)).toMatchObject({
			replica: lost,
			cause: { kind: "stopped-serving", failure: { cause: "exits", words: "killed" } },
		});
		expect(restarts(world)).toEqual(["restart a-0-1 1.8.0"]);
	});

	it("does not stop for one that was down before, which the next step waits for", async () => {
		const world = asked([[{ is: "killed" }, { is: "killed" }, {}]]);
		const { events, rolled } = await run(world, v2, { canary });
		expect(told(events, "comparing")).toMatchObject([{ replica: "a-0-1", others: ["a-0-0", "a-0-2"] }]);
		expect(rolled?.steps).toBe(3);
	});

	it("holds after a change of settings, too, which can be reverted", async () => {
		const world = asked([[{ outdated: true }, { outdated: true }]]);
		world.engines.set("1.7.1", { fails: memory });
		const { error } = await run(world, v1, { canary });
		expect(stopOf(error)).toMatchObject({ change: "settings", replica: "a-0-1", cause: { kind: "worse" } });
	});

	it.each([
		["a single replica", [[{}]], {}],
		["a stopped cluster", [[{}, {}]], { mode: "stopped" }],
		["an update that had come further", [[{}, { version: v2 }, { version: v2 }]], { mark }],
	] as const)("is not done for %s", async (_, shards, more) => {
		const { events, error } = await run(asked(shards, {}, more), v2, { canary });
		expect(error).toBeUndefined();
		expect(told(events, "comparing")).toEqual([]);
	});

	it("is done for an idle cluster, once it is awake", async () => {
		const { events } = await run(asked([[{}, {}]], {}, { mode: "idle" }), v2, { canary });
		expect(told(events, "comparing")).toHaveLength(1);
	});
});

describe("a hold that ended early", () => {
	it("is done again by the next run, before the next replica, and stops again where nothing has changed", async () => {
		const world = asked([[{}, {}]], { "1.8.0": { fails: memory } });
		await run(world, v2, { canary });
		for (let again = 0; again < 2; again++) {
			const { error } = await run(world, v2, { canary });
			expect(stopOf(error)).toMatchObject({ replica: "a-0-1", cause: { kind: "worse" } });
		}
		expect(restarts(world)).toEqual(["restart a-0-1 1.8.0"]);
		expect(world.violations).toEqual([]);
	});

	it("is got past by allowing more, by no hold, and by a later version", async () => {
		const engines = { "1.8.0": { fails: memory } };
		for (const [to, options] of [
			[v2, { canary: { ...canary, errors: 0.05 } }],
			[v2, {}],
			[v3, { canary }],
		] as const) {
			const world = asked([[{}, {}]], engines);
			await run(world, v2, { canary });
			const { rolled } = await run(world, to, options);
			expect(rolled?.cluster).toMatchObject({ state: "Started", replicas: [{ version: to }, { version: to }] });
		}
	});

	it("by a kill is done again in full", async () => {
		const world = asked([[{}, {}]]);
		const calls = new Map<string, number>();
		const whole = asked([[{}, {}]]);
		await run(whole, v2, { canary, report: ({ event }) => void calls.set(event, whole.calls) });
		const midway = Math.floor(((calls.get("comparing") ?? 0) + (calls.get("compared") ?? 0)) / 2);
		const { crashed } = await run(world, v2, { canary, faults: { [midway]: { kind: "crash", when: "after" } } });
		expect(crashed).toBe(true);
		const { rolled, events, seconds } = await timed(world, {}, "comparing", "compared");
		expect(events[1]).toMatchObject({ event: "began", resumes: true });
		expect(Math.floor(seconds)).toBe(600);
		expect(rolled?.steps).toBe(1);
		expect(world.violations).toEqual([]);
	});

	it("by the loss of the claim touches nothing more", async () => {
		const world = asked([[{}, {}]]);
		const report = ({ event }: RollEvent) => {
			if (event === "comparing") void world.clock.sleep(100_000).then(() => world.claims.steal("a thief", 3600));
		};
		const { error } = await run(world, v2, { canary, report });
		expect(stopOf(error)).toMatchObject({ cause: { kind: "claim-lost", by: "a thief" } });
		expect(restarts(world)).toEqual(["restart a-0-1 1.8.0"]);
		expect(world.violations).toEqual([]);
	});
});

it("the claim is kept all the time", async () => {
	const world = asked([[{}, {}]]);
	const ran = run(world, v2, { canary, timing: { claimSeconds: 15 } });
	const other = new ScriptedControl(world);
	await world.clock.sleep(30_000);
	for (let minutes = 0; minutes < 9; minutes++) {
		await expect(other.claim("bob", 10)).rejects.toThrow("is being changed by the test");
		await world.clock.sleep(60_000);
	}
	expect((await ran).rolled?.steps).toBe(2);
});
