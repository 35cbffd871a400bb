import { describe, expect, it } from "vitest";
import type { RollEvent } from "../../src/roll/events";
import { RollStopped } from "../../src/roll/stopped";
import type { World } from "../scripted/world";
import { given, run, shown, v, v1, v2, v3 } from "./build";

const object = "StatefulSet a-0";
const scaled = (replicas: number | undefined) => ({ object, replicas, of: 2 });
const set = (version: string | undefined) => ({
	object,
	replicas: 2,
	of: 2,
	image: `a/b:${version ?? "latest"}`,
	...(version !== undefined && { version: v(version) }),
});

/** Rolls until others do something at an event, and says how many seconds later it stopped, and with what. */
async function interfered(
	world: World,
	at: (event: RollEvent) => boolean,
	act: () => void,
): Promise<{ seconds: number; stop: RollStopped["stop"] }> {
	let since: number | undefined;
	const { error } = await run(world, v2, {
		timing: { drainSeconds: 600 },
		report: (event) => {
			if (since !== undefined || !at(event)) return;
			since = world.clock.now();
			act();
		},
	});
	expect(error).toBeInstanceOf(RollStopped);
	const { stop } = error as RollStopped;
	return { seconds: (world.clock.now() - (since ?? 0)) / 1000, stop };
}

const restarting = ({ event }: RollEvent) => event === "restarting";
const hangs = { engines: { "1.8.0": { fate: "hangs" } } } as const;

describe("a size that others change in the middle of a roll", () => {
	it.each([0, 1, 3, undefined])("to %s is told within seconds while a replica comes up", async (replicas) => {
		const world = given([[{}, {}]], hangs);
		const { seconds, stop } = await interfered(world, restarting, () => world.asked.set(0, scaled(replicas)));
		expect(seconds).toBeLessThan(5);
		expect(stop).toMatchObject({ replica: "a-0-1", step: 1, of: 2, reads: true });
		expect(stop.cause).toEqual({ kind: "resized", object, of: 2, ...(replicas !== undefined && { replicas }) });
		expect(world.log).toEqual(["begin", "drain a-0-1", "restart a-0-1 1.8.0"]);
		expect(world.record()).toMatchObject({ mark: { from: v1, to: v2 } });
		expect(world.violations).toEqual([]);
	});

	it("is told while queries end, and the replica is let back", async () => {
		const world = given([[{}, {}]]);
		world.unit("a-0-1").queries = [Number.POSITIVE_INFINITY];
		const draining = ({ event }: RollEvent) => event === "draining";
		const { seconds, stop } = await interfered(world, draining, () => world.asked.set(0, scaled(1)));
		expect(seconds).toBeLessThan(5);
		expect(stop.cause).toMatchObject({ kind: "resized", replicas: 1 });
		expect(world.log).toEqual(["begin", "drain a-0-1", "undrain a-0-1"]);
		expect(shown(world)).toContain("a-0-1 1.7.1 serves");
	});

	it("is told while another is waited for, and nothing is touched", async () => {
		const world = given([[{}, {}]]);
		world.unit("a-0-0").behindUntil = Number.POSITIVE_INFINITY;
		const holding = ({ event }: RollEvent) => event === "holding";
		const { seconds, stop } = await interfered(world, holding, () => world.asked.set(0, scaled(3)));
		expect(seconds).toBeLessThan(5);
		expect(stop.cause).toMatchObject({ kind: "resized", replicas: 3 });
		expect(world.log).toEqual(["begin"]);
	});

	it("is told after the last step, where one is missing then", async () => {
		const world = given([[{}, {}]]);
		const last = (event: RollEvent) => event.event === "serving" && event.done === 2;
		const { seconds, stop } = await interfered(world, last, () => {
			world.asked.set(0, scaled(1));
			world.unit("a-0-1").drained = true;
		});
		expect(seconds).toBeLessThan(5);
		expect(stop).toMatchObject({ replica: "a-0-1", cause: { kind: "resized", replicas: 1 } });
		expect(world.record()?.mark).toBeDefined();
	});

	it("is none where it is only another shard's, nor where it is what the record says", async () => {
		const world = given([[{}, {}]]);
		world.asked.set(0, scaled(2)).set(1, scaled(0));
		expect((await run(world, v2)).rolled?.steps).toBe(2);
	});

	it("is the other process's, where that has taken over meanwhile", async () => {
		const world = given([[{}, {}]], hangs);
		const { stop } = await interfered(world, restarting, () => {
			world.claims.steal("ben", 60);
			world.asked.set(0, scaled(3));
		});
		expect(stop.cause).toEqual({ kind: "claim-lost", by: "ben" });
	});

	it("stops nothing while the cluster is stopped, and so nobody is waited for", async () => {
		const world = given([[{}, {}]], { mode: "stopped" });
		world.asked.set(0, scaled(0));
		expect((await run(world, v2)).rolled?.steps).toBe(2);
	});
});

describe("a version that others set in the middle of a roll", () => {
	it.each(["2.0.6", "1.7.1", undefined])("to %s is told within seconds", async (version) => {
		const world = given([[{}, {}]], hangs);
		const { seconds, stop } = await interfered(world, restarting, () => {
			// The restart itself asks for the target.
			void world.clock.sleep(3000).then(() => world.asked.set(0, set(version)));
		});
		expect(seconds).toBeLessThan(8);
		const { image } = set(version);
		expect(stop.cause).toEqual({ kind: "version-set", object, image, ...(version && { version: v(version) }) });
		expect(stop.replica).toBe("a-0-1");
	});

	it("is no matter before the roll has given the shard its own, which replaces it", async () => {
		const world = given([[{}, {}]]);
		world.asked.set(0, set("2.0.6"));
		const { rolled } = await run(world, v2, {
			report: (event) => {
				if (event.event === "restarting") world.asked.set(0, set("1.8.0"));
			},
		});
		expect(rolled?.steps).toBe(2);
	});

	it.each([
		["2.0.6", { pulls: 600_000, boots: 600_001 }],
		["1.7.9", { pulls: 600_000, boots: 600_001 }],
		["2.0.6", { fate: "hangs" }],
	] as const)("is told of a replica that comes up with %s before it serves", async (version, engine) => {
		const world = given([[{}, {}]], { engines: { "1.8.0": { boots: 60_000 }, [version]: engine } });
		const { seconds, stop } = await interfered(world, restarting, () => {
			void world.clock.sleep(1000).then(() => {
				// What the restart began never started.
				Object.assign(world.unit("a-0-1"), { version: v(version), openedBy: v1 });
				world.boot(world.unit("a-0-1"));
			});
		});
		expect(seconds).toBeLessThan(8);
		expect(stop).toMatchObject({ replica: "a-0-1", cause: { kind: "wrong-version", runs: version } });
	});

	it("is told of another that serves a later one: it is not taken for fit", async () => {
		const world = given([[{}, {}]]);
		const other = world.unit("a-0-0");
		other.behindUntil = Number.POSITIVE_INFINITY;
		const holding = ({ event }: RollEvent) => event === "holding";
		const { seconds, stop } = await interfered(world, holding, () => {
			Object.assign(other, { version: v3, behindUntil: 0 });
			world.boot(other);
		});
		expect(seconds).toBeLessThan(5);
		expect(stop).toMatchObject({ replica: "a-0-0", cause: { kind: "wrong-version", runs: v3 } });
		expect(world.log).toEqual(["begin"]);
	});
});

describe("a replica that takes its time to stop", () => {
	it("is no standstill while that time lasts, however little patience there is", async () => {
		const world = given([[{}, {}]], { engines: { "1.8.0": { stops: 120_000, boots: 122_000 } } });
		const { rolled, events } = await run(world, v2, { timing: { stallSeconds: 5 } });
		expect(rolled?.steps).toBe(2);
		const lines = events.filter((event) => event.event === "progress" && event.phase === "stopping");
		expect(lines).toHaveLength(2);
	});

	it("is one once that time is over", async () => {
		const world = given([[{}, {}]], { engines: { "1.8.0": { stops: 20_000, boots: 20_000, fate: "hangs" } } });
		const start = world.clock.now();
		const { error } = await run(world, v2, { timing: { stallSeconds: 5 } });
		expect(error).toMatchObject({ stop: { cause: { kind: "stalled", seconds: 5 } } });
		expect(world.clock.now() - start).toBeGreaterThan(25_000);
	});
});

it("what keeps another replica from standing in is told with it", async () => {
	const world = given([[{}, {}]]);
	world.unit("a-0-1").queries = [world.clock.now() + 5000];
	const { error } = await run(world, v2, {
		report: (event) => {
			if (event.event === "draining") world.kill("a-0-0");
		},
	});
	expect(error).toMatchObject({
		stop: {
			cause: {
				kind: "not-safe",
				others: [{ replica: "a-0-0", problem: "down", failure: { cause: "exits", words: "killed" } }],
			},
		},
	});
});
