import { describe, expect, test, vi } from "vitest";
import * as provider from "../../../src/pulumi/provider";
import { Engine, type Properties, running } from "../engine";
import { scripted } from "../scripted-platform";
import { forward, lines, versionsNow, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

describe("an update", () => {
	test("shows in preview what it does, and does it replica by replica", async () => {
		const engine = await running();
		const { inputs, changes } = await engine.preview({ version: "1.9.0" });
		expect(changes).toBe(true);
		expect(inputs.caveats).toEqual({
			"1.7.1 -> 1.9.0": {
				image: `db:1.9.0@${scripted.digest}`,
				notes: expect.stringMatching(/^2024-11-07, https:\/\/github\.com\/myscale\/MyScaleDB\//),
				order: expect.stringContaining("a-0-1"),
				reads: "SELECT keeps working",
				return: "not possible, because a DB version is never downgraded",
				writes: "may fail for a while as each replica restarts",
			},
		});
		lines.length = 0;
		await engine.up({ version: "1.9.0" });
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
		expect(engine.outputs).toMatchObject({ version: "1.9.0", previousVersion: "1.7.1", updateAvailable: false });
		expect(lines[0]).toBe("a: updating 1.7.1 -> 1.9.0: 2 replicas");
		expect(new Set(lines).size).toBe(lines.length);
		const next = await engine.preview({ version: "1.9.0" });
		expect(next).toMatchObject({ changes: false });
		expect(next.inputs).not.toHaveProperty("caveats");
	});

	test("is refused with every reason, on preview", async () => {
		const engine = await running("1.8.0");
		world().kill("a-0-1");
		const { refused } = await engine.preview({ version: "1.7.0", replicas: 1 });
		expect(refused).toEqual([
			expect.stringMatching(/^replicas: a-0-1 can't be asked what it holds\./),
			expect.stringMatching(/^version: 1\.7\.0 is older than 1\.8\.0/),
			expect.stringMatching(/^version: the cluster is Degraded/),
		]);
	});

	test("is refused where the version is known and its image is gone; of an unknown one that is not said twice", async () => {
		const engine = await running();
		scripted.missing = "1.9.0";
		expect((await engine.preview({ version: "1.9.0" })).refused).toEqual([
			"version: there is no image db:1.9.0: push it.",
		]);
		scripted.missing = "1.9.9";
		expect((await engine.preview({ version: "1.9.9" })).refused).toEqual([
			expect.stringMatching(/^version: 1\.9\.9 is not a known version/),
		]);
	});

	test("is refused when the cluster can't be read, and fails when it can't be read any more", async () => {
		const engine = await running();
		const { inputs } = await engine.preview({ version: "1.9.0" });
		scripted.unreachable = true;
		expect((await engine.preview({ version: "1.9.0" })).refused).toEqual([
			expect.stringMatching(/^version: the cluster can't be read: connection refused\./),
		]);
		expect(inputs).toHaveProperty("caveats");
	});

	test("judges again right before it touches anything", async () => {
		const engine = await running();
		const { inputs } = await engine.preview({ version: "1.8.0", ...forward });
		await new Engine().up({ version: "1.9.0" });
		const log = world().log.length;
		const error = await provider.update(engine.id, engine.outputs, inputs).catch((it: unknown) => it);
		expect((error as Error).message).toMatch(/^1\.8\.0 is older than 1\.9\.0, which the cluster runs/);
		expect(error).not.toHaveProperty("properties");
		expect(world().log.slice(log)).toEqual([]);
	});

	test("that stops midway keeps the old state, says what serves, and is gone on with by the next one", async () => {
		const engine = await running();
		world().engines.set("1.9.0", { fate: "exits", boots: 20 });
		const { inputs } = await engine.preview({ version: "1.9.0" });
		const error = await provider.update(engine.id, engine.outputs, inputs).catch((it: unknown) => it);
		const { message, ...rest } = error as Error & { properties: Properties };
		expect(message).toMatch(
			/^update of 'a' to 1\.9\.0 stopped at the first of 2 replicas\. a-0-1 did not start: .*Next: /,
		);
		expect(rest).toMatchObject({
			id: engine.id,
			reasons: [message],
			properties: { ...engine.outputs, state: "Degraded", replicaVersions: expect.any(Array) },
		});
		engine.outputs = rest.properties;

		const older = [
			expect.stringMatching(/^version: .* is older than 1\.9\.0/),
			expect.stringMatching(/^version: the update from/),
		];
		expect((await engine.preview({ version: "1.8.0", ...forward })).refused).toEqual(older);
		// The code was set back: no input changes, and yet it is refused.
		expect((await engine.preview({ version: "1.7.1", ...forward })).refused).toEqual(older);

		world().engines.set("1.9.0", { boots: 20 });
		const resumed = await engine.preview({ version: "1.9.0" });
		expect(resumed).toMatchObject({ changes: true, refused: [] });
		expect(resumed.inputs.unfinished).toMatch(/^1\.7\.1 -> 1\.9\.0, since /);
		await engine.up({ version: "1.9.0" });
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
		expect(world().record()?.mark).toBeUndefined();
		expect(await engine.preview({ version: "1.9.0" })).toMatchObject({ changes: false });
	});

	test("of a version that never started anywhere may be given up", async () => {
		const engine = await running();
		world().engines.set("1.9.0", { fate: "missing" });
		const { inputs } = await engine.preview({ version: "1.9.0" });
		await expect(provider.update(engine.id, engine.outputs, inputs)).rejects.toThrow(/there is no image of 1\.9\.0/);
		const back = await engine.preview({ version: "1.7.1", ...forward });
		expect(back).toMatchObject({ changes: true, refused: [] });
		await engine.up({ version: "1.7.1", ...forward });
		expect(versionsNow()).toEqual(["1.7.1", "1.7.1"]);
		expect(world().record()?.mark).toBeUndefined();
	});

	test("that changes nothing but what Pulumi keeps fails while a replica does not serve, and is in force for a destroy", async () => {
		const engine = await running("1.8.0", forward);
		world().kill("a-0-1");
		const calls = world().calls;
		expect(await engine.up({ version: "1.8.0", ...forward })).toBe(false);
		// Nothing is asked but the record.
		expect(world().calls).toBe(calls + 1);
		const gone = { version: "1.8.0", ...forward, deletionPolicy: "Delete" };
		expect(await engine.fails(gone)).toMatch(
			/^'a' did not reach the state Started and is Degraded\. a-0-1 did not start: killed\. Next: look at the log of a-0-1/,
		);
		expect(engine.outputs).toMatchObject({ deletionPolicy: "Delete", state: "Degraded" });
		// A version is refused, and what a destroy goes by is in force all the same.
		const kept = { ...gone, deletionPolicy: "Retain" };
		const { inputs } = await engine.preview(kept);
		const error = await provider.update(engine.id, engine.outputs, { ...inputs, version: "1.9.0" }).catch((it) => it);
		expect(error.message).toMatch(/the cluster is Degraded/);
		expect(error.properties).toMatchObject({ deletionPolicy: "Retain", version: "1.8.0" });
		await provider.delete(engine.id, engine.outputs);
		await running("1.7.1");
	});

	test("waits for a replica that is just coming back", async () => {
		const engine = await running("1.8.0", forward);
		world().boot(world().unit("a-0-1"));
		await engine.up({ version: "1.8.0", ...forward, deletionPolicy: "Delete" });
		expect(engine.outputs).toMatchObject({ state: "Started" });
	});

	describe("and desiredState", () => {
		const caveats = async (engine: Engine, args: Properties) => (await engine.preview(args)).inputs.caveats;

		test("one that is stopped and is to start: updated while stopped, then started", async () => {
			const engine = await running("1.7.1", { desiredState: "Stopped" });
			const args = { version: "1.9.0", desiredState: "Started" };
			expect(await caveats(engine, args)).toMatchObject({
				"1.7.1 -> 1.9.0": { state: "will be updated while it is Stopped, then started" },
			});
			const log = world().log.length;
			await engine.up(args);
			expect(engine.outputs).toMatchObject({ state: "Started", version: "1.9.0" });
			expect(
				world()
					.log.slice(log)
					.filter((line) => /^(start|restart|finish)/.test(line)),
			).toEqual(["restart a-0-1 1.9.0", "restart a-0-0 1.9.0", "finish", "start"]);
		});

		test("one that serves and is to stop: updated, then stopped", async () => {
			const engine = await running("1.7.1");
			const args = { version: "1.9.0", desiredState: "Stopped" };
			expect(await caveats(engine, args)).toMatchObject({
				"1.7.1 -> 1.9.0": {
					reads: "SELECT keeps working",
					state: "will be updated, then stopped; reads and writes are unavailable until the cluster is started again",
				},
			});
			await engine.up(args);
			expect(engine.outputs).toMatchObject({ state: "Stopped", version: "1.9.0" });
		});

		test("alone", async () => {
			const engine = await running("1.9.0");
			expect(await caveats(engine, { version: "1.9.0", desiredState: "Started" })).toBeUndefined();
			const stop = { version: "1.9.0", desiredState: "Stopped" };
			expect(await caveats(engine, stop)).toEqual({
				"Started -> Stopped": {
					state: "will be stopped; reads and writes are unavailable until the cluster is started again",
				},
			});
			await engine.up(stop);
			expect(await caveats(engine, stop)).toBeUndefined();
			expect(await caveats(engine, { version: "1.9.0", desiredState: "Started" })).toEqual({
				"Stopped -> Started": { state: "will be started" },
			});
		});
	});

	test("stops no cluster of others that would lose its data by that, in preview as in up", async () => {
		const engine = await running("1.8.0");
		Object.assign(scripted, { foreign: true, loses: "its volumes would be deleted." });
		for (const version of ["1.8.0", "1.9.0"]) {
			const { refused } = await engine.preview({ version, desiredState: "Stopped" });
			expect(refused).toEqual(["desiredState: its volumes would be deleted."]);
			expect(await engine.preview({ version, desiredState: "Started" })).toMatchObject({ refused: [] });
		}
		const inputs = { ...engine.inputs, desiredState: "Stopped" };
		await expect(provider.update(engine.id, engine.outputs, inputs)).rejects.toThrow("its volumes would be deleted.");
		expect(world().cluster?.mode).toBe("running");
		// Once it is stopped, nothing is lost any more.
		scripted.loses = "";
		await engine.up({ version: "1.8.0", desiredState: "Stopped" });
		scripted.loses = "its volumes would be deleted.";
		expect(await engine.preview({ version: "1.9.0", desiredState: "Stopped" })).toMatchObject({ refused: [] });
	});

	test("finds a cluster of Stopped stopped, leaves it so, and starts it when told to", async () => {
		const engine = await running("1.7.1", { desiredState: "Stopped" });
		const { inputs } = await engine.preview({ version: "1.9.0", desiredState: "Stopped" });
		expect(inputs.caveats).toMatchObject({ "1.7.1 -> 1.9.0": { reads: expect.stringMatching(/^unavailable/) } });
		await engine.up({ version: "1.9.0", desiredState: "Stopped" });
		expect(engine.outputs).toMatchObject({ state: "Stopped", version: "1.9.0" });
		await engine.up({ version: "1.9.0", desiredState: "Started" });
		expect(engine.outputs).toMatchObject({ state: "Started" });
	});

	test("stamps the new owner after a stack rename", async () => {
		const engine = await running("1.9.0");
		expect(await engine.preview({ version: "1.9.0", owner: "p/renamed/a" })).toMatchObject({
			changes: true,
			refused: [],
		});
		await engine.up({ version: "1.9.0", owner: "p/renamed/a" });
		expect(world().record()?.owner).toBe("p/renamed/a");
		expect(await engine.preview({ version: "1.9.0", owner: "p/renamed/a" })).toMatchObject({ changes: false });
	});
});
