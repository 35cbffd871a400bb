import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectRefused } from "../engine/output.mts";
import type { Args } from "../engine/project.mts";
import { Space, unavailable } from "./harness.ts";
import { deploy, existing, running, setOf } from "./made-by-others.ts";
import { KubernetesProject } from "./projects.mts";
import { Registry, unreachable } from "./registry.ts";

const minute = 60_000;

/** Each test resumes where the one before ended. */
describe.skipIf(unavailable !== undefined || unreachable !== undefined)("tags that contain a revision", () => {
	let space: Space;
	let registry: Registry;
	let project: KubernetesProject;
	const image = async () => (await setOf(space, "db-0"))?.spec.template.spec.containers[0]?.image ?? "";

	beforeAll(async () => {
		[space, registry] = await Promise.all([Space.open(), Registry.open()]);
		registry.set("1.7.1-debian-12-r1", "1.7.1");
		project = new KubernetesProject(space, { image: `${registry.image}:{version}-debian-12-r*` });
		await project.set({ version: "1.7.1", versions: undefined, replicas: 1 }).init();
	}, 4 * minute);
	afterAll(async () => {
		await project?.remove();
		await registry?.close();
		await space?.close();
	});

	test("are versions; newer ones that are spelled otherwise are named with the image to set", async () => {
		const output = await project.upOk();
		expect(await image()).toContain(":1.7.1-debian-12-r1@sha256:");
		expect(await project.outputs()).toMatchObject({ version: "1.7.1", latestVersion: "1.7.1", updateAvailable: false });
		expect(output).toMatch(/db: newer versions exist\. .*1\.8\.\d/);
		expectRefused(await project.set({ version: "1.8.0" }).preview(), "1.8.0 is not a known version");
	});

	test("a later version is available with a refresh, and its highest revision is the image", async () => {
		for (const revision of [2, 9, 10]) registry.set(`1.8.0-debian-12-r${revision}`, "1.8.0");
		await project.set({ version: "1.7.1" }).run("refresh", "--yes", "--skip-preview");
		// A refresh runs no program: the stack's own outputs follow with the next up.
		expect((await project.resource()).outputs).toMatchObject({ latestVersion: "1.8.0", updateAvailable: true });
		await project.set({ version: "1.8.0" }).upOk();
		expect(await image()).toContain(":1.8.0-debian-12-r10@sha256:");
		expect(await project.outputs()).toMatchObject({ version: "1.8.0", state: "Started", updateAvailable: false });
	});

	test("a higher revision of the version that runs changes nothing", async () => {
		registry.set("1.8.0-debian-12-r11", "1.8.0");
		const { status, output } = await project.preview("--expect-no-changes");
		expect(status, output).toBe(0);
		expect(await image()).toContain(":1.8.0-debian-12-r10@sha256:");
	});
});

describe.skipIf(unavailable !== undefined || unreachable !== undefined)("several tags of one image", () => {
	let space: Space;
	let registry: Registry;

	beforeAll(async () => {
		[space, registry] = await Promise.all([Space.open(), Registry.open()]);
	});
	afterAll(async () => {
		await registry?.close();
		await space?.close();
	});

	test("are one version: from one to the other nothing restarts", async () => {
		const project = new KubernetesProject(space, { image: registry.image });
		try {
			await project.set({ version: "1.7.1", versions: undefined, replicas: 1 }).init();
			await project.upOk();
			const pods = await running(space, ["db-0-0"], "data");
			registry.set("1.7.1.5", "1.7.1");
			const { status, output } = await project.set({ version: "1.7.1.5" }).preview();
			expect(status, output).toBe(0);
			await project.upOk();
			expect(await running(space, ["db-0-0"], "data")).toEqual(pods);
			expect(await project.outputs()).toMatchObject({ version: "1.7.1", state: "Started" });
			expect((await project.preview("--expect-no-changes")).status).toBe(0);
		} finally {
			await project.remove();
		}
	});

	test("a takeover of one that names no version is told the one that does", async () => {
		registry.set("current", "1.7.1");
		const pods = ["clickhouse-0", "clickhouse-1"];
		await deploy(space, pods, (text) => text.replace(/image: .*/, `image: ${registry.image}:current`));
		const { kubeconfig, ...given } = existing(space, { statefulSets: ["clickhouse"], services: ["clickhouse"] });
		const kubernetes = { ...given, image: registry.image, kubeconfig: { secret: kubeconfig } } as Args;
		const project = await new KubernetesProject(space)
			.set({ name: "taken", version: "1.7.1", versions: undefined, adopt: true, kubernetes })
			.init();
		try {
			const exact = `${registry.image}:1.7.1`;
			expectRefused(
				await project.preview(),
				`clickhouse-0 runs ${registry.image}:current, which names no version of ${registry.image}. It is the same image as ${exact}.`,
				`set image statefulset/clickhouse clickhouse=${exact}`,
			);
		} finally {
			await project.remove();
		}
	});
});
