import { describe, expect, it } from "vitest";
import { ControlError } from "../../src/control/errors";
import type { RollEvent } from "../../src/roll/events";
import type { RollStopped } from "../../src/roll/stopped";
import { given, run, v1, v2, v3 } from "./build";

const since = "2025-12-31T00:00:00.000Z";
/** Without the phases, of which there are many. */
const steps = (events: readonly RollEvent[]) => events.filter(({ event }) => event !== "progress");
const outFor = (seconds: number) => expect.toSatisfy((it: number) => it >= seconds && it < seconds + 1.5);

describe("a rollout reports", () => {
	it("each step with its figures", async () => {
		const world = given([[{}, {}]]);
		world.unit("a-0-1").queries = [world.clock.now() + 3000];
		const { events, rolled } = await run(world, v2);
		const out = { from: v1, to: v2 };
		expect(steps(events)).toEqual([
			{ event: "began", transition: "1.7.1 -> 1.8.0", steps: 2, resumes: false },
			{ event: "draining", replica: "a-0-1", queries: 1 },
			{ event: "drained", replica: "a-0-1", cut: 0, seconds: outFor(3) },
			{ event: "restarting", replica: "a-0-1", ...out },
			// The scripted engine needs two seconds for a start.
			{ event: "serving", replica: "a-0-1", version: v2, seconds: outFor(5), done: 1, of: 2 },
			{ event: "draining", replica: "a-0-0", queries: 0 },
			{ event: "drained", replica: "a-0-0", cut: 0, seconds: 0 },
			{ event: "restarting", replica: "a-0-0", ...out },
			{ event: "serving", replica: "a-0-0", version: v2, seconds: outFor(2), done: 2, of: 2 },
			{ event: "finished", transition: "1.7.1 -> 1.8.0", seconds: outFor(7) },
		]);
		expect(rolled).toMatchObject({ steps: 2, seconds: outFor(7) });
	});

	it("of an idle cluster that it woke, and of one that it resumes that it does", async () => {
		const idle = await run(given([[{}]], { mode: "idle" }), v2);
		expect(steps(idle.events)[0]).toEqual({ event: "woke", seconds: outFor(2) });
		const resumed = await run(given([[{}, { version: v2 }]], { mark: { from: v1, to: v2, since } }), v2);
		expect(steps(resumed.events)[0]).toEqual({
			event: "began",
			transition: "1.7.1 -> 1.8.0",
			steps: 1,
			resumes: true,
		});
	});

	it("of a stopped cluster what was noted", async () => {
		const { events, rolled } = await run(given([[{}, {}]], { mode: "stopped" }), v2);
		expect(events).toEqual([
			{ event: "began", transition: "1.7.1 -> 1.8.0", steps: 2, resumes: false },
			{ event: "noted", replica: "a-0-1", version: v2, done: 1, of: 2 },
			{ event: "noted", replica: "a-0-0", version: v2, done: 2, of: 2 },
			{ event: "finished", transition: "1.7.1 -> 1.8.0", seconds: 0 },
		]);
		expect(rolled?.steps).toBe(2);
	});

	it("of a creation that it creates", async () => {
		const mark = { from: v2, to: v2, since, creates: true } as const;
		const world = given([[{ version: v2, is: "killed" }]], { mark });
		expect((await run(world, v2)).events.at(-1)).toEqual({
			event: "finished",
			transition: "creation at 1.8.0",
			seconds: outFor(2),
			creates: true,
		});
		expect(world.cluster?.mark).toBeUndefined();
	});

	it("of a creation that is stopped that nothing is finished, whose mark stays", async () => {
		const mark = { from: v1, to: v1, since, creates: true } as const;
		const world = given([[{ is: "failed" }]], { mode: "stopped", mark });
		const { events } = await run(world, v1);
		expect(events.filter(({ event }) => event === "finished")).toEqual([]);
		expect(world.cluster?.mark).toEqual(mark);
	});
});

describe("a rollout that stops says where", () => {
	it("after its steps so far", async () => {
		const world = given([[{}, {}, {}]], { engines: { "a-0-1@1.8.0": { fate: "exits" } } });
		const { error } = await run(world, v2);
		expect((error as RollStopped).stop).toMatchObject({
			cluster: "a",
			to: v2,
			change: "version",
			replica: "a-0-1",
			step: 2,
			of: 3,
			cause: { kind: "failed", cause: "exits" },
			serving: [
				{ replica: "a-0-0", version: v1 },
				{ replica: "a-0-2", version: v2 },
			],
			notServing: [{ replica: "a-0-1" }],
		});
	});

	it("before its first, where an idle cluster does not wake", async () => {
		const world = given([[{}, {}]], { mode: "idle", engines: { "a-0-0@1.7.1": { fate: "missing" } } });
		const { error } = await run(world, v2, { writesNeed: "all" });
		expect((error as RollStopped).stop).toMatchObject({
			change: "version",
			replica: "a-0-0",
			step: 0,
			of: 0,
			cause: { kind: "failed", cause: "image" },
			reads: true,
			writes: false,
		});
	});

	it("at its end, where one that was done is down by then", async () => {
		const world = given([[{}, {}]]);
		const { error } = await run(world, v2, {
			timing: { stallSeconds: 5 },
			report: (event) => {
				if (event.event === "serving" && event.done === 2) world.unit("a-0-1").drained = true;
			},
		});
		expect((error as RollStopped).stop).toMatchObject({ replica: "a-0-1", step: 2, of: 2, cause: { kind: "stalled" } });
	});

	it.each([
		["settings", [[{ outdated: true }, { outdated: true }]], undefined, v1],
		["creation", [[{ is: "killed" }]], { from: v1, to: v1, since, creates: true }, v1],
	] as const)("and that it changed %s", async (change, shards, mark, to) => {
		const world = given(shards, { mark, engines: { "1.7.1": { fate: "exits" } } });
		expect(((await run(world, to)).error as RollStopped).stop.change).toBe(change);
	});
});

describe("a rollout refuses", () => {
	it("to go back, in words that name both versions", async () => {
		const { error } = await run(given([[{ version: v3 }]]), v2);
		expect(error).toBeInstanceOf(ControlError);
		expect((error as Error).message).toBe("'a' runs 1.10.0, and a DB version never goes back to 1.8.0");
	});

	it("a cluster that does not exist", async () => {
		const world = given([[{}]]);
		world.cluster = undefined;
		expect(((await run(world, v2)).error as Error).message).toBe("the cluster to update does not exist");
	});
});
