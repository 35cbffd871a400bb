import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Claimed } from "../../src/control/errors";
import type { ClusterControl } from "../../src/control/port";
import type { Interruption, RollEvent } from "../../src/roll/events";
import { RollStopped, WaitStopped } from "../../src/roll/stopped";
import { untilState } from "../../src/roll/until-state";
import { stopText } from "../../src/words/stop";
import { ScriptedControl } from "../scripted/control";
import { given, run, shown, v1, v2 } from "./build";

const cancel: Interruption = { kind: "interrupted", by: "cancel" };

/** Rolls, and is asked to end when it tells of the n-th event of a kind. */
async function askedAt(world: ReturnType<typeof given>, kind: RollEvent["event"], nth = 1, hold?: number) {
	const asking = new AbortController();
	let seen = 0;
	const report = ({ event }: RollEvent) => {
		if (event === kind && ++seen === nth) asking.abort(cancel);
	};
	const canary = hold === undefined ? undefined : { seconds: hold, errors: 0.01 };
	const ran = await run(world, v2, { stop: asking.signal, report, canary });
	return { ...ran, stop: ran.error instanceof RollStopped ? ran.error.stop : undefined };
}

describe("a rollout that is asked to end", () => {
	it("ends after the replica under way, which then serves, and leaves its mark", async () => {
		const world = given([[{}, {}, {}]]);
		const { stop } = await askedAt(world, "restarting");
		expect(stop).toMatchObject({ cause: cancel, change: "version", reads: true, writes: true, notServing: [] });
		expect(shown(world)).toEqual(["a-0-0 1.7.1 serves", "a-0-1 1.7.1 serves", "a-0-2 1.8.0 serves"]);
		expect(world.cluster?.mark).toMatchObject({ from: v1, to: v2 });
		const { rolled } = await run(world, v2);
		expect(rolled?.steps).toBe(2);
		expect(world.cluster?.mark).toBeUndefined();
		expect(world.violations).toEqual([]);
	});

	it("lets back a replica that is not restarted yet", async () => {
		const world = given([[{}, {}]]);
		const { stop } = await askedAt(world, "draining");
		expect(stop?.cause).toEqual(cancel);
		expect(shown(world)).toEqual(["a-0-0 1.7.1 serves", "a-0-1 1.7.1 serves"]);
	});

	it("lets back a replica right before it is restarted", async () => {
		const world = given([[{}, {}]]);
		const asking = new AbortController();
		const through = (control: ClusterControl): ClusterControl => ({
			...control,
			remember: async (...args) => {
				await control.remember(...args);
				asking.abort(cancel);
			},
		});
		const { error } = await run(world, v2, { stop: asking.signal, through });
		expect(error).toMatchObject({ stop: { cause: cancel, notServing: [] } });
		expect(world.log).toEqual(["begin", "drain a-0-1", "undrain a-0-1"]);
	});

	it("waits neither for queries nor for another replica", async () => {
		for (const kind of ["draining", "holding"] as const) {
			const world = given([[{}, {}]]);
			if (kind === "draining") world.unit("a-0-1").queries = [Number.POSITIVE_INFINITY];
			else world.unit("a-0-0").behindUntil = world.clock.now() + 900_000;
			const start = world.clock.now();
			expect((await askedAt(world, kind)).stop?.cause).toEqual(cancel);
			expect(world.clock.now() - start).toBeLessThan(5000);
		}
	});

	it("waits for no replica that is still starting", async () => {
		const mark = { from: v1, to: v2, since: "2025-12-31T00:00:00.000Z" };
		const world = given([[{}, { version: v2, is: "loading" }]], { mark, engines: { "1.8.0": { boots: 3_600_000 } } });
		const start = world.clock.now();
		expect((await askedAt(world, "began")).stop?.cause).toEqual(cancel);
		expect(world.clock.now() - start).toBeLessThan(5000);
	});

	it("does not take out again what it let back", async () => {
		const world = given([[{}, {}]]);
		const asking = new AbortController();
		let isBack = false;
		const through = (control: ClusterControl): ClusterControl => ({
			...control,
			holds: async (name) => {
				if (isBack) asking.abort(cancel);
				return control.holds(name);
			},
		});
		const report = ({ event }: RollEvent) => {
			if (event === "draining") world.unit("a-0-0").behindUntil = world.clock.now() + 1000;
			if (event === "returned") isBack = true;
		};
		const { error } = await run(world, v2, { stop: asking.signal, through, report });
		expect(error).toMatchObject({ stop: { cause: cancel } });
		expect(world.log).toEqual(["begin", "drain a-0-1", "undrain a-0-1"]);
	});

	it("does not wait for the end of a hold, which is then done again", async () => {
		const world = given([[{}, {}]]);
		const start = world.clock.now();
		const { stop } = await askedAt(world, "comparing", 1, 86_400);
		expect(stop?.cause).toEqual(cancel);
		expect(world.clock.now() - start).toBeLessThan(3_600_000);
		const again = await run(world, v2, { canary: { seconds: 600, errors: 0.01 } });
		expect(again.events.filter(({ event }) => event === "comparing")).toHaveLength(1);
	});

	it("touches nothing, and leaves no mark, where it was asked before it began", async () => {
		const world = given([[{}, {}]]);
		const { error } = await run(world, v2, { stop: AbortSignal.abort(cancel) });
		expect(error).toBeInstanceOf(RollStopped);
		expect(world.cluster?.mark).toBeUndefined();
		expect(world.log.filter((line) => line.startsWith("restart"))).toEqual([]);
	});

	it("ends between two replicas of a stopped cluster", async () => {
		const world = given([[{}, {}]], { mode: "stopped" });
		const { stop } = await askedAt(world, "noted");
		expect(stop?.cause).toEqual(cancel);
		expect(world.log).toEqual(["begin", "restart a-0-1 1.8.0"]);
		expect((await run(world, v2)).rolled?.steps).toBe(1);
	});

	it("is done where the last replica is under way", async () => {
		const { rolled } = await askedAt(given([[{}, {}]]), "restarting", 2);
		expect(rolled?.steps).toBe(2);
	});

	it("does not wait for a replica that was lost meanwhile, and says how far it is", async () => {
		// The first is lost for a quarter of an hour, just when the last one serves.
		const world = given([[{}, {}]]);
		const asking = new AbortController();
		let served = 0;
		const report = ({ event }: RollEvent) => {
			if (event !== "serving" || ++served < 2) return;
			world.engines.set("1.8.0", { boots: 800_000 });
			world.boot(world.unit("a-0-1"));
			asking.abort(cancel);
		};
		const { error } = await run(world, v2, { stop: asking.signal, report });
		expect(stopText((error as RollStopped).stop)).toBe(
			"update of 'a' to 1.8.0 stopped with 1 of 2 replicas updated. This run was cancelled. a-0-0 serves 1.8.0; a-0-1 does not serve: reads and writes work. Next: run pulumi up again: it resumes from here.",
		);
		expect(world.cluster?.mark).toMatchObject({ to: v2 });
		const restarts = world.log.filter((line) => line.startsWith("restart"));
		await run(world, v2);
		expect(world.log.filter((line) => line.startsWith("restart"))).toEqual(restarts);
		expect(world.cluster?.mark).toBeUndefined();
	});

	it("does not wait for an idle cluster to wake, which then goes on by itself", async () => {
		const world = given([[{}, {}]], { mode: "idle", engines: { [v1]: { boots: 800_000 } } });
		const { error } = await run(world, v2, { stop: AbortSignal.abort(cancel) });
		expect((error as RollStopped).stop).toMatchObject({ cause: cancel, change: "version", step: 0 });
		expect(world.cluster?.mark).toBeUndefined();
		expect((await run(world, v2)).rolled?.steps).toBe(2);
	});

	it("waits no longer for the claim of another process", async () => {
		const world = given([[{}, {}]]);
		world.claims.claim("ann@laptop, process 1", 30);
		const { error } = await run(world, v2, { stop: AbortSignal.abort(cancel) });
		expect(error).toBeInstanceOf(Claimed);
		expect(world.log).toEqual([]);
	});

	it("leaves no replica down, whenever that is, and the next one does the rest", async () => {
		const kinds = ["began", "draining", "restarting", "progress", "serving"] as const;
		await fc.assert(
			fc.asyncProperty(
				fc.constantFrom(...kinds),
				fc.integer({ min: 1, max: 8 }),
				fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
				async (kind, nth, shards) => {
					const world = given(shards.map((replicas) => Array.from({ length: replicas }, () => ({}))));
					await askedAt(world, kind, nth);
					expect(shown(world).filter((line) => line.endsWith("down"))).toEqual([]);
					await run(world, v2);
					expect(shown(world).filter((line) => !line.includes("1.8.0 serves"))).toEqual([]);
					expect(world.violations).toEqual([]);
				},
			),
			{ numRuns: 60 },
		);
	});
});

it("a wait that is asked to end says what the cluster is meanwhile", async () => {
	const world = given([[{ is: "loading" }, {}]], { engines: { [v1]: { boots: 3_600_000 } } });
	const options = { clock: world.clock, stop: AbortSignal.abort(cancel) };
	const error: unknown = await untilState(new ScriptedControl(world), "Started", options).catch((it: unknown) => it);
	expect(error).toBeInstanceOf(WaitStopped);
	expect((error as WaitStopped).stop).toMatchObject({ cluster: "a", wanted: "Started", cause: cancel });
});
