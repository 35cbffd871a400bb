import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectRefused } from "../engine/output.mts";
import type { Args } from "../engine/project.mts";
import { Space, unavailable } from "./harness.ts";
import { helm, install } from "./helm.mts";
import { startLoad } from "./load.ts";
import { existing, kubectl, running, serviceOf, setOf, untilServing } from "./made-by-others.ts";
import { KubernetesProject } from "./projects.mts";
import { makeRows } from "./tables.ts";

const minute = 60_000;
const sets = ["shop-clickhouse-shard0", "shop-clickhouse-shard1"];
const replicas = sets.flatMap((set) => [`${set}-0`, `${set}-1`]);
const its = { statefulSets: sets, services: ["shop-clickhouse"], container: "db" };

/** The way of docs/existing-clusters.md with Helm and examples/adopt/chart: each test resumes where the one before ended. */
describe.skipIf(unavailable !== undefined)("StatefulSets of a Helm release", () => {
	let space: Space;
	let project: KubernetesProject;
	let before: Awaited<ReturnType<typeof running>>;

	/** A Helm upgrade as the documents have it. Clients and pods must not notice. */
	const upgrade = async (tag: string) => {
		await space.reachable("shop-clickhouse");
		const load = startLoad({ endpoint: await space.endpoint("shop-clickhouse"), table: "rows", loops: 1, pause: 50 });
		const pods = await running(space, replicas, "data");
		try {
			await helm(
				space,
				"upgrade",
				"--reuse-values",
				"--set",
				"updateStrategy.type=OnDelete",
				"--set",
				`image.tag=${tag}`,
			);
			await settled();
		} finally {
			const { failedSelects, failedInserts } = await load.stop();
			expect([...failedSelects, ...failedInserts]).toEqual([]);
		}
		expect(await running(space, replicas, "data")).toEqual(pods);
	};
	/** Until the StatefulSet controller has seen what Helm wrote, and so would have begun to restart pods. */
	const settled = async () => {
		for (const name of sets) {
			const path = "jsonpath={.status.observedGeneration}";
			const generation = (await setOf(space, name))?.metadata.generation;
			await expect
				.poll(() => kubectl(space, ["get", "statefulset", name, `--output=${path}`]), { timeout: minute })
				.toBe(String(generation));
		}
	};

	beforeAll(async () => {
		space = await Space.open();
		await install(space);
		await untilServing(space, replicas);
		await makeRows(space, replicas);
		before = await running(space, replicas, "data");
		const { kubeconfig, ...given } = existing(space, its);
		const kubernetes = { ...given, kubeconfig: { secret: kubeconfig } };
		project = await new KubernetesProject(space)
			.set({ version: "1.7.1", shards: 2, replicas: 2, adopt: true, kubernetes } as Args)
			.init();
	}, 4 * minute);
	afterAll(async () => {
		await project?.remove();
		await space?.close();
	});

	test("are taken over without a restart, and stay so after the upgrade that the documents name", async () => {
		await project.upOk();
		await upgrade("1.7.1");
		expect(await running(space, replicas, "data")).toEqual(before);
		expect((await serviceOf(space, "shop-clickhouse"))?.spec.selector).toHaveProperty("pulumi-dbcluster/clients", "db");
		expect((await setOf(space, "shop-clickhouse-shard0"))?.spec.updateStrategy?.type).toBe("OnDelete");
		const { status, output } = await project.set({ adopt: undefined }).preview("--expect-no-changes", "--refresh");
		expect(status, output).toBe(0);
	});

	test("are updated, and stay at the version after Helm was given the image that runs", async () => {
		await project.set({ version: "1.8.0" }).upOk();
		const images = "jsonpath={.spec.template.spec.containers[?(@.name=='db')].image}";
		const image = await kubectl(space, ["get", "statefulset", sets[0] ?? "", `--output=${images}`]);
		const tag = image.slice(image.indexOf(":1.8.0") + 1);
		expect(tag).toMatch(/^1\.8\.0@sha256:/);
		await upgrade(tag);
		const { status, output } = await project.preview("--expect-no-changes", "--refresh");
		expect(status, output).toBe(0);
		expect(await project.outputs()).toMatchObject({ version: "1.8.0", state: "Started" });
		expectRefused(await project.set({ version: "1.7.1" }).preview(), "1.7.1 is older than 1.8.0");
	});

	test("are Helm's alone again after destroy", async () => {
		const pods = await running(space, replicas, "data");
		const { status, output } = await project.run("destroy", "--yes", "--skip-preview");
		expect(status, output).toBe(0);
		await helm(space, "upgrade", "--reuse-values", "--dry-run=server");
		expect((await serviceOf(space, "shop-clickhouse"))?.spec.selector).not.toHaveProperty("pulumi-dbcluster/clients");
		expect(await running(space, replicas, "data")).toEqual(pods);
	});
});
