import { describe, expect, it } from "vitest";
import { ControlError } from "../../src/control/errors";
import type { ObservedCluster } from "../../src/core/cluster";
import { underClaim } from "../../src/roll/claim-keeper";
import type { Interruption, RollEvent } from "../../src/roll/events";
import type { Ground } from "../../src/roll/ground";
import { grow, shrink } from "../../src/roll/resize";
import { RollStopped, WaitStopped } from "../../src/roll/stopped";
import { withDefaults } from "../../src/roll/timing";
import { ScriptedControl } from "../scripted/control";
import { rows, type World } from "../scripted/world";
import { given, v1 } from "./build";
import { members, names, resize, sizeOf, spec } from "./resizing";

/** Does one thing to a cluster under its claim; returns what that throws. */
async function underOnly(
	world: World,
	act: (ground: Ground, cluster: ObservedCluster) => Promise<void>,
	more: Partial<Ground> = {},
) {
	const { clock } = world;
	const control = new ScriptedControl(world);
	const timing = withDefaults({ stallSeconds: 20, drainSeconds: 10 });
	const report = () => {};
	return underClaim({ control, holder: "the test", clock, timing, report }, async (keeper) => {
		const cluster = await control.observe();
		if (cluster === undefined) throw new Error("no cluster");
		await act({ control, keeper, clock, timing, to: v1, report, tell: () => {}, ...more }, cluster);
	}).catch((error: unknown) => error);
}

/** Grows a cluster of one shard of one replica to two. */
const growsBy = (joins: readonly string[], change?: (ground: Ground) => Partial<Ground>) => {
	return async (ground: Ground, cluster: ObservedCluster) => {
		const wanted = spec(1, 1 + joins.length);
		await ground.keeper.change((claim) => ground.control.configure(claim, wanted));
		await grow({ ...ground, ...change?.(ground) }, cluster, wanted, joins);
	};
};

it("replicas join all at once, when all hold what their shards hold", async () => {
	const world = given(sizeOf(2, 1), { engines: { "a-1-1@1.7.1": { lags: 9000 } } });
	const { events, error } = await resize(world, spec(2, 2));
	expect(error).toBeUndefined();
	expect(members(world)).toEqual(names(spec(2, 2)));
	expect(events).toEqual([{ event: "joined", replicas: ["a-0-1", "a-1-1"], seconds: expect.any(Number) }]);
});

it("one that can't come up keeps all that are new out, and says which", async () => {
	const world = given(sizeOf(1, 1), { engines: { "a-0-2@1.7.1": { fate: "exits" } } });
	const { error } = await resize(world, spec(1, 3));
	expect(error).toBeInstanceOf(WaitStopped);
	expect((error as WaitStopped).stop).toMatchObject({ replica: "a-0-2", cause: { kind: "failed" } });
	expect(members(world)).toEqual(["a-0-0"]);
});

it("replicas leave only while those that stay can stand in", async () => {
	const world = given(sizeOf(1, 3));
	world.unit("a-0-0").readOnlyUntil = Number.MAX_SAFE_INTEGER;
	const { error } = await resize(world, spec(1, 1));
	expect(error).toBeInstanceOf(RollStopped);
	expect((error as RollStopped).stop).toMatchObject({
		change: "size",
		replica: "a-0-2",
		step: 0,
		of: 0,
		cause: { kind: "not-safe", others: [{ replica: "a-0-0", problem: "read-only" }] },
	});
	expect(members(world)).toEqual(names(spec(1, 3)));
	expect(world.condition(world.unit("a-0-2")).serving).toBe(true);
});

it("replicas leave one after the other, each once it is drained", async () => {
	const world = given(sizeOf(1, 3));
	world.unit("a-0-2").queries = [world.clock.now() + 2000];
	const { events, error } = await resize(world, spec(1, 1));
	expect(error).toBeUndefined();
	expect(members(world)).toEqual(["a-0-0"]);
	expect(events.map((event) => `${event.event} ${"replica" in event ? event.replica : ""}`)).toEqual(
		["a-0-2", "a-0-1"].flatMap((replica) => ["draining", "drained", "left"].map((event) => `${event} ${replica}`)),
	);
	const [first] = events.filter((event) => event.event === "left");
	expect(first?.seconds).toBeGreaterThanOrEqual(2);
	expect(first?.seconds).toBeLessThan(4);
	expect(world.violations).toEqual([]);
});

it("one that holds what no other does serves again, and the error is the platform's", async () => {
	const world = given([[{}, { tables: [rows, { ...rows, name: "alone", path: "/alone" }] }]]);
	world.unit("a-0-1").alone = true;
	const error: unknown = await underOnly(world, (ground, cluster) => shrink(ground, cluster, ["a-0-1"]));
	expect(error).toBeInstanceOf(ControlError);
	expect(error).not.toBeInstanceOf(RollStopped);
	expect((error as Error).message).toContain("a-0-1 holds what no other replica holds");
	expect(world.condition(world.unit("a-0-1")).serving).toBe(true);
});

it("a platform that refuses to let them join ends the wait with what keeps them", async () => {
	const world = given(sizeOf(1, 1), { engines: { "a-0-1@1.7.1": { fate: "hangs" } } });
	const { error, events } = await resize(world, spec(1, 2));
	expect((error as WaitStopped).stop).toEqual({
		cluster: "a",
		wanted: "Started",
		state: "Started",
		replica: "a-0-1",
		cause: { kind: "stalled", phase: "loading tables: 1 of 4", seconds: 20 },
	});
	expect(events.filter(({ event }) => event === "joined")).toEqual([]);
});

describe("a resize that is asked to end", () => {
	const cancel: Interruption = { kind: "interrupted", by: "cancel" };
	const stop = AbortSignal.abort(cancel);

	it("lets no client reach a replica that has yet to fetch something", async () => {
		const world = given(sizeOf(1, 1), { engines: { "a-0-1@1.7.1": { lags: 9000 } } });
		const error = await underOnly(world, growsBy(["a-0-1"]), { stop });
		expect(error).toBeInstanceOf(RollStopped);
		expect((error as RollStopped).stop).toMatchObject({ change: "size", step: 0, of: 0, cause: cancel });
		expect(members(world)).toEqual(["a-0-0"]);
	});

	it("is done where all hold what their shards hold", async () => {
		const world = given(sizeOf(1, 1));
		const events: string[] = [];
		const report = ({ event }: RollEvent) => void events.push(event);
		expect(await underOnly(world, growsBy([]), { stop, report })).toBeUndefined();
		expect(events).toEqual(["joined"]);
	});

	it("lets back the replica whose queries it waits for", async () => {
		const world = given(sizeOf(1, 2));
		world.unit("a-0-1").queries = [world.clock.now() + 5000];
		const asking = new AbortController();
		const report = ({ event }: RollEvent) => event === "draining" && asking.abort(cancel);
		const error = await underOnly(world, (ground, cluster) => shrink(ground, cluster, ["a-0-1"]), {
			stop: asking.signal,
			report,
		});
		expect((error as RollStopped).stop).toMatchObject({ change: "size", replica: "a-0-1", cause: cancel });
		expect(world.condition(world.unit("a-0-1")).serving).toBe(true);
		expect(members(world)).toEqual(names(spec(1, 2)));
	});
});

it("what new replicas do is told", async () => {
	const world = given(sizeOf(1, 1));
	const told = new Set<string>();
	await underOnly(world, growsBy(["a-0-1"]), {
		tell: ({ replica, phase }) => void told.add(`${replica.name} ${phase}`),
	});
	expect(told).toContain("a-0-1 loading tables: 2 of 4");
});

it("a cluster that is gone while its replicas join is of an unknown state", async () => {
	const world = given(sizeOf(1, 1), { engines: { "a-0-1@1.7.1": { fate: "hangs" } } });
	const gone = ({ control }: Ground) => ({ control: { ...control, observe: async () => undefined } });
	expect(await underOnly(world, growsBy(["a-0-1"], gone))).toMatchObject({ stop: { state: "Unknown" } });
});

it("the claim is as good as new whenever a replica is taken out", async () => {
	const world = given(sizeOf(1, 3));
	for (const { queries } of world.present().units) queries.push(world.clock.now() + 6000);
	const left: number[] = [];
	const report = ({ event }: RollEvent) => {
		if (event !== "draining") return;
		const expires = Date.parse(world.record()?.claim?.expires ?? "");
		left.push(Math.ceil((expires - world.clock.now()) / 1000));
	};
	await underOnly(world, (ground, cluster) => shrink(ground, cluster, ["a-0-2", "a-0-1"]), { report });
	expect(left).toEqual([30, 30]);
});
