import { describe, expect, it } from "vitest";
import type { ClusterControl } from "../../src/control/port";
import type { RollEvent } from "../../src/roll/events";
import { boot } from "../scripted/unit";
import type { World } from "../scripted/world";
import { given, run, shown, v1, v2, v3 } from "./build";

/** A replica that serves again right after the first look at it, or a later one. */
function bootsAtLook(world: World, replica: string, which = 1) {
	let looks = 0;
	return (control: ClusterControl): ClusterControl => ({
		...control,
		look: async (name, care) => {
			const view = await control.look(name, care);
			if (name === replica && ++looks === which) world.boot(world.unit(name));
			return view;
		},
	});
}

describe("the order of a roll", () => {
	it("marks, then takes one replica after the other from the highest ordinal, then removes the mark", async () => {
		const world = given([[{}, {}]]);
		const { events, rolled } = await run(world, v2);
		expect(world.log).toEqual([
			"begin",
			"drain a-0-1",
			"restart a-0-1 1.8.0",
			"drain a-0-0",
			"restart a-0-0 1.8.0",
			"finish",
		]);
		expect(events.filter(({ event }) => event !== "progress").map(brief)).toEqual([
			"began 1.7.1 -> 1.8.0",
			"draining a-0-1",
			"drained a-0-1",
			"restarting a-0-1",
			"serving a-0-1",
			"draining a-0-0",
			"drained a-0-0",
			"restarting a-0-0",
			"serving a-0-0",
			"finished 1.7.1 -> 1.8.0",
		]);
		expect(events.filter(({ event }) => event === "progress")[0]).toEqual({
			event: "progress",
			replica: "a-0-1",
			phase: "loading tables: 0 of 4",
		});
		expect(events.flatMap((event) => (event.event === "serving" ? [[event.done, event.of]] : []))).toEqual([
			[1, 2],
			[2, 2],
		]);
		expect(rolled?.steps).toBe(2);
		expect(rolled?.cluster).toMatchObject({ state: "Started" });
		expect(rolled?.cluster.mark).toBeUndefined();
		expect(world.violations).toEqual([]);
	});

	it("takes broken replicas first, without a thought for those that they can't be missed by", async () => {
		const world = given([[{ is: "killed" }, {}, {}]]);
		await run(world, v2);
		expect(world.log.filter((line) => line.startsWith("restart"))).toEqual([
			"restart a-0-0 1.8.0",
			"restart a-0-2 1.8.0",
			"restart a-0-1 1.8.0",
		]);
		expect(world.violations).toEqual([]);
	});

	it("takes those that are still down before those that came back by themselves meanwhile", async () => {
		const world = given([[{ is: "killed" }, { is: "killed" }, { is: "killed" }]]);
		let came = false;
		await run(world, v2, {
			report: ({ event }) => {
				if (event === "restarting" && !came) world.boot(world.unit("a-0-1"));
				came ||= event === "restarting";
			},
		});
		expect(restarted(world)).toEqual(["a-0-2", "a-0-0", "a-0-1"]);
		expect(world.violations).toEqual([]);
	});

	it("takes another that is down first where one serves again right when it is its turn", async () => {
		const world = given([[{ is: "killed" }, { is: "killed" }, {}]], { engines: { "1.7.1": { boots: 0 } } });
		const { rolled } = await run(world, v2, { through: bootsAtLook(world, "a-0-1") });
		expect(restarted(world)[0]).toBe("a-0-0");
		expect(restarted(world).toSorted()).toEqual(["a-0-0", "a-0-1", "a-0-2"]);
		expect(rolled?.steps).toBe(3);
		expect(world.violations).toEqual([]);
	});

	it("waits for none that serves again at the last look at it", async () => {
		const world = given([[{ is: "killed" }, { is: "killed" }, {}]], { engines: { "1.7.1": { boots: 0 } } });
		const both = (control: ClusterControl) => bootsAtLook(world, "a-0-0", 2)(bootsAtLook(world, "a-0-1")(control));
		const { events, rolled } = await run(world, v2, { through: both });
		expect(rolled?.steps).toBe(3);
		expect(restarted(world)[0]).toBe("a-0-1");
		expect(events.filter(({ event }) => event === "holding")).toEqual([]);
	});

	it("waits for one that came back by itself and is only behind", async () => {
		const world = given([[{ is: "killed" }, { is: "killed" }, {}]], { engines: { "1.7.1": { boots: 0 } } });
		await run(world, v2, {
			report: ({ event }) => {
				if (event !== "began") return;
				for (const name of ["a-0-0", "a-0-1"]) world.boot(world.unit(name));
				world.unit("a-0-0").behindUntil = world.clock.now() + 5000;
			},
		});
		expect(restarted(world)).toEqual(["a-0-1", "a-0-0", "a-0-2"]);
		expect(world.violations).toEqual([]);
	});

	it("restarts those whose settings are older, though they are at the target", async () => {
		const world = given([[{ outdated: true }, {}]]);
		const { rolled } = await run(world, v1);
		expect(restarted(world)).toEqual(["a-0-0"]);
		expect(rolled?.seconds).toBeLessThan(60);
	});

	it("takes one first that served again at its turn and is down once more", async () => {
		const world = given([[{ is: "killed" }, { is: "killed" }, {}]], { engines: { "1.7.1": { boots: 0 } } });
		const report = (event: RollEvent) => {
			if (event.event === "serving" && event.replica === "a-0-0") world.kill("a-0-1");
		};
		await run(world, v2, { through: bootsAtLook(world, "a-0-1"), report });
		expect(restarted(world)).toEqual(["a-0-0", "a-0-1", "a-0-2"]);
		expect(world.violations).toEqual([]);
	});

	it("waits, where one serves again before its turn, for those that need no step to come back", async () => {
		const world = given([[{ is: "killed" }, {}, {}]], { engines: { "1.7.1": { boots: 0 } } });
		const { error } = await run(world, v2, {
			report: ({ event }) => {
				if (event !== "began") return;
				world.boot(world.unit("a-0-0"));
				world.kill("a-0-1");
			},
		});
		expect(error).toMatchObject({ stop: { replica: "a-0-0", cause: { kind: "not-safe" } } });
	});

	it("does not restart one that was lost meanwhile and came back with the target", async () => {
		const world = given([[{}, {}]]);
		const lost = world.cluster?.units[0];
		if (lost === undefined) throw new Error("the world is empty");
		const { rolled } = await run(world, v2, {
			report: ({ event }) => {
				if (event !== "restarting") return;
				Object.assign(lost, { version: v2, openedBy: v2 });
				boot(lost, world.engine(lost.name, v2), world.clock.now());
			},
		});
		expect(world.log).toEqual(["begin", "drain a-0-1", "restart a-0-1 1.8.0", "finish"]);
		expect(shown(world)).toEqual(["a-0-0 1.8.0 serves", "a-0-1 1.8.0 serves"]);
		expect(rolled?.cluster.state).toBe("Started");
	});

	it("goes on with a shard of one replica, which nobody can stand in for", async () => {
		const world = given([[{}]]);
		expect((await run(world, v2)).rolled?.steps).toBe(1);
		expect(shown(world)).toEqual(["a-0-0 1.8.0 serves"]);
	});

	it("lets the other shards join after the first replica serves, no more than told at once", async () => {
		const world = given([
			[{}, {}],
			[{}, {}],
			[{}, {}],
			[{}, {}],
		]);
		const out = new Set<string>();
		let most = 0;
		let canary = true;
		const report = (event: RollEvent) => {
			if (event.event === "draining") out.add(event.replica);
			if (event.event === "serving") out.delete(event.replica);
			if (event.event === "serving") canary = false;
			if (canary) expect([...out].every((name) => name === "a-0-1")).toBe(true);
			most = Math.max(most, out.size);
		};
		const { rolled } = await run(world, v2, { report, timing: { shardsAtOnce: 3 } });
		expect(rolled?.steps).toBe(8);
		expect(most).toBe(3);
		expect(world.violations).toEqual([]);
	});

	it("works on one shard at a time when told so", async () => {
		const world = given([
			[{}, {}],
			[{}, {}],
		]);
		await run(world, v2, { timing: { shardsAtOnce: 1 } });
		expect(restarted(world)).toEqual(["a-0-1", "a-0-0", "a-1-1", "a-1-0"]);
	});

	it("does nothing where every replica serves the target already", async () => {
		const world = given([[{ version: v2 }, { version: v2 }]]);
		const { events, rolled } = await run(world, v2);
		expect([world.log, events, rolled?.steps]).toEqual([[], [], 0]);
	});

	it("only removes the mark where that is all that an earlier roll left to do", async () => {
		const mark = { from: v1, to: v2, since: "2026-01-01T00:00:00.000Z" };
		const world = given([[{ version: v2 }, { version: v2 }]], { mark });
		await run(world, v2);
		expect(world.log).toEqual(["finish"]);
	});
});

describe("a cluster that does not run", () => {
	it("that is stopped is updated without a start, and stays stopped", async () => {
		const world = given([[{}, {}]], { mode: "stopped" });
		const { events, rolled } = await run(world, v2);
		expect(world.log).toEqual(["begin", "restart a-0-1 1.8.0", "restart a-0-0 1.8.0", "finish"]);
		expect(events.map(brief)).toEqual([
			"began 1.7.1 -> 1.8.0",
			"noted a-0-1",
			"noted a-0-0",
			"finished 1.7.1 -> 1.8.0",
		]);
		expect(rolled?.cluster.state).toBe("Stopped");
		expect(shown(world)).toEqual(["a-0-0 1.8.0 down", "a-0-1 1.8.0 down"]);
	});

	it.each(["Stopping", "Idle"] as const)(
		"that is stopped and turns out to be %s is waited for no more",
		async (state) => {
			const world = given([[{}, {}]], { mode: "stopped" });
			const through = (control: ClusterControl): ClusterControl => ({
				...control,
				observe: async (care) => {
					const cluster = await control.observe(care);
					return cluster && world.log.length > 1 ? { ...cluster, state } : cluster;
				},
			});
			expect((await run(world, v2, { through })).error).toBeUndefined();
		},
	);

	it("that is stopped and runs something else than what was noted was changed by others", async () => {
		const late = (control: ClusterControl, world: World): ClusterControl => ({
			...control,
			finish: async (claim) => {
				await control.finish(claim);
				world.unit("a-0-1").version = v3;
			},
		});
		const early = ({ event }: RollEvent) => {
			if (event === "noted") world.unit("a-0-1").version = v3;
		};
		let world = given([[{}, {}]], { mode: "stopped" });
		for (const [options, isMarked] of [
			[{ report: early }, true],
			[{ through: late }, false],
		] as const) {
			world = given([[{}, {}]], { mode: "stopped" });
			const { error } = await run(world, v2, options);
			expect(error).toMatchObject({ stop: { replica: "a-0-1", cause: { kind: "wrong-version", runs: v3 } } });
			expect(world.cluster?.mark !== undefined).toBe(isMarked);
		}
	});

	it("that is stopped has to know what it was told, unless others start it: then it is done once all serve", async () => {
		const forgets = (control: ClusterControl): ClusterControl => ({
			...control,
			observe: async () => {
				const cluster = await control.observe();
				return cluster && { ...cluster, replicas: cluster.replicas.map((one) => ({ ...one, version: undefined })) };
			},
		});
		const { error } = await run(given([[{}]], { mode: "stopped" }), v2, { through: forgets });
		expect(error).toMatchObject({ stop: { replica: "a-0-0", cause: { kind: "wrong-version", runs: undefined } } });
		const world = given([[{}]], { mode: "stopped", engines: { "1.8.0": { pulls: 60_000, boots: 60_000 } } });
		const { rolled } = await run(world, v2, { report: ({ event }) => event === "noted" && world.start() });
		expect(rolled).toMatchObject({ steps: 1, cluster: { state: "Started" } });
	});

	it("that is idle is woken first, and left started", async () => {
		const world = given([[{}, {}]], { mode: "idle" });
		const { events, rolled } = await run(world, v2);
		expect(world.log.slice(0, 3)).toEqual(["wake", "begin", "drain a-0-1"]);
		expect(events.find(({ event }) => event !== "progress")).toMatchObject({ event: "woke" });
		expect(rolled?.cluster.state).toBe("Started");
		expect(world.violations).toEqual([]);
	});

	it("that does not wake is not updated", async () => {
		const world = given([[{}, {}]], { mode: "idle", engines: { "a-0-0@1.7.1": { fate: "exits" } } });
		const { error } = await run(world, v2);
		expect(error).toMatchObject({ stop: { replica: "a-0-0", step: 0, cause: { kind: "failed" }, reads: true } });
		expect(world.log).toEqual(["wake"]);
	});

	it("that went idle in the middle of an update is woken, and what does not wake is mended", async () => {
		const mark = { from: v1, to: v2, since: "2026-01-01T00:00:00.000Z" };
		const world = given([[{}, { is: "failed", version: v2 }]], { mode: "idle", mark });
		world.engines.set("a-0-1@1.8.0", { fate: "exits" });
		const broken = await run(world, v2);
		expect(broken.error).toMatchObject({ stop: { replica: "a-0-1", step: 1, cause: { kind: "failed" } } });
		world.engines.delete("a-0-1@1.8.0");
		expect((await run(world, v2)).rolled?.cluster.state).toBe("Started");
	});
});

/** The replicas that were restarted, in order. */
const restarted = ({ log }: World) => log.flatMap((line) => (line.startsWith("restart") ? [line.split(" ")[1]] : []));

/** An event in a word or two. */
function brief(event: RollEvent): string {
	return `${event.event} ${"replica" in event ? event.replica : "transition" in event ? event.transition : ""}`;
}
