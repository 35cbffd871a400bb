import { describe, expect, it } from "vitest";
import { Claimed, ControlError, PlatformError } from "../../src/control/errors";
import type { RollEvent } from "../../src/roll/events";
import { RollStopped } from "../../src/roll/stopped";
import { ScriptedControl } from "../scripted/control";
import { given, run, shown, v1, v2 } from "./build";

describe("the claim", () => {
	it("is waited for while a killed process's runs out", async () => {
		const world = given([[{}, {}]]);
		world.claims.claim("a process that was killed", 30);
		const { rolled, events } = await run(world, v2);
		expect(events[0]).toEqual({
			event: "waiting",
			holder: "a process that was killed",
			expires: "2026-01-01T00:00:30.000Z",
		});
		expect(events.filter(({ event }) => event === "waiting")).toHaveLength(1);
		expect(rolled?.steps).toBe(2);
	});

	it("that another process keeps is an error, and nothing is touched", async () => {
		const world = given([[{}, {}]]);
		world.claims.claim("ann@laptop, process 1", 600);
		const { error } = await run(world, v2);
		expect(error).toBeInstanceOf(Claimed);
		expect((error as Claimed).holder).toBe("ann@laptop, process 1");
		expect(world.log).toEqual([]);
		expect(world.clock.now()).toBeLessThan(Date.parse("2026-01-01T00:00:47Z"));
	});

	it("never runs out while a replica takes hours", async () => {
		const world = given([[{}, {}]], { engines: { "1.8.0": { boots: 4 * 200_000 } } });
		const rolling = run(world, v2, { timing: { claimSeconds: 10 } });
		const other = new ScriptedControl(world);
		for (let minutes = 0; minutes < 25; minutes++) {
			await world.clock.sleep(60_000);
			await expect(other.claim("bob", 10)).rejects.toThrow(Claimed);
		}
		expect((await rolling).rolled?.steps).toBe(2);
	});

	it("is as good as new whenever a replica is taken out", async () => {
		const world = given([[{}, {}]]);
		world.unit("a-0-1").queries = [world.clock.now() + 6000];
		const left: number[] = [];
		const report = ({ event }: RollEvent) => {
			if (event !== "draining") return;
			const expires = Date.parse(world.record()?.claim?.expires ?? "");
			left.push(Math.ceil((expires - world.clock.now()) / 1000));
		};
		await run(world, v2, { report });
		expect(left).toEqual([30, 30]);
	});

	it("that is lost stops the roll, which touches nothing more", async () => {
		for (let call = 1; call < 30; call++) {
			const world = given([[{}, {}]]);
			const { error } = await run(world, v2, { faults: { [call]: { kind: "steal", seconds: 3600 } } });
			if (error instanceof RollStopped) expect(error.stop.cause).toEqual({ kind: "claim-lost", by: "a thief" });
			else expect(String(error)).toContain("a thief");
			expect(world.violations).toEqual([]);
			expect(world.record()?.claim?.holder).toBe("a thief");
		}
	});

	it("is given up when the roll is done, stops, or is refused", async () => {
		const engines = { "1.8.0": { fate: "exits" } } as const;
		const judge = () => {
			throw new ControlError("refused");
		};
		for (const [options, world] of [
			[{}, given([[{}, {}]])],
			[{}, given([[{}, {}]], { engines })],
			[{ judge }, given([[{}, {}]])],
		] as const) {
			await run(world, v2, options);
			expect(world.record()?.claim).toBeUndefined();
		}
	});

	it("that ran out while a laptop slept is taken up where it was, at any call", async () => {
		for (let call = 1; call < 40; call++) {
			const world = given([[{}, {}]], { engines: { "1.8.0": { boots: 100_000 } } });
			const { rolled } = await run(world, v2, { faults: { [call]: { kind: "suspend", seconds: 7200 } } });
			expect(rolled?.steps, `call ${call}`).toBe(2);
			expect(world.violations).toEqual([]);
		}
	});

	it("of two rolls at the same time lets one go first, and the other then finds nothing to do", async () => {
		const world = given([[{}, {}]]);
		const [one, other] = await Promise.all([run(world, v2, { holder: "one" }), run(world, v2, { holder: "other" })]);
		expect([one.rolled?.steps, other.rolled?.steps].sort()).toEqual([0, 2]);
		expect(world.violations).toEqual([]);
		expect(shown(world)).toEqual(["a-0-0 1.8.0 serves", "a-0-1 1.8.0 serves"]);
	});
});

describe("the judge", () => {
	it("sees the cluster under the claim, before anything is touched, and refuses with its own error", async () => {
		const world = given([[{}, {}]]);
		const refusal = new ControlError("no");
		const { error } = await run(world, v2, {
			judge: async (observed) => {
				expect(observed.replicas).toHaveLength(2);
				expect(world.record()?.claim?.holder).toBe("the test");
				expect(world.log).toEqual([]);
				throw refusal;
			},
		});
		expect(error).toBe(refusal);
		expect(world.log).toEqual([]);
	});

	it("judges an idle cluster once more when it has woken", async () => {
		const world = given([[{}, {}]], { mode: "idle" });
		const states: string[] = [];
		await run(world, v2, { judge: ({ state }) => void states.push(state) });
		expect(states).toEqual(["Idle", "Started"]);
	});
});

describe("a platform that can't be reached", () => {
	it.each(Array.from({ length: 40 }, (_, call) => call))("for a while from call %i on is asked again", async (call) => {
		const world = given([[{}, {}]]);
		const { rolled, events } = await run(world, v2, { faults: { [call]: { kind: "unreachable", calls: 5 } } });
		expect(rolled?.steps).toBe(2);
		if (call < world.calls - 1) expect(events.some(({ event }) => event === "retrying")).toBe(true);
		expect(world.violations).toEqual([]);
	});

	it.each(Array.from({ length: 40 }, (_, call) => call))(
		"and whose answer to call %i is lost is asked again",
		async (call) => {
			const world = given([[{}, {}]]);
			const { rolled } = await run(world, v2, { faults: { [call]: { kind: "no-answer" } } });
			expect(rolled?.steps).toBe(2);
			expect(world.violations).toEqual([]);
		},
	);

	it("for long stops the roll with the platform's words and what was seen last", async () => {
		const world = given([[{}, {}]]);
		const { error } = await run(world, v2, { faults: { 12: { kind: "unreachable", calls: 1000 } } });
		expect(error).toMatchObject({
			stop: {
				cause: { kind: "platform", words: "the platform can't be reached: connection refused" },
				serving: [{ replica: "a-0-0" }, { replica: "a-0-1" }],
			},
		});
	});

	it("before anything was touched is an error of its own", async () => {
		const world = given([[{}, {}]]);
		const { error } = await run(world, v2, { faults: { 1: { kind: "unreachable", calls: 1000 } } });
		expect(error).toBeInstanceOf(PlatformError);
		expect(world.log).toEqual([]);
	});

	it("and refuses a change stops the roll, which leaves every replica serving", async () => {
		let stops = 0;
		for (let call = 3; call < 40; call++) {
			const world = given([[{}, {}]]);
			const { error } = await run(world, v2, { faults: { [call]: { kind: "refuse", words: "no, thanks" } } });
			// Neither a look at the end nor the release may be what it is for.
			if (error === undefined) continue;
			stops++;
			expect(error).toMatchObject({ stop: { cause: { words: expect.stringContaining("no, thanks") } } });
			expect(world.record()?.claim).toBeUndefined();
			await world.clock.sleep(60_000);
			expect(shown(world).every((line) => line.endsWith("serves"))).toBe(true);
			expect(world.violations).toEqual([]);
		}
		expect(stops).toBeGreaterThan(30);
	});
});

it("a target below what runs is refused before anything is touched, also where nobody judges", async () => {
	const world = given([[{ version: v2 }, {}]]);
	const { error } = await run(world, v1);
	expect(String(error)).toContain("never goes back to 1.7.1");
	expect(world.log).toEqual([]);
});

it("a cluster that is not there is an error", async () => {
	const world = given([[{}]]);
	world.cluster = undefined;
	expect((await run(world, v1)).error).toBeInstanceOf(ControlError);
});
