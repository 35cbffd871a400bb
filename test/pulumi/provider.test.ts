import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as provider from "../../src/pulumi/provider";
import { v } from "../build";
import { base, Engine, type Properties, running, text } from "./engine";
import { scripted } from "./scripted-platform";

vi.mock("../../src/pulumi/platforms", async () => {
	const { scripted } = await vi.importActual<typeof import("./scripted-platform")>("./scripted-platform");
	return { platforms: { scripted: scripted.platform } };
});

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const lines: string[] = [];

beforeEach(() => {
	Object.assign(scripted, {
		catalogue: "1.7.1 1.8.0 1.9.0",
		obstacles: [],
		unreachable: false,
		missing: "",
		foreign: false,
	});
	scripted.worlds.clear();
	lines.length = 0;
	vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
});
afterEach(() => {
	vi.restoreAllMocks();
	expect([...scripted.worlds.values()].flatMap(({ violations }) => violations)).toEqual([]);
});

const world = () => scripted.world("a");
const versionsNow = () => world().cluster?.units.map((unit) => unit.version);
const forward = { update: { policy: "any" } };

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
			expect.stringMatching(/^version: 1\.7\.9 is not a version that is known; .*1\.9\.0/),
			"scripted.port: 8123 is in use by another program.",
		]);
		scripted.catalogue = "";
		expect((await new Engine().preview({ version: "latest" })).refused).toEqual([
			expect.stringMatching(/^version: which/),
		]);
	});

	test("is refused where another's cluster is, unless it is to be adopted", async () => {
		const other = new Engine();
		await other.up({ version: "1.8.0", owner: "p/other/a" });
		const engine = new Engine();
		expect((await engine.preview({ version: "1.8.0" })).refused).toEqual([
			"name: a cluster a is there already and belongs to p/other/a. Set adopt to true to take it over, or set name to another one.",
		]);
		await engine.up({ version: "1.8.0", adopt: true });
		expect(world().record()).toMatchObject({ owner: "p/s/a", generation: engine.outputs.generation });
		await provider.delete(other.id, other.outputs);
		expect(world().record()).toBeDefined();
	});

	test("takes over what others made when it is told so, and says what that does", async () => {
		scripted.foreign = true;
		scripted.obstacles = [{ property: "replicas", reason: "a-0 has 3. Set replicas to 3." }];
		const engine = new Engine();
		expect((await engine.preview({ version: "1.7.9" })).refused).toEqual([
			"adopt: a is made by others. Set adopt to true to take it over.",
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

	test("that fails tells Pulumi what is there, and goes on once it is mended", async () => {
		world().engines.set("1.8.0", { fate: "exits", boots: 20 });
		const engine = new Engine();
		const { inputs } = await engine.preview({ version: "1.8.0" });
		const error = await provider.create(inputs).catch((it: unknown) => it);
		expect(error).toMatchObject({
			id: "scripted:here/a",
			reasons: [expect.stringMatching(/did not get to Started .*cannot load.* pulumi destroy removes it\.$/)],
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

describe("an unchanged cluster", () => {
	test("is no diff, and nothing but its record is read", async () => {
		const engine = await running("1.9.0");
		const before = world().calls;
		expect(await engine.preview({ version: "1.9.0" })).toMatchObject({ changes: false, refused: [] });
		expect(world().calls - before).toBe(1);
	});

	test("may be out of reach", async () => {
		const engine = await running("1.9.0");
		scripted.unreachable = true;
		expect(await engine.preview({ version: "1.9.0" })).toMatchObject({ changes: false, refused: [] });
	});

	test("tells of a newer version where the user's own list names one", async () => {
		const engine = await running("1.8.0", { versions: { list: [{ version: "1.8.0" }, { version: "1.9.0" }] } });
		lines.length = 0;
		await engine.preview({ version: "1.8.0", versions: { list: [{ version: "1.8.0" }, { version: "1.9.0" }] } });
		expect(lines).toEqual(["a runs 1.8.0, and 1.9.0 is available. To update, set version to 1.9.0 and run pulumi up."]);
	});
});

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
				return: "none: a DB version is never downgraded",
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
		world().unit("a-0-1").alone = true;
		const { refused } = await engine.preview({ version: "1.7.0", replicas: 1 });
		expect(refused.map((line) => line.slice(0, 44))).toEqual([
			expect.stringMatching(/^replicas: one holds what no other holds\./),
			expect.stringMatching(/^version: 1\.7\.0 is older than 1\.8\.0/),
			expect.stringMatching(/^version: the cluster is Degraded/),
			expect.stringMatching(/^version: 1\.7\.0 is not a version that is/),
			expect.stringMatching(/^version: 1\.7\.0 is not the latest version/),
		]);
	});

	test("is refused where the version is known and its image is gone; of an unknown one that is not said twice", async () => {
		const engine = await running();
		scripted.missing = "1.9.0";
		expect((await engine.preview({ version: "1.9.0" })).refused).toEqual([
			"version: there is no image db:1.9.0: push it",
		]);
		scripted.missing = "1.9.9";
		expect((await engine.preview({ version: "1.9.9" })).refused).toEqual([
			expect.stringMatching(/^version: 1\.9\.9 is not a version that is known/),
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
			/^update of 'a' to 1\.9\.0 stopped at the first of 2 replicas\. a-0-1 did not come up: .*Next: /,
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

test("a refusal of an argument with others in it is on no property, since Pulumi prints all that is in one", async () => {
	const given = {
		...base,
		version: "1.9.0",
		versions: { list: [{ version: "1.9.0" }], url: "https://a.b/?t=hunter2" },
	};
	const { failures } = await provider.check({}, { ...given, scriptd: { password: "hunter2" }, replicas: 0 });
	expect(failures).toEqual([
		{ property: "replicas", reason: "0 is not a whole number from 1 to 64. Leave it out for 2." },
		{
			property: "",
			reason: "versions: list and url are given, and versions come from one place. Keep one of them.",
		},
		{ property: "", reason: "scriptd: there is no property scriptd. Did you mean scripted?" },
	]);
});

describe("what can't be changed", () => {
	test.each([
		[{ name: "b" }, "name: the cluster is scripted:here/a, and it can't become scripted:here/b:"],
		[
			{ scripted: { folder: "there" } },
			"scripted: the cluster is scripted:here/a, and it can't become scripted:there/a:",
		],
	])("%j", async (args, said) => {
		const engine = await running("1.9.0");
		const { refused } = await engine.preview({ version: "1.9.0", ...args });
		expect(refused).toEqual([expect.stringContaining(said)]);
	});

	test("a cluster that is gone is made anew only after a refresh", async () => {
		const engine = await running("1.8.0");
		world().destroy(false);
		expect(await engine.preview({ version: "1.8.0" })).toMatchObject({ changes: false, refused: [] });
		expect((await engine.preview({ version: "1.9.0" })).refused).toEqual([expect.stringContaining("pulumi refresh")]);
		await engine.refresh();
		expect(engine.id).toBe("");
	});
});

describe("what is not known yet in preview", () => {
	test("a version: the caveats say that it is judged in the update", async () => {
		const engine = await running("1.8.0");
		const { inputs, refused } = await engine.preview({ version: unknown });
		expect(refused).toEqual([]);
		expect(JSON.stringify(inputs.caveats)).toContain("judged in the update");
	});

	test("another property: the rules judge what they can", async () => {
		const engine = await running("1.8.0");
		const { inputs } = await engine.preview({ version: "1.9.0", update: { drainSeconds: unknown } });
		expect(inputs.caveats).toMatchObject({
			"1.8.0 -> 1.9.0": { unknown: "update.drainSeconds; judged in the update" },
		});
		expect((await engine.preview({ version: "1.7.1", update: unknown })).refused).toHaveLength(1);
	});

	test("where the cluster lives: then nothing is read, and there is no endpoint", async () => {
		const engine = await running("1.8.0");
		const before = world().calls;
		const { inputs, refused } = await engine.preview({ version: "1.7.1", scripted: { folder: unknown } });
		expect(refused).toEqual([]);
		expect(inputs).not.toHaveProperty("endpoint");
		expect(world().calls).toBe(before);
	});
});

describe("judge: recorded", () => {
	const recorded = { update: { judge: "recorded" } };

	test("previews by what the last run saw where the cluster is out of reach, and says so", async () => {
		const engine = await running("1.8.0", recorded);
		await engine.up({ version: "1.8.0", ...recorded });
		scripted.unreachable = true;
		expect((await engine.preview({ version: "1.7.1", ...recorded })).refused).toHaveLength(2);
		const { inputs, refused } = await engine.preview({ version: "1.9.0", ...recorded });
		expect(refused).toEqual([]);
		expect(inputs.caveats).toMatchObject({
			"1.8.0 -> 1.9.0": { judged: expect.stringMatching(/^by what was recorded at/) },
		});
		// The update itself judges live, always.
		await expect(provider.update(engine.id, engine.outputs, inputs)).rejects.toThrow(/connection refused/);
	});

	test("a record that changes alone is no diff", async () => {
		const engine = await running("1.8.0", recorded);
		expect(await engine.preview({ version: "1.8.0", ...recorded })).toMatchObject({ changes: false });
		await engine.up({ version: "1.9.0", ...recorded });
		expect(await engine.preview({ version: "1.9.0", ...recorded })).toMatchObject({ changes: false });
	});
});

describe("--replace and edited state", () => {
	test("do not take the version back", async () => {
		const engine = await running("1.9.0");
		const replaced = new Engine();
		expect((await replaced.preview({ version: "1.8.0", ...forward })).refused).toEqual([
			expect.stringMatching(/^version: 1\.8\.0 is older than 1\.9\.0/),
		]);
		engine.inputs = { ...engine.inputs, version: "1.7.1" };
		expect((await engine.preview({ version: "1.8.0", ...forward })).refused).toEqual([
			expect.stringMatching(/^version: 1\.8\.0 is older than 1\.9\.0/),
		]);
		// Past the check, too.
		const { inputs } = await engine.preview({ version: "1.9.0" });
		await expect(provider.create({ ...inputs, version: "1.8.0", ...forward })).rejects.toThrow(/is older than 1\.9\.0/);
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
	});

	test("create, then delete of the former, leave the cluster", async () => {
		const engine = await running("1.8.0");
		const replacement = new Engine();
		await replacement.up({ version: "1.9.0" });
		await provider.delete(engine.id, engine.outputs);
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
		await provider.delete(replacement.id, replacement.outputs);
		expect(world().record()).toBeUndefined();
	});
});

describe("a state from before an update", () => {
	test("is refused, though nothing in it changes, since the cluster knows what opened its data", async () => {
		const engine = await running("1.7.1");
		const before = { inputs: engine.inputs, outputs: engine.outputs };
		await engine.up({ version: "1.9.0" });
		Object.assign(engine, before);

		const { refused } = await engine.preview({ version: "1.7.1", ...forward });
		expect(refused).toEqual([expect.stringContaining("1.7.1 is older than 1.9.0, which the cluster runs")]);
		await engine.up({ version: "1.9.0" });
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
	});
});

describe("refresh", () => {
	test("finds an update that was made behind Pulumi's back, and the next preview does not go back", async () => {
		const engine = await running("1.7.1");
		const former = engine.inputs;
		await new Engine().up({ version: "1.9.0" });
		await engine.refresh();
		expect(engine.inputs).toMatchObject({ version: "1.9.0" });
		expect(engine.outputs).toMatchObject({ version: "1.9.0", previousVersion: "1.7.1", __provider: text });
		// Pulumi asks the other way round, and must get an answer.
		expect(await provider.diff(engine.id, engine.outputs, former)).toMatchObject({ changes: true, replaces: [] });
		expect((await engine.preview({ version: "1.7.1" })).refused[0]).toMatch(
			/^version: 1\.7\.1 is older than 1\.9\.0, .* Set version to 1\.9\.0 or later\.$/,
		);
		expect(await engine.preview({ version: "1.9.0" })).toMatchObject({ changes: false, refused: [] });
	});

	test("in the middle of an update leaves a change to go on with", async () => {
		const engine = await running("1.7.1");
		world().engines.set("a-0-0@1.9.0", { fate: "exits", boots: 20 });
		const { inputs } = await engine.preview({ version: "1.9.0" });
		await expect(provider.update(engine.id, engine.outputs, inputs)).rejects.toThrow(/second of 2/);
		await engine.refresh();
		world().engines.set("a-0-0@1.9.0", { boots: 20 });
		expect(await engine.up({ version: "1.9.0" })).toBe(true);
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
	});

	test("is an error, not proof of absence, while the cluster is out of reach", async () => {
		const engine = await running("1.7.1");
		scripted.unreachable = true;
		const error = await provider.read(engine.id, engine.outputs).catch((it: unknown) => it);
		expect(error).toMatchObject({ message: expect.stringContaining("connection refused") });
		expect(String((error as Error).stack)).not.toMatch(/\n\s+at /);
	});

	test("shows a cluster that was stopped though it ought to be started", async () => {
		const engine = await running("1.9.0", { desiredState: "Started" });
		world().halt("stopped");
		await engine.refresh();
		expect(await engine.up({ version: "1.9.0", desiredState: "Started" })).toBe(true);
		expect(engine.outputs.state).toBe("Started");
	});
});

describe("delete", () => {
	test.each([
		["Retain", false],
		["Delete", true],
	])("%s", async (deletionPolicy, data) => {
		const engine = await running("1.9.0", { deletionPolicy });
		const destroy = vi.spyOn(world(), "destroy");
		await provider.delete(engine.id, engine.outputs);
		expect(destroy.mock.calls).toEqual([[data]]);
		expect(lines.some((line) => line.startsWith("a: the data is kept at scripted:here/a"))).toBe(!data);
	});
	test("of what others made only lets go of it, and can't be asked to delete its volumes", async () => {
		scripted.foreign = true;
		const engine = await running("1.9.0", { adopt: true });
		await provider.delete(engine.id, engine.outputs);
		expect(lines.join("\n")).toContain("a: it was made by others, so it goes on running");
		expect((await new Engine().preview({ version: "1.9.0", adopt: true, deletionPolicy: "Delete" })).refused).toEqual([
			expect.stringMatching(/^deletionPolicy: "Delete" would delete volumes that others made/),
		]);
	});

	test("keeps data that no older version can take over afterwards", async () => {
		const engine = await running("1.9.0");
		await provider.delete(engine.id, engine.outputs);
		const { inputs } = await new Engine().preview({ version: "1.8.0" });
		await expect(provider.create(inputs)).rejects.toThrow(/1\.9\.0 opened the data/);
		expect(world().cluster).toBeUndefined();
		await running("1.9.0");
		expect(versionsNow()).toEqual([v("1.9.0"), v("1.9.0")]);
	});
});
