import { afterEach, describe, expect, test, vi } from "vitest";
import { ControlError } from "../../../src/control/errors";
import * as provider from "../../../src/pulumi/provider";
import { v } from "../../build";
import { Engine, running } from "../engine";
import { scripted } from "../scripted-platform";
import { lines, versionsNow, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

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
		expect(lines.join("\n")).toContain("a: the cluster was not created by DbCluster, so it keeps running");
		expect((await new Engine().preview({ version: "1.9.0", adopt: true, deletionPolicy: "Delete" })).refused).toEqual([
			expect.stringMatching(/^deletionPolicy: "Delete" would delete volumes that DbCluster did not create/),
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

describe("delete of a cluster without a record", () => {
	const onServer = (name?: string) => Object.assign(scripted.platform, { server: name && (() => name) });
	afterEach(() => onServer());

	/** As where the namespace is gone or terminating: what would be created is rejected. */
	async function gone() {
		onServer("one");
		const engine = await running("1.9.0");
		world().destroy(false);
		const claim = vi.spyOn(world().claims, "claim").mockImplementation(() => {
			throw new ControlError("the namespace 'db' does not exist: create it first");
		});
		return { engine, claim };
	}

	test("is done, and takes no claim, which would create a record", async () => {
		const { engine, claim } = await gone();
		await provider.delete(engine.id, engine.outputs);
		expect(claim).not.toHaveBeenCalled();
	});

	test("is not done on another server, or where the server can't be asked", async () => {
		const { engine, claim } = await gone();
		onServer("two");
		await expect(provider.delete(engine.id, engine.outputs)).rejects.toThrow("it was on another API server before");
		onServer("one");
		scripted.unreachable = true;
		await expect(provider.delete(engine.id, engine.outputs)).rejects.toThrow("connection refused");
		expect(claim).not.toHaveBeenCalled();
	});

	test("is done, too, if the record goes while the claim is waited for", async () => {
		const engine = await running("1.9.0");
		const destroy = vi.spyOn(world(), "destroy");
		const { claims } = world();
		const claim = claims.claim.bind(claims);
		vi.spyOn(claims, "claim").mockImplementation((...given) => {
			world().destroy(false);
			return claim(...given);
		});
		await provider.delete(engine.id, engine.outputs);
		expect(destroy).toHaveBeenCalledTimes(1);
	});
});

describe("--replace", () => {
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
