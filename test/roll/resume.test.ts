import { describe, expect, it } from "vitest";
import type { ClusterControl } from "../../src/control/port";
import type { HeldTable } from "../../src/core/holdings";
import { rows } from "../scripted/world";
import { type Given, given, run, shown, shows, v1, v2, v3 } from "./build";

const mark = { from: v1, to: v2, since: "2025-12-31T00:00:00.000Z" };

describe("an update that stopped midway", () => {
	it("is gone on with from what the cluster shows, and the mark keeps when it began", async () => {
		const world = given([[{}, { version: v2 }]], { mark });
		const { events } = await run(world, v2, {
			report: (event) => {
				if (event.event === "serving") expect(world.record()?.mark).toEqual(mark);
			},
		});
		expect(world.log).toEqual(["drain a-0-0", "restart a-0-0 1.8.0", "finish"]);
		expect(events[0]).toMatchObject({ event: "began", resumes: true, steps: 1 });
	});

	it("may be taken to a later version, whose mark it then carries", async () => {
		const world = given([[{}, { version: v2, is: "failed" }]], { mark });
		const { rolled } = await run(world, v3, {
			report: (event) => {
				if (event.event === "serving") expect(world.record()?.mark).toMatchObject({ from: v1, to: v3 });
			},
		});
		expect(rolled?.cluster.state).toBe("Started");
		expect(shown(world)).toEqual(["a-0-0 1.10.0 serves", "a-0-1 1.10.0 serves"]);
	});

	it("of a creation remains one where a later version is asked for", async () => {
		const creation = { from: v1, to: v1, since: mark.since, creates: true } as const;
		const world = given([[{ is: "killed" }]], { mark: creation });
		world.unit("a-0-0").openedBy = undefined;
		const marks: unknown[] = [];
		await run(world, v2, { report: ({ event }) => event === "began" && marks.push(world.record()?.mark) });
		expect(marks).toEqual([{ from: v1, to: v2, since: expect.stringMatching(/^2026-01-01T00:00:00/), creates: true }]);
	});

	it("is not gone on with where a shard that was done lacks something by now", async () => {
		const more: HeldTable = { database: "default", name: "more", engine: "ReplicatedMergeTree", path: "/more" };
		const done: Given = { version: v2 };
		const world = given([[done], [{}, {}], [done, { ...done, tables: [rows, more] }]], { mark });
		const asked = new Set<string>();
		const through = (control: ClusterControl): ClusterControl => ({
			...control,
			holds: (name) => {
				asked.add(name);
				return control.holds(name);
			},
		});
		expect(await run(world, v2, { through })).toMatchObject({
			error: { stop: { replica: "a-2-0", cause: { kind: "data-missing", tables: ["default.more"] } } },
		});
		expect(world.log.filter((line) => line.startsWith("restart"))).toEqual([]);
		// One alone has nobody to be compared with, and those that have steps are compared in them.
		expect([...asked].toSorted()).toEqual(["a-2-0", "a-2-1"]);
	});

	it("is compared only with what an earlier rollout may have left", async () => {
		const more: HeldTable = { database: "default", name: "more", engine: "ReplicatedMergeTree", path: "/more" };
		const world = given([
			[{ outdated: true }, {}],
			[{}, { tables: [rows, more] }],
		]);
		expect((await run(world, v1)).rolled?.steps).toBe(1);
	});

	it("in several shards at once is gone on with in each, whatever is down there", async () => {
		const world = given(
			[
				[{ is: "killed" }, { version: v2 }],
				[{}, { version: v2 }],
			],
			{ mark },
		);
		expect((await run(world, v2)).rolled?.steps).toBe(2);
	});

	it("is waited for at a replica that is still starting, whatever that was to start", async () => {
		const engines = { "1.8.0": { boots: 20_000 } };
		const world = given([[{}, { version: v2, is: "loading" }]], { mark, engines });
		const through = shows(({ replica }) => (replica.name === "a-0-1" && !replica.serving ? { starting: v1 } : {}));
		expect((await run(world, v2, { through })).rolled?.steps).toBe(2);
	});

	it("may go back to what runs where no replica ever started the target", async () => {
		const world = given([[{}, { version: v2, is: "failed" }]], { mark });
		await run(world, v1);
		expect(shown(world)).toEqual(["a-0-0 1.7.1 serves", "a-0-1 1.7.1 serves"]);
		expect(world.log.filter((line) => line.startsWith("restart"))).toEqual(["restart a-0-1 1.7.1"]);
		expect(world.record()?.mark).toBeUndefined();
		expect(world.violations).toEqual([]);
	});

	it("goes back at once, waiting for nothing, where the replica still hangs before it starts the target", async () => {
		const engines = { "1.8.0": { pulls: Number.POSITIVE_INFINITY } };
		const world = given([[{}, { version: v2, is: "loading" }]], { mark, engines });
		const { rolled } = await run(world, v1);
		expect(shown(world)).toEqual(["a-0-0 1.7.1 serves", "a-0-1 1.7.1 serves"]);
		expect(rolled?.seconds).toBeLessThan(60);
	});

	it("lets back first what was drained and not restarted", async () => {
		const world = given([[{}, { is: "drained" }]], { mark });
		await run(world, v2);
		expect(world.log.slice(0, 3)).toEqual(["undrain a-0-1", "drain a-0-1", "restart a-0-1 1.8.0"]);
	});

	it("is what lets back: what others took out before stays out until its step", async () => {
		const world = given([[{}, { is: "drained" }]]);
		await run(world, v2);
		expect(world.log.slice(0, 3)).toEqual(["begin", "drain a-0-1", "restart a-0-1 1.8.0"]);
	});

	it("lets back what was drained although the other is down", async () => {
		const world = given([[{ is: "killed" }, { is: "drained" }]], { mark });
		const served: boolean[] = [];
		await run(world, v2, {
			report: (event) => {
				if (event.event === "restarting" && event.replica === "a-0-0") {
					served.push(world.condition(world.unit("a-0-1")).serving);
				}
			},
		});
		expect(served).toEqual([true]);
		expect(shown(world)).toEqual(["a-0-0 1.8.0 serves", "a-0-1 1.8.0 serves"]);
		expect(world.violations).toEqual([]);
	});

	it("does not restart a replica that is still loading the target", async () => {
		const world = given([[{}, { version: v2, is: "loading" }]], {
			mark,
			engines: { "1.8.0": { boots: 600_000, lags: 5000 } },
		});
		await run(world, v2);
		expect(world.log.filter((line) => line.startsWith("restart"))).toEqual(["restart a-0-0 1.8.0"]);
		expect(world.log.filter((line) => line === "undrain a-0-1")).toHaveLength(1);
	});

	it("does not restart a replica that has yet to start with the target", async () => {
		const engines = { "1.8.0": { pulls: 100_000, boots: 600_000 } };
		const world = given([[{}, { version: v2, is: "loading" }]], { mark, engines });
		expect(world.observe(new Map())?.replicas[1]?.version).toBeUndefined();
		await run(world, v2);
		expect(world.log.filter((line) => line.startsWith("restart"))).toEqual(["restart a-0-0 1.8.0"]);
	});

	it("restarts a replica that failed at the target, since its image may have been mended", async () => {
		const world = given([[{}, { version: v2 }]], { mark });
		world.kill("a-0-1");
		await run(world, v2);
		expect(world.log.filter((line) => line.startsWith("restart"))).toEqual([
			"restart a-0-1 1.8.0",
			"restart a-0-0 1.8.0",
		]);
	});

	it("while the cluster is stopped, is gone on with while it is stopped", async () => {
		const world = given([[{}, { version: v2 }]], { mark, mode: "stopped" });
		await run(world, v2);
		expect(world.log).toEqual(["restart a-0-0 1.8.0", "finish"]);
	});
});
