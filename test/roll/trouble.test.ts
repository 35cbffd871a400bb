import { describe, expect, it } from "vitest";
import { RollStopped } from "../../src/roll/stopped";
import { given, run, shown, shows, v, v1, v2 } from "./build";

describe("a replica that does not come up", () => {
	it.each([
		[{ fate: "exits" }, { kind: "failed", words: 'exits at start: "Code: 1000. DB::Exception: cannot load"' }],
		[{ fate: "missing" }, { kind: "failed", words: "there is no image of 1.8.0" }],
		[{ fate: "hangs" }, { kind: "stalled", phase: "loading tables: 1 of 4", seconds: 300 }],
		[{ pulls: Number.POSITIVE_INFINITY }, { kind: "stalled", phase: "pulling the image", seconds: 300 }],
		[{ reports: v("1.7.9") }, { kind: "wrong-version", runs: "1.7.9" }],
		[{ reports: "nothing" }, { kind: "wrong-version", runs: undefined }],
		[{ readOnly: Number.POSITIVE_INFINITY }, { kind: "stalled", phase: "serving", seconds: 300 }],
	] as const)("%j stops the roll with its cause, and the other is not touched", async (engine, cause) => {
		const world = given([[{}, {}]], { engines: { "1.8.0": engine } });
		const { error } = await run(world, v2);
		expect(error).toBeInstanceOf(RollStopped);
		expect((error as RollStopped).stop).toMatchObject({
			cluster: "a",
			to: v2,
			replica: "a-0-1",
			step: 1,
			of: 2,
			cause,
			reads: true,
			writes: true,
		});
		expect(world.log).toEqual(["begin", "drain a-0-1", "restart a-0-1 1.8.0"]);
		expect(shown(world)).toContain("a-0-0 1.7.1 serves");
		expect(world.record()).toMatchObject({ mark: { from: v1, to: v2 } });
		expect(world.record()?.claim).toBeUndefined();
		expect(world.violations).toEqual([]);
	});

	it("is waited for as long as it makes progress, however long that takes", async () => {
		const world = given([[{}, {}]], { engines: { "1.8.0": { boots: 4 * 290_000 } } });
		expect((await run(world, v2)).rolled?.seconds).toBeGreaterThan(2 * 4 * 290);
	});

	it("is not waited for when its progress takes longer than the time for a stall", async () => {
		const world = given([[{}, {}]], { engines: { "1.8.0": { boots: 4 * 310_000 } } });
		expect((await run(world, v2)).error).toMatchObject({ stop: { cause: { kind: "stalled" } } });
	});

	it("is waited for while it is read-only or behind for a time", async () => {
		const world = given([[{}, {}]], { engines: { "1.8.0": { readOnly: 100_000, lags: 200_000 } } });
		expect((await run(world, v2)).rolled?.seconds).toBeGreaterThan(400);
		expect(world.violations).toEqual([]);
	});

	it("stops the reads of a shard that has no other", async () => {
		const world = given([[{}], [{}]], { engines: { "1.8.0": { fate: "exits" } } });
		const { error } = await run(world, v2);
		expect(error).toMatchObject({
			stop: {
				reads: false,
				writes: false,
				serving: [{ replica: "a-1-0", version: v1 }],
				notServing: [{ replica: "a-0-0", version: v2 }],
			},
		});
	});

	it("stops the writes where they need every replica", async () => {
		const world = given([[{}, {}]], { engines: { "1.8.0": { fate: "exits" } } });
		const { error } = await run(world, v2, { writesNeed: "all" });
		expect(error).toMatchObject({ stop: { reads: true, writes: false } });
	});

	it("stops the other shards too: what has begun settles, and nothing new begins", async () => {
		const world = given(
			[
				[{}, {}],
				[{}, {}],
				[{}, {}],
			],
			{
				engines: { "a-1-1@1.8.0": { fate: "exits" }, "a-2-1@1.8.0": { boots: 60_000 } },
			},
		);
		const { error, events } = await run(world, v2);
		expect(error).toMatchObject({ stop: { replica: "a-1-1", cause: { kind: "failed" } } });
		expect(events.at(-1)).toMatchObject({ event: "serving", replica: "a-2-1" });
		expect(world.log.filter((line) => line === "drain a-2-0")).toEqual([]);
		expect(shown(world)).toContain("a-2-1 1.8.0 serves");
		expect(world.violations).toEqual([]);
	});

	it("is the first that did not where others of other shards do not either", async () => {
		const shards = Array.from({ length: 3 }, () => [{}, {}]);
		const engines = { "a-1-1@1.8.0": { fate: "exits" }, "a-2-1@1.8.0": { fate: "exits", boots: 60_000 } } as const;
		const { error } = await run(given(shards, { engines }), v2);
		expect(error).toMatchObject({
			stop: { replica: "a-1-1", step: 3, of: 6, notServing: [{ replica: "a-1-1" }, { replica: "a-2-1" }] },
		});
	});

	it("stops another shard between drain and restart, whose replica is let back", async () => {
		const world = given(
			[
				[{}, {}],
				[{}, {}],
			],
			{ engines: { "a-0-0@1.8.0": { fate: "missing" } } },
		);
		world.unit("a-1-1").queries = [Number.POSITIVE_INFINITY];
		const { error } = await run(world, v2);
		expect(error).toMatchObject({ stop: { replica: "a-0-0" } });
		expect(world.log.filter((line) => line.includes("a-1-1"))).toEqual(["drain a-1-1", "undrain a-1-1"]);
		expect(shown(world)).toContain("a-1-1 1.7.1 serves");
	});

	it("is found out at the end, when it ended after its turn", async () => {
		const world = given([[{}, {}]]);
		const { error } = await run(world, v2, {
			report: (event) => {
				if (event.event === "serving" && event.done === 2) world.kill("a-0-0");
			},
		});
		expect(error).toMatchObject({ stop: { replica: "a-0-0", cause: { kind: "failed", words: "killed" } } });
		expect(world.record()?.mark).toBeDefined();
	});
});

describe("a replica that others must stand in for", () => {
	it.each([
		["behind", "behindUntil"],
		["read-only", "readOnlyUntil"],
	] as const)("waits while another is %s, and goes on when that is over", async (problem, until) => {
		const world = given([[{}, {}]]);
		world.unit("a-0-0")[until] = world.clock.now() + 60_000;
		const { rolled, events } = await run(world, v2);
		expect(rolled?.seconds).toBeGreaterThan(60);
		expect(events).toContainEqual({
			event: "holding",
			replica: "a-0-1",
			others: [{ replica: "a-0-0", problem }],
		});
		expect(events.filter(({ event }) => event === "holding")).toHaveLength(1);
		expect(world.violations).toEqual([]);
	});

	it("tells what the other does that it waits for", async () => {
		const world = given([[{}, {}]]);
		world.unit("a-0-0").behindUntil = world.clock.now() + 5000;
		const { events } = await run(world, v2);
		expect(events).toContainEqual({ event: "progress", replica: "a-0-0", phase: "behind by 3 s" });
	});

	it("is not touched, with what keeps the other from it as its reason", async () => {
		const world = given([[{}, {}]]);
		world.unit("a-0-0").readOnlyUntil = Number.POSITIVE_INFINITY;
		const through = shows((view) => (view.replica.name === "a-0-0" ? { cause: "keeper", phase: "no session" } : {}));
		const { error } = await run(world, v2, { through });
		const failure = { cause: "keeper", words: "no session" };
		expect(error).toMatchObject({
			stop: { cause: { kind: "not-safe", others: [{ replica: "a-0-0", problem: "read-only", failure }] } },
		});
	});

	it("is not touched when another stays read-only", async () => {
		const world = given([[{}, {}, {}]]);
		world.unit("a-0-0").readOnlyUntil = Number.POSITIVE_INFINITY;
		const { error } = await run(world, v2);
		expect(error).toMatchObject({
			stop: { replica: "a-0-2", cause: { kind: "not-safe", others: [{ replica: "a-0-0", problem: "read-only" }] } },
		});
		expect(world.log).toEqual(["begin"]);
		expect(shown(world)).toContain("a-0-2 1.7.1 serves");
	});

	it("waits for one that falls behind for longer than a stall but catches up all the while", async () => {
		const world = given([[{}, {}]]);
		world.unit("a-0-0").behindUntil = world.clock.now() + 900_000;
		expect((await run(world, v2)).rolled?.seconds).toBeGreaterThan(900);
	});

	it("keeps the claim all that time", async () => {
		const world = given([[{}, {}]]);
		world.unit("a-0-0").behindUntil = world.clock.now() + 300_000;
		const rolling = run(world, v2);
		for (let seconds = 0; seconds < 300; seconds += 5) {
			await world.clock.sleep(5000);
			expect(Date.parse(world.record()?.claim?.expires ?? "")).toBeGreaterThan(world.clock.now());
		}
		await rolling;
	});

	it("takes what is not known of the others for good", async () => {
		const world = given([[{}, {}]], { engines: { "1.7.1": { mute: true }, "1.8.0": { mute: true } } });
		expect((await run(world, v2)).rolled?.steps).toBe(2);
	});

	it("is let back when another goes down while its queries end", async () => {
		const world = given([[{}, {}]]);
		world.unit("a-0-1").queries = [Number.POSITIVE_INFINITY];
		const { error } = await run(world, v2, {
			report: (event) => {
				if (event.event === "draining") world.kill("a-0-0");
			},
		});
		expect(error).toMatchObject({
			stop: { cause: { kind: "not-safe", others: [{ replica: "a-0-0", problem: "down" }] } },
		});
		expect(world.log).toEqual(["begin", "drain a-0-1", "undrain a-0-1"]);
		expect(shown(world)).toContain("a-0-1 1.7.1 serves");
	});

	it("is drained again when another was behind for a moment while its queries ended", async () => {
		const world = given([[{}, {}]]);
		let struck = false;
		const { rolled } = await run(world, v2, {
			report: (event) => {
				if (event.event !== "draining" || struck) return;
				struck = true;
				world.unit("a-0-0").behindUntil = world.clock.now() + 5000;
			},
		});
		expect(rolled?.steps).toBe(2);
		expect(world.log.slice(0, 4)).toEqual(["begin", "drain a-0-1", "undrain a-0-1", "drain a-0-1"]);
	});
});
