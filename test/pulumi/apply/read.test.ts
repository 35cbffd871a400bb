import { afterEach, describe, expect, test, vi } from "vitest";
import { PlatformError } from "../../../src/control/errors";
import * as provider from "../../../src/pulumi/provider";
import { tables } from "../../build";
import { Engine, running, text } from "../engine";
import { scripted } from "../scripted-platform";
import { versionsNow, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

describe("refresh", () => {
	const onServer = (name?: string) => Object.assign(scripted.platform, { server: name && (() => name) });
	afterEach(() => onServer());

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

	test("of a cluster of which objects were deleted leaves a change, which makes them again, each time", async () => {
		const engine = await running("1.8.0");
		const configure = world().configure.bind(world());
		vi.spyOn(world(), "configure").mockImplementation((spec) => {
			configure(spec);
			scripted.deleted = [];
		});
		for (const _ of ["once", "again"]) {
			scripted.deleted = ["Service a", "ConfigMap a-config"];
			await engine.refresh();
			expect(engine.inputs).toMatchObject({ unfinished: "deleted outside Pulumi: ConfigMap a-config and Service a" });
			expect(await engine.up({ version: "1.8.0" })).toBe(true);
			expect(scripted.deleted).toEqual([]);
			expect(await engine.preview({ version: "1.8.0" })).toMatchObject({ changes: false });
		}
		// As Pulumi shows what a refresh found: the old inputs are compared with what was read.
		const { inputs } = engine;
		await engine.refresh();
		expect(engine.inputs).not.toHaveProperty("unfinished");
		expect(await provider.diff(engine.id, engine.outputs, inputs)).toMatchObject({ changes: false });
		expect(await engine.preview({ version: "1.8.0" })).toMatchObject({ changes: false });
	});

	test("needs no right to see what else there is", async () => {
		const engine = await running("1.8.0");
		scripted.deleted = ["?"];
		await engine.refresh();
		scripted.deleted = [];
		expect(engine.inputs).not.toHaveProperty("unfinished");
	});

	test("is an error, not proof of absence, while the cluster is out of reach", async () => {
		const engine = await running("1.7.1");
		scripted.unreachable = true;
		const error = await provider.read(engine.id, engine.outputs).catch((it: unknown) => it);
		expect(error).toMatchObject({ message: expect.stringContaining("connection refused") });
		expect(String((error as Error).stack)).not.toMatch(/\n\s+at /);
	});

	test("on another server is an error, not proof of absence", async () => {
		onServer("one");
		const engine = await running("1.7.1");
		world().destroy(false);
		onServer("two");
		for (const run of [provider.read, provider.delete])
			await expect(run(engine.id, engine.outputs)).rejects.toThrow("it was on another API server before");
		onServer("one");
		expect(await provider.read(engine.id, engine.outputs)).toMatchObject({ id: "" });
		await provider.delete(engine.id, engine.outputs);
		// An early release did not keep it.
		onServer("two");
		expect(await provider.read(engine.id, { ...engine.outputs, server: undefined })).toMatchObject({ id: "" });
	});

	test("on another machine is one, too, in the words of machines", async () => {
		Object.assign(scripted.platform, { onMachine: true });
		onServer("one");
		const engine = await running("1.7.1");
		world().destroy(false);
		onServer("two");
		for (const run of [provider.read, provider.delete])
			await expect(run(engine.id, engine.outputs)).rejects.toThrow(/on this machine; .* Run Pulumi there/);
		Object.assign(scripted.platform, { onMachine: undefined });
	});

	test("on another address finds the cluster that is there", async () => {
		onServer("one");
		const engine = await running("1.7.1");
		onServer("two");
		await engine.refresh();
		expect(engine.outputs).toMatchObject({ version: "1.7.1", server: "two" });
	});

	test("shows a cluster that was stopped though it ought to be started", async () => {
		const engine = await running("1.9.0", { desiredState: "Started" });
		world().halt("stopped");
		await engine.refresh();
		expect(await engine.up({ version: "1.9.0", desiredState: "Started" })).toBe(true);
		expect(engine.outputs.state).toBe("Started");
	});
});

describe("refresh with judge: recorded", () => {
	const recorded = { update: { judge: "recorded" } };
	const hold = (text: string) => {
		const { data, cluster } = world();
		const [unit] = cluster?.units ?? [];
		if (unit !== undefined) data.setTables(unit, [...unit.tables, ...tables(text)]);
	};
	const offline = async (engine: Engine) => {
		scripted.unreachable = true;
		return engine.preview({ version: "1.9.0", ...recorded });
	};

	test("records what the replicas hold now, by which a preview out of reach checks", async () => {
		const engine = await running("1.8.0", recorded);
		await engine.up({ version: "1.8.0", ...recorded });
		hold("alone@/alone");
		await engine.refresh();
		const { rules, refused } = await offline(engine);
		expect(rules).toEqual(["last-copy"]);
		expect(refused[0]).toContain("default.alone");
	});

	test("keeps what was recorded of replicas that can't be asked", async () => {
		const engine = await running("1.9.0", recorded);
		hold("loc=5");
		await engine.up({ version: "1.9.0", update: { ...recorded.update, localTables: ["default.loc"] } });
		const before = engine.inputs.recorded;
		expect(JSON.stringify(before)).toContain('"loc"');
		vi.spyOn(world(), "holds").mockImplementation(() => {
			throw new PlatformError("connection refused");
		});
		await engine.refresh();
		expect(engine.inputs.recorded).toEqual(before);
	});
});
