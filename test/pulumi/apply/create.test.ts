import { describe, expect, test, vi } from "vitest";
import * as provider from "../../../src/pulumi/provider";
import { base, Engine, type Properties, running, text } from "../engine";
import { scripted } from "../scripted-platform";
import { lines, versionsNow, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

describe("create", () => {
	test("makes the cluster, waits until it serves, and tells what there is", async () => {
		const { id, outputs } = await running("1.8.0");
		expect(id).toBe("scripted:here/a");
		expect(outputs).toEqual({
			...base,
			version: "1.8.0",
			endpoint: "http://a.here",
			generation: expect.stringMatching(/^[0-9a-f-]{36}$/),
			latestVersion: "1.9.0",
			updateAvailable: true,
			state: "Started",
			replicaVersions: [
				{ name: "a-0-0", version: "1.8.0" },
				{ name: "a-0-1", version: "1.8.0" },
			],
		});
	});

	test("takes `latest` as the newest there is, and stores it as a number", async () => {
		const engine = await running("latest");
		expect(engine.inputs.version).toBe("1.9.0");
		expect(await engine.preview({ version: "latest" })).toMatchObject({ changes: false, refused: [] });
		scripted.catalogue = "1.7.1";
		expect(await engine.preview({ version: "latest" })).toMatchObject({ changes: false, refused: [] });
		scripted.catalogue = "1.9.0 1.10.0";
		expect(await engine.preview({ version: "latest" })).toMatchObject({ changes: true, inputs: { version: "1.10.0" } });
	});

	test("is refused for a version that does not exist, for what stands in the way, and for `latest` of nothing", async () => {
		scripted.obstacles = [{ property: "scripted.port", reason: "8123 is in use by another program." }];
		const versions = { list: [{ version: "1.8.0" }, { version: "1.9.0" }] };
		expect((await new Engine().preview({ version: "1.7.9", versions })).refused).toEqual([
			expect.stringMatching(/^version: 1\.7\.9 is not a known version; .*1\.9\.0/),
			"scripted.port: 8123 is in use by another program.",
		]);
		scripted.catalogue = "";
		expect((await new Engine().preview({ version: "latest" })).refused).toEqual([
			expect.stringMatching(/^version: "latest" can/),
		]);
	});

	test("is refused where another's cluster is, unless it is to be adopted", async () => {
		const other = new Engine();
		await other.up({ version: "1.8.0", owner: "p/other/a" });
		const engine = new Engine();
		expect((await engine.preview({ version: "1.8.0" })).refused).toEqual([
			"name: a cluster a already exists and belongs to p/other/a. Set adopt to true to take it over, or set another name.",
		]);
		await engine.up({ version: "1.8.0", adopt: true });
		expect(world().record()).toMatchObject({ owner: "p/s/a", generation: engine.outputs.generation });
		await provider.delete(other.id, other.outputs);
		expect(world().record()).toBeDefined();
	});

	test("says that its cluster is kept where Pulumi does not know of it, as after a move without an alias", async () => {
		const former = await running("1.8.0");
		const moved = new Engine();
		const kept = expect.stringMatching(/^already exists: this create keeps the cluster and its data/);
		const same = await moved.preview({ version: "1.8.0" });
		expect(same.inputs.caveats).toEqual({ "taken over": { cluster: kept } });
		expect(lines).toContainEqual(
			expect.stringMatching(/^a already exists: .* after the create does not delete the cluster\.$/),
		);
		const newer = await moved.preview({ version: "1.9.0" });
		expect(newer.inputs.caveats).toMatchObject({ "taken over": { cluster: kept }, "1.8.0 -> 1.9.0": {} });

		await moved.up({ version: "1.8.0" });
		await provider.delete(former.id, former.outputs);
		expect(world().record()).toBeDefined();
		expect(await moved.preview({ version: "1.8.0" })).toMatchObject({ changes: false, refused: [] });
	});

	test("takes over what others made when it is told so, and says what that does", async () => {
		scripted.foreign = true;
		scripted.obstacles = [{ property: "replicas", reason: "a-0 has 3. Set replicas to 3." }];
		const engine = new Engine();
		expect((await engine.preview({ version: "1.7.9" })).refused).toEqual([
			"adopt: a was not created by DbCluster. Set adopt to true to take it over.",
			"replicas: a-0 has 3. Set replicas to 3.",
		]);
		scripted.obstacles = [];
		const preview = await engine.preview({ version: "1.7.1", adopt: true });
		expect(preview.refused).toEqual([]);
		expect(preview.inputs.caveats).toEqual({ "taken over": { replicas: "a-0-0, a-0-1 go on" } });
		await engine.up({ version: "1.7.1", adopt: true });
		// What it did is no change when it is done.
		expect(await engine.preview({ version: "1.7.1" })).toMatchObject({ changes: false, refused: [] });
	});

	test("goes on with what an earlier create left, and never makes a second cluster", async () => {
		const first = await running("1.8.0");
		const again = new Engine();
		await again.up({ version: "1.8.0" });
		expect(world().log.filter((line) => line === "create")).toHaveLength(1);
		expect(again.outputs.generation).not.toBe(first.outputs.generation);
	});

	describe("that fails", () => {
		const exits = { fate: "exits", boots: 20 } as const;
		const unmade = () => world().record()?.mark;

		test("fails again with its reason, and is done once the image is mended", async () => {
			world().engines.set("1.8.0", exits);
			const engine = new Engine();
			expect(await engine.fails({ version: "1.8.0" })).toMatch(/cannot load.* pulumi up resumes the creation/);
			expect(unmade()).toMatchObject({ to: "1.8.0", creates: true });
			const preview = await engine.preview({ version: "1.8.0" });
			expect(preview).toMatchObject({ changes: true, refused: [] });
			expect(preview.inputs).toMatchObject({
				caveats: { "creation at 1.8.0": { resumes: "a creation that stopped midway" } },
				unfinished: expect.stringMatching(/^creation at 1\.8\.0, since /),
			});
			expect(await engine.fails({ version: "1.8.0" })).toMatch(
				/^creation of 'a' with version 1\.8\.0 stopped at the first of 2 replicas\. a-0-1 did not start: exits at start: .*No other replica serves|a-0-0 does not serve/,
			);
			expect(engine.outputs.state).toBe("Degraded");

			world().engines.set("1.8.0", { boots: 20 });
			lines.length = 0;
			await engine.up({ version: "1.8.0" });
			expect(engine.outputs).toMatchObject({ state: "Started", version: "1.8.0" });
			expect(unmade()).toBeUndefined();
			expect(lines).toContainEqual(expect.stringMatching(/^a: resuming creation at 1\.8\.0: 2 replicas left/));
			expect(lines.at(-1)).toMatch(/^a: finished creation at 1\.8\.0 in /);
			expect(await engine.preview({ version: "1.8.0" })).toMatchObject({ changes: false });
		});

		test("goes on at a later version, whichever is the latest, and not at an older one", async () => {
			world().engines.set("1.8.0", exits);
			const engine = new Engine();
			await engine.fails({ version: "1.8.0" });
			scripted.catalogue = "1.7.1 1.8.0 1.9.0 1.9.1";
			expect((await engine.preview({ version: "1.7.1" })).refused.join()).toMatch(
				/the creation with version 1\.8\.0, begun at .*, stopped midway/,
			);
			world().engines.set("1.9.0", exits);
			expect(await engine.fails({ version: "1.9.0" })).toMatch(/^update of 'a' to 1\.9\.0 stopped at the first/);
			expect(unmade()).toMatchObject({ from: "1.8.0", to: "1.9.0", creates: true });
			world().engines.set("1.9.0", { boots: 20 });
			await engine.up({ version: "1.9.0" });
			expect(engine.outputs).toMatchObject({ state: "Started", version: "1.9.0" });
			expect(unmade()).toBeUndefined();
		});

		test("goes on at an older version where there was no such image", async () => {
			world().engines.set("1.8.0", { fate: "missing" });
			const engine = new Engine();
			expect(await engine.fails({ version: "1.8.0" })).toContain("there is no image of 1.8.0");
			const preview = await engine.preview({ version: "1.7.1" });
			expect(preview).toMatchObject({ changes: true, refused: [] });
			expect(preview.inputs.caveats).toHaveProperty(["creation at 1.7.1"]);
			await engine.up({ version: "1.7.1" });
			expect(engine.outputs).toMatchObject({ state: "Started", version: "1.7.1" });
			expect(versionsNow()).toEqual(["1.7.1", "1.7.1"]);
		});

		test("goes on with other settings, and with another size once it serves", async () => {
			world().engines.set("1.8.0", exits);
			const engine = new Engine();
			await engine.fails({ version: "1.8.0" });
			world().engines.set("1.8.0", { boots: 20 });
			await engine.up({ version: "1.8.0", scripted: { memory: "4Gi" }, replicas: 3 });
			expect(engine.outputs).toMatchObject({ state: "Started", replicaVersions: [{}, {}, {}] });
			expect(unmade()).toBeUndefined();
			expect(world().record()?.replicas).toBe(3);
		});

		test("or was killed, is taken up by a create that Pulumi knows nothing of", async () => {
			world().engines.set("1.8.0", exits);
			await new Engine().fails({ version: "1.8.0" });
			world().engines.set("1.8.0", { boots: 20 });
			const engine = new Engine();
			expect((await engine.preview({ version: "1.8.0" })).refused).toEqual([]);
			await engine.up({ version: "1.8.0" });
			expect(engine.outputs).toMatchObject({ state: "Started" });
			expect(unmade()).toBeUndefined();
		});

		test("and was stopped since is started, and done only when it serves", async () => {
			world().engines.set("1.8.0", exits);
			const engine = new Engine();
			await engine.fails({ version: "1.8.0" });
			world().halt("stopped");
			const { inputs } = await engine.preview({ version: "1.8.0" });
			expect(inputs.caveats).toMatchObject({
				"creation at 1.8.0": { state: "will be updated while it is Stopped, then started" },
			});
			expect(await engine.fails({ version: "1.8.0" })).toMatch(/^'a' did not reach the state Started /);
			expect(unmade()).toMatchObject({ creates: true });
			world().halt("stopped");
			world().engines.set("1.8.0", { boots: 20 });
			await engine.up({ version: "1.8.0" });
			expect(engine.outputs).toMatchObject({ state: "Started" });
			expect(unmade()).toBeUndefined();
		});

		test("can be destroyed with its data by a deletionPolicy that came later", async () => {
			world().engines.set("1.8.0", exits);
			const engine = new Engine();
			await engine.fails({ version: "1.8.0" });
			expect(await engine.fails({ version: "1.8.0", deletionPolicy: "Delete" })).toContain("cannot load");
			await provider.delete(engine.id, engine.outputs);
			// What 1.8.0 had opened is no more.
			await new Engine().up({ version: "1.7.1" });
		});
	});

	test("that fails tells Pulumi what is there, and goes on once it is mended", async () => {
		world().engines.set("1.8.0", { fate: "exits", boots: 20 });
		const engine = new Engine();
		const { inputs } = await engine.preview({ version: "1.8.0" });
		const error = await provider.create(inputs).catch((it: unknown) => it);
		expect(error).toMatchObject({
			id: "scripted:here/a",
			reasons: [
				expect.stringMatching(/did not reach the state Started .*cannot load.* pulumi destroy deletes what exists\.$/),
			],
			properties: { __provider: text, version: "1.8.0", generation: expect.any(String) },
		});
		const { id, properties: outputs } = error as { id: string; properties: Properties };
		Object.assign(engine, { id, inputs, outputs });

		world().engines.set("1.8.0", { boots: 20 });
		world()
			.present()
			.units.forEach((unit) => {
				unit.openedBy = undefined;
			});
		// Pulumi does so by itself where a resource was left unfinished, whatever diff says.
		const mended = await provider.update(id, outputs, (await engine.preview({ version: "1.8.0" })).inputs);
		expect(mended.outs).toMatchObject({ state: "Started", generation: outputs.generation });
	});

	test("that failed can be destroyed", async () => {
		world().engines.set("1.8.0", { fate: "exits", boots: 20 });
		const { inputs } = await new Engine().preview({ version: "1.8.0" });
		const error = await provider.create(inputs).catch((it: unknown) => it);
		const { id, properties } = error as { id: string; properties: Properties };
		await provider.delete(id, properties);
		expect(world().record()).toBeUndefined();
	});

	test("leaves a stopped cluster when told so", async () => {
		const { outputs } = await running("1.8.0", { desiredState: "Stopped" });
		expect(outputs.state).toBe("Stopped");
	});
});
