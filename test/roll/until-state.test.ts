import { describe, expect, it } from "vitest";
import { ControlError } from "../../src/control/errors";
import type { RollEvent } from "../../src/roll/events";
import { WaitStopped } from "../../src/roll/stopped";
import { untilState } from "../../src/roll/until-state";
import { ScriptedControl } from "../scripted/control";
import type { World } from "../scripted/world";
import { type Given, given, v1 } from "./build";

const loading: readonly (readonly Given[])[] = [[{ is: "loading" }, { is: "loading" }]];

function wait(
	world: World,
	wanted: "Started" | "Stopped",
	report?: (event: RollEvent) => void,
	keep?: () => Promise<void>,
) {
	return untilState(new ScriptedControl(world), wanted, { clock: world.clock, stallSeconds: 30, report, keep });
}

describe("untilState", () => {
	it("waits for as long as there is progress, and tells of it", async () => {
		const world = given(loading, { engines: { [v1]: { boots: 4 * 25_000 } } });
		const events: RollEvent[] = [];
		const cluster = await wait(world, "Started", (event) => events.push(event));
		expect(cluster.state).toBe("Started");
		expect(events.slice(0, 2)).toEqual([
			{ event: "progress", replica: "a-0-0", phase: "loading tables: 0 of 4" },
			{ event: "progress", replica: "a-0-1", phase: "loading tables: 0 of 4" },
		]);
		expect(events).toHaveLength(8);
	});

	it("fails at once with the words of a replica that can't start", async () => {
		const world = given(loading, { engines: { "a-0-1@1.7.1": { fate: "missing" } } });
		const start = world.clock.now();
		const error: unknown = await wait(world, "Started").catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(WaitStopped);
		expect((error as WaitStopped).stop).toEqual({
			cluster: "a",
			wanted: "Started",
			state: "Degraded",
			replica: "a-0-1",
			cause: { kind: "failed", cause: "image", words: "there is no image of 1.7.1" },
		});
		expect(world.clock.now() - start).toBeLessThan(1000);
	});

	it("gives up where nothing moves, and says where", async () => {
		const world = given(loading, { engines: { "a-0-1@1.7.1": { fate: "hangs" } } });
		await expect(wait(world, "Started")).rejects.toMatchObject({
			stop: { replica: "a-0-1", cause: { kind: "stalled", phase: "loading tables: 1 of 4", seconds: 30 } },
		});
	});

	it("tells at once that others scaled a shard", async () => {
		const world = given(loading);
		world.asked.set(0, { object: "StatefulSet a-0", replicas: 1, of: 2 });
		const start = world.clock.now();
		await expect(wait(world, "Started")).rejects.toMatchObject({
			stop: { wanted: "Started", cause: { kind: "resized", object: "StatefulSet a-0", replicas: 1, of: 2 } },
		});
		expect(world.clock.now() - start).toBeLessThan(1000);
	});

	it("does not give up what still has time to stop, however little patience there is", async () => {
		const world = given(loading, { engines: { [v1]: { stops: 300_000, boots: 301_000 } } });
		const events: RollEvent[] = [];
		expect((await wait(world, "Started", (event) => events.push(event))).state).toBe("Started");
		const stopping = { event: "progress", phase: "stopping" };
		expect(events.filter((event) => event.event === "progress" && event.phase === "stopping")).toEqual([
			{ ...stopping, replica: "a-0-0" },
			{ ...stopping, replica: "a-0-1" },
		]);
	});

	it("gives up where a cluster does not stop", async () => {
		const world = given([[{}]]);
		await expect(wait(world, "Stopped")).rejects.toMatchObject({
			stop: { wanted: "Stopped", state: "Started", cause: { kind: "stalled" } },
		});
	});

	it("returns at once what is as wanted", async () => {
		const world = given([[{}]], { mode: "stopped" });
		expect((await wait(world, "Stopped")).state).toBe("Stopped");
		expect(world.calls).toBe(1);
	});

	it("ends where the cluster is gone, or its claim", async () => {
		const world = given(loading);
		world.cluster = undefined;
		await expect(wait(world, "Started")).rejects.toThrow(ControlError);
		await expect(wait(world, "Started")).rejects.toThrow(/cluster/);
		const lost = async () => {
			throw new ControlError("lost");
		};
		await expect(wait(given(loading), "Started", undefined, lost)).rejects.toThrow("lost");
	});
});
