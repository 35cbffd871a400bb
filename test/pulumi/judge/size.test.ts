import { beforeEach, describe, expect, test, vi } from "vitest";
import { update } from "../../../src/pulumi/apply/update";
import { base, type Properties, running } from "../engine";
import { scripted } from "../scripted-platform";
import { lines, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

beforeEach(() => void Object.assign(scripted, { catalogue: "1.7.1 1.8.0" }));

const members = () =>
	world()
		.present()
		.units.map(({ name, version }) => `${name} ${version}`);
const memory = (amount: string) => ({ version: "1.8.0", scripted: { memory: amount } });
const restarts = () => world().log.filter((line) => line.startsWith("restart"));

describe("other settings", () => {
	test("are rolled out replica by replica, at the version that runs", async () => {
		const engine = await running("1.8.0");
		const { inputs, changes, refused } = await engine.preview(memory("4Gi"));
		expect({ changes, refused }).toEqual({ changes: true, refused: [] });
		expect(inputs.caveats).toEqual({
			"settings at 1.8.0": {
				image: `db:1.8.0@${scripted.digest}`,
				order: "a-0-1, then a-0-0",
				reads: "SELECT keeps working",
				writes: "may fail for a while as each replica restarts",
			},
		});
		lines.length = 0;
		await engine.up(memory("4Gi"));
		expect(restarts()).toEqual(["restart a-0-1 1.8.0", "restart a-0-0 1.8.0"]);
		expect(lines[0]).toBe("a: updating settings at 1.8.0: 2 replicas");
		expect(world().record()?.mark).toBeUndefined();
		expect(await engine.preview(memory("4Gi"))).toMatchObject({ changes: false });
		expect((await engine.preview(memory("4Gi"))).inputs).not.toHaveProperty("caveats");
	});

	test("are previewed by who may not try them, with the same caveats, and are refused in up before anything is changed", async () => {
		const engine = await running("1.8.0");
		const { inputs } = await engine.preview(memory("4Gi"));
		scripted.untried = "forbidden: cannot patch resource configmaps";
		lines.length = 0;
		expect(await engine.preview(memory("4Gi"))).toMatchObject({ inputs, refused: [], changes: true });
		expect(lines).toContain(
			"a: it was not tried whether the platform accepts this change: forbidden: cannot patch resource configmaps. pulumi up needs that right, and tries the change before it changes anything.",
		);
		const before = world().record();
		await expect(engine.up(memory("4Gi"))).rejects.toThrow("forbidden: cannot patch resource configmaps");
		expect(restarts()).toEqual([]);
		expect(world().record()).toEqual(before);
		scripted.untried = "";
		await engine.up(memory("4Gi"));
	});

	test("go with a new version in one roll", async () => {
		const engine = await running("1.7.1");
		const { inputs } = await engine.preview(memory("4Gi"));
		expect(Object.keys(inputs.caveats as Properties)).toEqual(["1.7.1 -> 1.8.0"]);
		await engine.up(memory("4Gi"));
		expect(restarts()).toEqual(["restart a-0-1 1.8.0", "restart a-0-0 1.8.0"]);
	});

	test("may mend a cluster that is Degraded, which no version may change", async () => {
		const engine = await running("1.8.0");
		world().kill("a-0-1");
		expect((await engine.preview(memory("4Gi"))).refused).toEqual([]);
		await engine.up(memory("4Gi"));
		expect(engine.outputs).toMatchObject({ state: "Started" });
	});

	test("that keep a replica from starting stop at it, and are set back by the next up", async () => {
		const engine = await running("1.8.0");
		world().engines.set("a-0-1@1.8.0", { fate: "exits", boots: 20 });
		await expect(engine.up(memory("4Gi"))).rejects.toThrow(
			/^change of the settings of 'a' stopped at the first of 2 replicas\. a-0-1 did not start: .* Next: fix the settings that were changed, or revert them/,
		);
		expect(restarts()).toEqual(["restart a-0-1 1.8.0"]);
		world().engines.set("a-0-1@1.8.0", { boots: 20 });
		// As Pulumi sees it nothing changes: only the cluster tells that something is unfinished.
		const back = { version: "1.8.0" };
		expect(await engine.preview(back)).toMatchObject({ changes: true, refused: [] });
		lines.length = 0;
		await engine.up(back);
		expect(lines).toContainEqual(expect.stringMatching(/^a: resuming settings at 1\.8\.0: /));
		expect(engine.outputs).toMatchObject({ state: "Started" });
		expect(world().record()?.mark).toBeUndefined();
		expect(await engine.preview(back)).toMatchObject({ changes: false });
	});

	test("of a stopped cluster come with its next start", async () => {
		const engine = await running("1.8.0", { desiredState: "Stopped" });
		const stopped = { ...memory("4Gi"), desiredState: "Stopped" };
		expect((await engine.preview(stopped)).inputs).not.toHaveProperty("caveats");
		await engine.up(stopped);
		expect(restarts()).toEqual([]);
		expect(world().record()?.mark).toBeUndefined();
	});
});

describe("another size", () => {
	const sized = (replicas: number, more: Properties = {}) => ({ version: "1.8.0", replicas, ...more });

	test("more replicas join before anything restarts", async () => {
		const engine = await running("1.8.0");
		const { inputs, refused } = await engine.preview(sized(3));
		expect(refused).toEqual([]);
		expect(inputs.caveats).toEqual({
			"settings at 1.8.0": {
				joins: "a-0-2 gets the tables, then the rows, then clients",
				order: "no replica restarts",
				reads: "SELECT keeps working",
				writes: "keep working",
			},
		});
		await engine.up(sized(3));
		expect(members()).toEqual(["a-0-0 1.8.0", "a-0-1 1.8.0", "a-0-2 1.8.0"]);
		expect(lines.some((line) => /^a: a-0-2 joined after/.test(line))).toBe(true);
		expect(world().record()).toMatchObject({ replicas: 3 });
		expect(world().record()?.mark).toBeUndefined();
		expect(await engine.preview(sized(3))).toMatchObject({ changes: false });
	});

	test("more shards join, too", async () => {
		const engine = await running("1.8.0");
		await engine.up({ version: "1.8.0", shards: 2 });
		expect(members()).toHaveLength(4);
		expect(await engine.preview({ version: "1.8.0" })).toMatchObject({
			refused: ["shards: the rows of a shard would be lost."],
		});
	});

	test("fewer replicas: the highest leaves, drained first, and its version goes with it", async () => {
		const engine = await running("1.8.0", { replicas: 3 });
		world().log.length = 0;
		const { inputs } = await engine.preview(sized(1));
		expect(inputs.caveats).toMatchObject({
			"settings at 1.8.0": {
				leaves:
					"a-0-2 and a-0-1 are removed permanently, and their replicated tables are dropped; on Kubernetes their volumes are kept",
			},
		});
		await engine.up(sized(1));
		expect(members()).toEqual(["a-0-0 1.8.0"]);
		const told = world().log.filter((line) => /^(drain|leave|configure)/.test(line));
		expect(told).toEqual(["drain a-0-2", "leave a-0-2", "drain a-0-1", "leave a-0-1", "configure"]);
	});

	test("a replica that holds what no other holds stays, and serves", async () => {
		const engine = await running("1.8.0", { replicas: 3 });
		world().unit("a-0-2").alone = true;
		expect((await engine.preview(sized(2))).refused).toEqual(["replicas: one holds what no other holds."]);
		world().unit("a-0-2").alone = false;
		const { inputs } = await engine.preview(sized(2));
		world().unit("a-0-2").alone = true;
		await expect(update(engine.id, engine.outputs, { ...inputs, ...base })).rejects.toThrow("one holds what no other");
		expect(world().condition(world().unit("a-0-2")).serving).toBe(true);
	});

	test("a replica that can't come up does not join, the others serve, and the size can be set back", async () => {
		const engine = await running("1.8.0");
		world().engines.set("a-0-2@1.8.0", { fate: "exits", boots: 20 });
		await expect(engine.up(sized(3))).rejects.toThrow(
			/'a' did not reach the state Started and is Updating\. a-0-2 did not start/,
		);
		expect(engine.outputs).toMatchObject({ state: "Started" });
		expect(world().record()).toMatchObject({ replicas: 2 });
		await engine.up(sized(2));
		expect(members()).toEqual(["a-0-0 1.8.0", "a-0-1 1.8.0"]);
		expect(world().record()?.mark).toBeUndefined();
	});

	test("with a new version: the new ones join first, then all are updated", async () => {
		const engine = await running("1.7.1");
		const { inputs } = await engine.preview(sized(3));
		expect(inputs.caveats).toMatchObject({ "1.7.1 -> 1.8.0": { order: "a-0-2, then a-0-1, then a-0-0" } });
		await engine.up(sized(3));
		expect(members()).toEqual(["a-0-0 1.8.0", "a-0-1 1.8.0", "a-0-2 1.8.0"]);
	});
});

describe("a size that somebody else asks for", () => {
	const at = (version: string, more: Properties = {}) => ({ version, ...more });

	test("more: the next up of the unchanged program takes them away, and restarts nothing", async () => {
		const engine = await running("1.8.0");
		expect(await engine.preview(at("1.8.0"))).toMatchObject({ changes: false });
		world().scale(3);
		const { inputs, changes, refused } = await engine.preview(at("1.8.0"));
		expect({ changes, refused }).toEqual({ changes: true, refused: [] });
		expect(inputs).toMatchObject({
			scaled: "set was scaled to 3 replicas outside Pulumi (declared: 2; its generation: 1)",
			caveats: {
				"settings at 1.8.0": {
					leaves:
						"a-0-2 is removed permanently, and its replicated tables are dropped; on Kubernetes its volume is kept",
					order: "no replica restarts",
				},
			},
		});
		await engine.up(at("1.8.0"));
		expect(members()).toEqual(["a-0-0 1.8.0", "a-0-1 1.8.0"]);
		expect(restarts()).toEqual([]);
		expect(world().record()).not.toHaveProperty("mark");
		expect(await engine.preview(at("1.8.0"))).toMatchObject({ changes: false });
		// The same number once more is news once more.
		world().scale(3);
		expect(await engine.up(at("1.8.0"))).toBe(true);
		expect(members()).toHaveLength(2);
	});

	test("more, and kept: they join as new ones do", async () => {
		const engine = await running("1.8.0");
		world().scale(3);
		const { inputs } = await engine.preview(at("1.8.0", { replicas: 3 }));
		expect(inputs.caveats).toMatchObject({ "settings at 1.8.0": { joins: expect.stringMatching(/^a-0-2 gets /) } });
		await engine.up(at("1.8.0", { replicas: 3 }));
		expect(world().record()).toMatchObject({ replicas: 3 });
		expect(world().record()).not.toHaveProperty("scaled");
	});

	test("fewer: they come back, whether the version changes or not, and in the same up", async () => {
		const engine = await running("1.7.1", { replicas: 3 });
		for (const version of ["1.7.1", "1.8.0"]) {
			world().scale(1);
			const { inputs, changes, refused } = await engine.preview(at(version, { replicas: 3 }));
			expect({ changes, refused }).toEqual({ changes: true, refused: [] });
			const key = version === "1.7.1" ? "settings at 1.7.1" : "1.7.1 -> 1.8.0";
			const order = version === "1.7.1" ? "no replica restarts" : "a-0-2, then a-0-1, then a-0-0";
			expect(inputs.caveats).toMatchObject({
				[key]: {
					rejoins: "a-0-1 and a-0-2 were removed outside Pulumi and are created again on their volumes",
					order,
					reads: "SELECT keeps working",
				},
			});
			await engine.up(at(version, { replicas: 3 }));
			expect(members()).toEqual([0, 1, 2].map((ordinal) => `a-0-${ordinal} ${version}`));
			expect(engine.outputs).toMatchObject({ state: "Started" });
			expect(world().record()).not.toHaveProperty("scaled");
		}
	});

	test("does not hide another reason why a version may not change", async () => {
		const engine = await running("1.7.1", { replicas: 3 });
		world().scale(2);
		world().kill("a-0-1");
		const { refused } = await engine.preview(at("1.8.0", { replicas: 3 }));
		expect(refused).toEqual([expect.stringMatching(/^version: the cluster is Degraded \(a-0-1: killed\); /)]);
	});

	test("shows in a refresh as another number of replicas, and is gone from it once it is mended", async () => {
		const engine = await running("1.8.0");
		const { replicas } = engine.inputs;
		world().scale(1);
		await engine.refresh();
		expect({ inputs: engine.inputs, outputs: engine.outputs }).toMatchObject({
			inputs: { replicas: 1 },
			outputs: { replicas: 1 },
		});
		expect(await engine.up(at("1.8.0"))).toBe(true);
		expect(engine.outputs.replicas).toEqual(replicas);
		await engine.refresh();
		expect(engine.inputs.replicas).toEqual(replicas);
		expect(await engine.preview(at("1.8.0"))).toMatchObject({ changes: false });
	});
});
