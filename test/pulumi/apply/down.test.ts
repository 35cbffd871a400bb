import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Engine, type Properties, running } from "../engine";
import { lines, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

const window = { schedule: "0 2 * * 6", minutes: 60, timeZone: "UTC" };
const held = { version: "1.8.0", update: { policy: "any", window } };

// A Tuesday: the window is closed.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-24T12:00:00Z") }));
afterEach(() => void vi.useRealTimers());

/** A cluster of which one replica is down, at its version and its settings. */
async function limping(): Promise<Engine> {
	const engine = await running("1.8.0", held);
	world().kill("a-0-1");
	world().log.length = 0;
	lines.length = 0;
	return engine;
}

const caveatsOf = async (engine: Engine, args: Properties) =>
	(await engine.preview({ ...held, ...args })).inputs.caveats;
const restarts = () => world().log.filter((line) => line.startsWith("restart"));
const isWindowTold = () => lines.some((line) => line.includes("maintenance window"));

test("while a replica is down, the cluster is stopped at any time, and nothing restarts for it", async () => {
	const engine = await limping();
	expect(await caveatsOf(engine, { desiredState: "Stopped" })).toEqual({
		"Degraded -> Stopped": { state: expect.stringMatching(/^will be stopped/) },
	});
	expect(isWindowTold()).toBe(false);
	await engine.up({ ...held, desiredState: "Stopped" });
	expect(engine.outputs.state).toBe("Stopped");
	expect(restarts()).toEqual([]);
});

test("nor does the window hold what only Pulumi keeps, or another owner", async () => {
	const engine = await limping();
	// What fails is the wait for the replica, after all was done.
	expect(await engine.fails({ ...held, deletionPolicy: "Delete" })).toMatch(/^'a' did not reach the state Started/);
	expect(await engine.fails({ ...held, owner: "p/renamed/a" })).toMatch(/^'a' did not reach the state Started/);
	expect(world().record()?.owner).toBe("p/renamed/a");
	expect(isWindowTold()).toBe(false);
	expect(restarts()).toEqual([]);
});

test("nor another size, which restarts only what is down", async () => {
	const engine = await limping();
	const { "settings at 1.8.0": said } = (await caveatsOf(engine, { replicas: 3 })) as Properties;
	expect(said).toMatchObject({ joins: expect.stringMatching(/^a-0-2 /), order: "a-0-1" });
	expect(said).not.toHaveProperty("window");
	await engine.up({ ...held, replicas: 3 });
	expect(restarts()).toEqual(["restart a-0-1 1.8.0"]);
});

test("what restarts replicas that serve is held as ever", async () => {
	const engine = await limping();
	const settings = { scripted: { memory: "4Gi" } };
	expect(await caveatsOf(engine, settings)).toMatchObject({
		"settings at 1.8.0": { order: "a-0-1, then a-0-0", window: expect.stringMatching(/^opens at /) },
	});
	expect(await engine.fails({ ...held, ...settings })).toMatch(/^the maintenance window is closed until /);
	expect(restarts()).toEqual([]);
});
