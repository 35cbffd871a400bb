import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ObservedCluster } from "../../../src/core/cluster";
import * as provider from "../../../src/pulumi/provider";
import { base, Engine, running } from "../engine";
import { scripted } from "../scripted-platform";
import { forward, lines, versionsNow, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

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

test("a refusal is on a property only if that has a value to print: Pulumi prints <nil> of anything else", async () => {
	const given = {
		...base,
		version: "1.9.0",
		replicas: 0,
		update: { policy: "newest", window: { schedule: "daily", minutes: 60 } },
	};
	const { failures = [] } = await provider.check({}, given);
	expect(failures.map(({ property }) => property)).toEqual(["replicas", "", ""]);
	for (const path of ["policy", "window.schedule"])
		expect(failures).toContainEqual({ property: "", reason: expect.stringContaining(`update.${path}: `) });

	scripted.foreign = true;
	expect((await provider.check({}, { ...base, version: "1.9.0" })).failures).toEqual([
		{ property: "", reason: "adopt: a was not created by DbCluster. Set adopt to true to take it over." },
	]);
	expect((await provider.check({}, { ...base, version: "1.9.0", adopt: false })).failures).toMatchObject([
		{ property: "adopt" },
	]);
});

describe("what can't be changed", () => {
	test.each([
		[
			{ name: "b" },
			'name: the cluster is scripted:here/a and can\'t become scripted:here/b: its data would not move. Set name to "a" to keep this cluster,',
		],
		[{ scripted: { folder: "there" } }, "scripted: the cluster is scripted:here/a and can't become scripted:there/a:"],
	])("%j", async (args, said) => {
		const engine = await running("1.9.0");
		const { refused } = await engine.preview({ version: "1.9.0", ...args });
		expect(refused).toEqual([expect.stringContaining(said)]);
	});

	test.each([
		[
			{ name: "b", scripted: { memory: unknown } },
			'and can\'t become scripted:here/b: its data would not move. Set name to "a"',
		],
		[{ name: "b", scripted: unknown }, 'and can\'t become scripted:here/b: its data would not move. Set name to "a"'],
		[
			{ scripted: { folder: "there", memory: unknown } },
			"and can't become scripted:there/a: its data would not move. Undo",
		],
		[
			{ name: unknown, scripted: { folder: "there" } },
			"and can't become scripted:there/a: its data would not move. Undo",
		],
	])("is refused as soon as it is known, whatever else is not: %j", async (args, said) => {
		const engine = await running("1.9.0");
		const { refused } = await engine.preview({ version: "1.9.0", ...args });
		expect(refused).toEqual([expect.stringContaining(said)]);
	});

	describe("to another name of the same server", () => {
		const there = { version: "1.9.0", scripted: { folder: "there" } };
		beforeEach(() => void Object.assign(scripted.platform, { mayBeSame: () => true }));
		afterEach(() => void Object.assign(scripted.platform, { mayBeSame: undefined }));

		test("is none where the cluster's own record says that it is this resource's", async () => {
			const engine = await running("1.9.0");
			expect((await engine.preview(there)).refused).toEqual([]);
			await engine.up(there);
			expect(engine.outputs.endpoint).toBe("http://a.there");
		});

		test("is refused where there is another one of the same name, or none, or where it can't be asked", async () => {
			const engine = await running("1.9.0");
			const moved = [expect.stringContaining("can't become scripted:there/a")];
			const { cluster } = world();
			Object.assign(cluster ?? {}, { owner: "other/stack/a" });
			expect((await engine.preview(there)).refused).toEqual(moved);
			scripted.unreachable = true;
			expect((await engine.preview(there)).refused).toEqual([expect.stringContaining("connection refused")]);
			scripted.unreachable = false;
			world().destroy(false);
			expect((await engine.preview(there)).refused).toEqual(moved);
		});
	});

	test.each([
		{ scripted: unknown },
		{ scripted: { folder: unknown, memory: "2Gi" } },
		{ scripted: { folder: "here", memory: unknown } },
		{ name: unknown },
		{ name: unknown, update: { drainSeconds: unknown } },
	])("is not refused while it is unknown: %j", async (args) => {
		const engine = await running("1.9.0");
		expect((await engine.preview({ version: "1.9.0", ...args })).refused).toEqual([]);
		expect((await new Engine().preview({ version: "1.9.0", ...args })).refused).toEqual([]);
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
	const later = (which: string) => ({
		"not known yet": { unknown: `${which} not known yet; the update checks whether the change is allowed` },
	});

	test("a version: the caveats say that it is judged in the update", async () => {
		const engine = await running("1.8.0");
		const { inputs, refused } = await engine.preview({ version: unknown });
		expect(refused).toEqual([]);
		expect(JSON.stringify(inputs.caveats)).toContain("the update checks whether the change is allowed");
	});

	test("another property: the rules judge what they can", async () => {
		const engine = await running("1.8.0");
		const { inputs } = await engine.preview({ version: "1.9.0", update: { drainSeconds: unknown } });
		expect(inputs.caveats).toMatchObject({
			"1.8.0 -> 1.9.0": { unknown: "update.drainSeconds is not known yet, and is checked in the update" },
		});
		expect((await engine.preview({ version: "1.7.1", update: unknown })).refused).toHaveLength(1);
	});

	test("a setting, such as the name of a Secret that is still to be made: the version is judged all the same", async () => {
		const engine = await running("1.8.0", { scripted: { memory: "1" } });
		const scripted = { memory: unknown };
		expect((await engine.preview({ version: "1.7.1", scripted })).rules).toEqual(["no-downgrade"]);
		expect((await engine.preview({ version: "1.9.0", scripted })).inputs.caveats).toMatchObject({
			"1.8.0 -> 1.9.0": { unknown: expect.stringContaining("scripted.memory is not known yet") },
		});
		const { inputs, refused } = await engine.preview({ version: "1.8.0", scripted });
		expect([refused, inputs.caveats]).toEqual([
			[],
			{ "not known yet": { unknown: expect.stringContaining("scripted.memory is not known yet") } },
		]);
	});

	test("a setting, while the cluster can't be reached: it may be reached once that is known", async () => {
		const engine = await running("1.8.0", { scripted: { memory: "1" } });
		scripted.unreachable = true;
		const { inputs, refused } = await engine.preview({ version: "1.7.1", scripted: { memory: unknown } });
		expect([refused, inputs.caveats]).toEqual([[], later("scripted.memory is")]);
	});

	test("where the cluster lives: then nothing is read, and there is no endpoint", async () => {
		const engine = await running("1.8.0");
		const before = world().calls;
		const { inputs, refused } = await engine.preview({ version: "1.7.1", scripted: { folder: unknown } });
		expect(refused).toEqual([]);
		expect(inputs).not.toHaveProperty("endpoint");
		expect(world().calls).toBe(before);
		expect(inputs.caveats).toEqual(later("scripted.folder is"));
		const fresh = await new Engine().preview({ version: "1.7.1", scripted: { folder: unknown } });
		expect(fresh.inputs).not.toHaveProperty("caveats");
	});

	test.each<[string, object]>([
		["shards is", { shards: unknown }],
		["replicas is", { replicas: unknown }],
		["desiredState is", { desiredState: unknown }],
		["replicas and shards are", { replicas: unknown, shards: unknown }],
	])("the size or the state alone: the caveats say that %s not", async (which, args) => {
		const engine = await running("1.8.0", { desiredState: "Started" });
		const { inputs, refused } = await engine.preview({ version: "1.8.0", ...args });
		expect([refused, inputs.caveats]).toEqual([[], later(which)]);
		expect((await new Engine().preview({ version: "1.8.0", ...args })).inputs.caveats).not.toEqual(later(which));
		scripted.unreachable = true;
		expect((await engine.preview({ version: "1.8.0", desiredState: "Started", ...args })).refused).toEqual([]);
	});
});

describe("judge: recorded", () => {
	const recorded = { update: { judge: "recorded" } };

	test("previews by what the last run saw where the cluster is out of reach, and says so", async () => {
		const engine = await running("1.8.0", recorded);
		await engine.up({ version: "1.8.0", ...recorded });
		scripted.unreachable = true;
		expect((await engine.preview({ version: "1.7.1", ...recorded })).rules).toEqual(["no-downgrade"]);
		expect((await engine.preview({ version: "1.7.1", ...recorded })).refused).toEqual([
			"version: 1.7.1 is older than 1.8.0, which the cluster runs, and a DB version never goes back. Set version to 1.8.0, or to 1.9.0.",
		]);
		const { inputs, refused } = await engine.preview({ version: "1.9.0", ...recorded });
		expect(refused).toEqual([]);
		expect(inputs.caveats).toMatchObject({
			"1.8.0 -> 1.9.0": {
				judged: expect.stringMatching(/the preview checks the state that the last pulumi up recorded/),
			},
		});
		// The update itself judges live, always.
		await expect(provider.update(engine.id, engine.outputs, inputs)).rejects.toThrow(/connection refused/);
	});

	test("takes a replica of which nothing is known, such as a pod that no node has room for", async () => {
		const engine = await running("1.8.0", recorded);
		const look = world().look.bind(world());
		vi.spyOn(world(), "look").mockImplementation((name, memory) => {
			const view = look(name, memory);
			const unseen = { version: undefined, openedBy: undefined, serving: false };
			return name === "a-0-1" ? { ...view, replica: { ...view.replica, ...unseen } } : view;
		});
		const { inputs } = await engine.preview({ version: "1.8.0", ...recorded });
		expect((inputs.recorded as ObservedCluster).replicas[1]).toMatchObject({ ordinal: 1 });
		expect((await engine.preview({ version: "1.9.0", ...recorded })).rules).toEqual(["eligible-state"]);
		await engine.refresh();
		expect((engine.inputs.recorded as ObservedCluster).replicas[1]).not.toHaveProperty("version");
	});

	test("a plan holds: nothing differs where the cluster is reached later, is behind for a while or has more rows", async () => {
		const engine = await running("1.8.0", recorded);
		await engine.up({ version: "1.8.0", ...recorded });
		const unchanged = await engine.preview({ version: "1.8.0", ...recorded });
		const bump = await engine.preview({ version: "1.9.0", ...recorded });
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
		scripted.unreachable = true;
		expect((await engine.preview({ version: "1.8.0", ...recorded })).inputs).toEqual(unchanged.inputs);
		expect((await engine.preview({ version: "1.9.0", ...recorded })).inputs).toEqual(bump.inputs);
		expect(lines.at(-1)).toMatch(
			/^a can't be reached: .* This preview checks the state that the last pulumi up recorded; pulumi up checks the live cluster\.$/,
		);
		scripted.unreachable = false;
		expect((await engine.preview({ version: "1.8.0", ...recorded })).inputs).toEqual(unchanged.inputs);
		expect((await engine.preview({ version: "1.9.0", ...recorded })).inputs).toEqual(bump.inputs);
		await engine.up({ version: "1.9.0", ...recorded });
		// What was recorded is the cluster as the update left it, without another up.
		const after = await engine.preview({ version: "1.9.0", ...recorded });
		expect(after.inputs.recorded).toEqual(bump.inputs.recorded);
		vi.useRealTimers();
	});

	test("a plan holds: a cluster that became Idle meanwhile is the same, and a line says that it is woken", async () => {
		const engine = await running("1.8.0", recorded);
		const awake = await engine.preview({ version: "1.9.0", ...recorded });
		world().halt("idle");
		expect((await engine.preview({ version: "1.9.0", ...recorded })).inputs.caveats).toEqual(awake.inputs.caveats);
		expect(lines).toContain("a is Idle: the update wakes it first.");
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

	test("hide nothing else that the up does, though the version runs already", async () => {
		await running("1.9.0");
		const { inputs, refused } = await new Engine().preview({ version: "1.9.0", replicas: 1, desiredState: "Stopped" });
		expect(refused).toEqual([]);
		expect(JSON.stringify(inputs.caveats)).toContain("a-0-1 is removed permanently");
		expect(JSON.stringify(inputs.caveats)).toContain("then stopped");
		const { inputs: restarting } = await new Engine().preview({ version: "1.9.0", scripted: { memory: "2" } });
		expect(JSON.stringify(restarting.caveats)).toContain("order");
	});
});

describe("a cluster out of reach", () => {
	test("is no reason against a program that asks nothing else of it", async () => {
		const engine = await running("1.9.0");
		scripted.unreachable = true;
		const update = { drainSeconds: 20 };
		expect((await engine.preview({ version: "1.9.0", deletionPolicy: "Retain", update })).refused).toEqual([]);
	});

	test.each<[string, object]>([
		["size", { replicas: 1 }],
		["state", { desiredState: "Stopped" }],
		["settings", { scripted: { memory: "2" } }],
	])("can't be given another %s unseen", async (_, change) => {
		const engine = await running("1.9.0");
		scripted.unreachable = true;
		const { refused } = await engine.preview({ version: "1.9.0", ...change });
		expect(refused).toEqual([
			"scripted: connection refused. So it is unknown whether this change of the cluster is allowed, and nothing is changed. Fix this, then preview again.",
		]);
	});

	test("is not created unseen either: there may be one", async () => {
		scripted.unreachable = true;
		expect((await new Engine().preview({ version: "1.9.0" })).refused).toEqual([
			expect.stringContaining("So it is unknown whether the cluster exists already, and nothing is created."),
		]);
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
