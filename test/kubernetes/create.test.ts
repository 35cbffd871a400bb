import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { create } from "../../src/pulumi/apply/create";
import { destroy } from "../../src/pulumi/apply/delete";
import { update } from "../../src/pulumi/apply/update";
import type { Unfinished } from "../../src/pulumi/host/failure";
import { check } from "../../src/pulumi/judge/check";
import { reasonsIn } from "../reasons";
import { Space, unavailable } from "./harness";
import { Registry, unreachable } from "./registry";

type Properties = Record<string, unknown>;
/** What Pulumi does of one resource on a real cluster: state goes from one run to the next, also from one that failed. */
class Resource {
	private id = "";
	private inputs: Properties = {};
	outputs: Properties = {};

	constructor(private readonly base: Properties) {}

	async preview(args: Properties) {
		const { inputs = {}, failures } = await check(this.inputs, { ...this.base, ...args });
		return { inputs, refused: reasonsIn(failures) };
	}

	async up(args: Properties): Promise<Properties> {
		const { inputs, refused } = await this.preview(args);
		expect(refused).toEqual([]);
		try {
			if (this.id === "") {
				const { id, outs } = await create(inputs);
				Object.assign(this, { id, outputs: outs, inputs });
			} else this.outputs = (await update(this.id, this.outputs, inputs)).outs ?? {};
		} catch (error) {
			const { id, properties } = error as Unfinished;
			// Pulumi keeps the inputs of a create that failed, and the old ones of an update.
			if (this.id === "" && id !== undefined) Object.assign(this, { id, inputs });
			if (properties !== undefined) this.outputs = properties;
			throw error;
		}
		this.inputs = inputs;
		return this.outputs;
	}

	/** The message of an `up` that fails. */
	async fails(args: Properties): Promise<string> {
		const error = await this.up(args).then(
			() => new Error("it did not fail"),
			(reason: Error) => reason,
		);
		return error.message;
	}

	destroy(): Promise<void> {
		return destroy(this.id, this.outputs);
	}
}

const reason = unavailable ?? unreachable;

describe.skipIf(reason !== undefined)(`a creation that fails${reason === undefined ? "" : ` (${reason})`}`, () => {
	let space: Space;
	let registry: Registry;
	beforeEach(async () => {
		vi.spyOn(console, "log").mockImplementation(() => {});
		[space, registry] = await Promise.all([Space.open(), Registry.open()]);
	});
	afterEach(async () => {
		vi.restoreAllMocks();
		await space.close();
		await registry.close();
	});

	const versions = { list: ["1.7.1", "1.7.9", "1.8.0"].map((version) => ({ version })) };
	const resource = () => new Resource({ owner: "project/stack/db", name: "db", replicas: 2, versions });
	const at = (version: string, more: Properties = {}) => ({
		version,
		kubernetes: space.settings({ image: registry.image }),
		update: { drainSeconds: 5 },
		...more,
	});

	test("fails again with its reason, and ends with the image that was mended under its tag", async () => {
		const db = resource();
		const crashes = /db-0-\d did not start: .*cannot load metadata written by an older server/;
		const first = await db.fails(at("1.7.9"));
		expect(first).toMatch(crashes);
		expect(first).toMatch(/pulumi up resumes the creation, pulumi destroy deletes what exists\.$/);
		expect(await space.control().observe()).toMatchObject({ state: "Degraded", mark: { to: "1.7.9", creates: true } });

		const { inputs, refused } = await db.preview(at("1.7.9"));
		expect(refused).toEqual([]);
		expect(inputs.caveats).toMatchObject({ "creation at 1.7.9": { resumes: "a creation that stopped midway" } });
		const second = await db.fails(at("1.7.9"));
		expect(second).toMatch(/^creation of 'db' with version 1\.7\.9 stopped at the first of 2 replicas\. /);
		expect(second).toMatch(crashes);
		expect(db.outputs).toMatchObject({ state: "Degraded" });
		// A server may have opened the volumes: what it wrote can't go back.
		expect((await db.preview(at("1.7.1"))).refused.join()).toMatch(
			/the creation with version 1\.7\.9, begun at .*, stopped midway\. 1\.7\.1 is older/,
		);
		expect((await db.preview(at("1.8.0"))).refused).toEqual([]);

		registry.set("1.7.9", "1.7.1");
		expect(await db.up(at("1.7.9"))).toMatchObject({
			state: "Started",
			replicaVersions: [{ version: "1.7.9" }, { version: "1.7.9" }],
		});
		expect((await space.control().record())?.mark).toBeUndefined();
		await space.reachable("db");
		expect(await space.query("db", "SELECT 1")).toBe("1");
		expect((await db.preview(at("1.7.9"))).inputs).not.toHaveProperty("unfinished");
	});

	test("ends with a later version, though another is the latest", async () => {
		const list = [...versions.list, { version: "1.8.1" }];
		const db = resource();
		await db.fails(at("1.7.9", { versions: { list } }));
		expect(await db.up(at("1.8.0", { versions: { list } }))).toMatchObject({
			state: "Started",
			replicaVersions: [{ version: "1.8.0" }, { version: "1.8.0" }],
		});
	});

	test("ends with an earlier version where there is no such image, so that no server ever opened the volumes", async () => {
		registry.set("1.7.9", "nothing");
		const db = resource();
		expect(await db.fails(at("1.7.9"))).toMatch(/its image can't be pulled: .*NotFound/);
		expect((await space.control().observe())?.replicas.map(({ openedBy }) => openedBy)).toEqual([undefined, undefined]);
		const { inputs, refused } = await db.preview(at("1.7.1"));
		expect(refused).toEqual([]);
		expect(inputs.caveats).toMatchObject({ "creation at 1.7.1": { resumes: "a creation that stopped midway" } });
		expect(await db.up(at("1.7.1"))).toMatchObject({
			state: "Started",
			replicaVersions: [{ version: "1.7.1" }, { version: "1.7.1" }],
		});
		expect((await space.control().record())?.openedBy).toEqual({ "db-0-0": "1.7.1", "db-0-1": "1.7.1" });
	});

	test("is destroyed with its data by a deletionPolicy that came in an up which failed", async () => {
		const db = resource();
		await db.fails(at("1.7.9"));
		await db.fails(at("1.7.9", { deletionPolicy: "Delete" }));
		await db.destroy();
		expect(await space.control().record()).toBeUndefined();
		expect(await space.api.list("persistentvolumeclaims", {})).toEqual([]);
	});
});

describe.skipIf(unavailable !== undefined)("desiredState", () => {
	test("is told in the caveats, and what they say is done", async () => {
		vi.spyOn(console, "log").mockImplementation(() => {});
		const space = await Space.open();
		try {
			const db = new Resource({ owner: "project/stack/db", name: "db", replicas: 1 });
			const at = (version: string, desiredState?: string) => ({
				version,
				kubernetes: space.settings(),
				update: { policy: "any", drainSeconds: 5 },
				...(desiredState && { desiredState }),
			});
			const caveats = async (...[version, desired]: Parameters<typeof at>) =>
				(await db.preview(at(version, desired))).inputs.caveats;
			await db.up(at("1.7.1"));
			expect(await caveats("1.7.1", "Started")).toBeUndefined();
			expect(await caveats("1.7.1", "Stopped")).toEqual({
				"Started -> Stopped": {
					state: "will be stopped; reads and writes are unavailable until the cluster is started again",
				},
			});
			expect(await caveats("1.8.0", "Stopped")).toMatchObject({
				"1.7.1 -> 1.8.0": {
					state: "will be updated, then stopped; reads and writes are unavailable until the cluster is started again",
				},
			});
			expect(await db.up(at("1.8.0", "Stopped"))).toMatchObject({ state: "Stopped" });
			expect(await caveats("1.8.0", "Started")).toEqual({ "Stopped -> Started": { state: "will be started" } });
			expect(await caveats("1.8.1")).toMatchObject({ "1.8.0 -> 1.8.1": { state: "Stopped, and stays so" } });
			expect(await caveats("1.8.1", "Started")).toMatchObject({
				"1.8.0 -> 1.8.1": { state: "will be updated while it is Stopped, then started" },
			});
			expect(await db.up(at("1.8.1", "Started"))).toMatchObject({
				state: "Started",
				replicaVersions: [{ version: "1.8.1" }],
			});
		} finally {
			vi.restoreAllMocks();
			await space.close();
		}
	});
});
