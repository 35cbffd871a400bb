import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { expectRefused, inOrder } from "../engine/output.mts";
import type { Args } from "../engine/project.mts";
import { Space, unavailable } from "./harness.ts";
import { startLoad } from "./load.ts";
import { deploy, existing, kubectl, manifest, running, serviceOf, setOf, untilReady } from "./made-by-others.ts";
import { caveatsOf, KubernetesProject, unrehearsed, updates } from "./projects.mts";
import { credentials } from "./query.ts";
import { makeRows } from "./tables.ts";

const minute = 60_000;
const replicas = ["clickhouse-0", "clickhouse-1"];
const its = { statefulSets: ["clickhouse"], services: ["clickhouse"] };

/** The way of docs/existing-clusters.md with examples/adopt/plain.yaml: each test goes on where the one before ended. */
describe.skipIf(unavailable !== undefined)("a StatefulSet that was written by hand", () => {
	let space: Space;
	let project: KubernetesProject;
	let before: Awaited<ReturnType<typeof running>>;

	const kubernetes = (more: object = {}) => {
		const { kubeconfig, ...given } = existing(space, its);
		return { ...given, kubeconfig: { secret: kubeconfig }, ...more } as Args;
	};
	/** What becomes of requests and of pods while something is done that must not touch them. */
	const untouched = async (work: () => Promise<unknown>) => {
		await space.reachable("clickhouse");
		const load = startLoad({ endpoint: await space.endpoint("clickhouse"), table: "rows", loops: 1, pause: 50 });
		const now = await running(space, replicas, "clickhouse-data");
		try {
			await work();
			await vi.waitFor(() => expect(load.seen.selects).toBeGreaterThan(20), { timeout: minute });
		} finally {
			const { failedSelects, failedInserts } = await load.stop();
			expect([...failedSelects, ...failedInserts]).toEqual([]);
		}
		expect(await running(space, replicas, "clickhouse-data")).toEqual(now);
	};

	beforeAll(async () => {
		space = await Space.open();
		await deploy(space, replicas);
		await makeRows(space, replicas);
		before = await running(space, replicas, "clickhouse-data");
		project = await new KubernetesProject(space).set({ version: "1.7.1", kubernetes: kubernetes() }).init();
	}, 4 * minute);
	afterAll(async () => {
		await project?.remove();
		await space?.close();
	});

	test("is refused unless it is to be adopted, and at a version that it does not run", async () => {
		expectRefused(
			await project.preview(),
			"adopt: db was not created by DbCluster. Set adopt to true to take it over.",
		);
		const wrong = await project.set({ adopt: true, version: "1.8.0", replicas: 3, deletionPolicy: "Delete" }).preview();
		expectRefused(wrong, "property deletionPolicy", '"Delete" would delete volumes that DbCluster did not create');
		expectRefused(
			await project.set({ deletionPolicy: undefined }).preview(),
			"spec.replicas of the StatefulSet clickhouse is 2. Set replicas to 2.",
			"clickhouse-0 runs 1.7.1. Set version to 1.7.1: a takeover restarts nothing. Update in the next step.",
		);
		const storage = await project.set({ kubernetes: kubernetes({ storage: "2Gi" }) }).preview();
		expectRefused(storage, "kubernetes.storage: ", "it can't be set together with existing");
	});

	test("is taken over as the preview says: without a restart", async () => {
		const { output, status } = await project
			.set({ version: "1.7.1", replicas: undefined, kubernetes: kubernetes() })
			.preview();
		expect(status).toBe(0);
		const said = [
			"taken over: {",
			'readiness   : "clickhouse has no readiness probe: pods get one for /ping with their next restart"',
			'replicas    : "clickhouse-0, clickhouse-1 keep running; none restarts"',
			'services    : "clickhouse: the selector gets one more label, once all replicas have that label"',
			'statefulSets: "clickhouse gets labels, and the update strategy OnDelete instead of RollingUpdate"',
		];
		expect(inOrder(output, said), output).toBe(true);
		await untouched(() => project.upOk());
		expect(before.map(({ restarts }) => restarts)).toEqual([[0], [0]]);
		expect(await project.outputs()).toMatchObject({
			endpoint: `http://clickhouse.${space.namespace}.svc:8123`,
			version: "1.7.1",
			state: "Started",
		});
		// From then on nobody has to say it again.
		const unchanged = await project.set({ adopt: undefined }).preview("--expect-no-changes");
		expect(unchanged).toMatchObject({ status: 0 });
		await project.upOk();
	});

	test("an update that does not come up is refused by its rehearsal, and without one stops at the first replica", async () => {
		const load = startLoad({ endpoint: await space.endpoint("clickhouse"), table: "rows", loops: 1, pause: 100 });
		expectRefused(
			await project.set({ version: "1.7.9" }).up(),
			"1.7.9 was rehearsed beside the cluster, and failed",
			"No replica was touched.",
		);
		expect(await running(space, replicas, "clickhouse-data")).toEqual(before);
		const failed = await project.set({ update: unrehearsed }).up();
		expect((await load.stop()).failedSelects).toEqual([]);
		expect(failed.status).not.toBe(0);
		expect(failed.output).toContain("update of 'db' to 1.7.9 stopped at the first of 2 replicas. clickhouse-1 did not");
		expect(failed.output).toContain("clickhouse-0 was not touched and serves 1.7.1");
		expect((await running(space, replicas, "clickhouse-data"))[0]).toEqual(before[0]);
	});

	test("goes on with a later version, killed midway and taken up again, while every SELECT is answered", async () => {
		const { output } = await project.set({ version: "1.8.0", update: updates }).preview();
		expect(caveatsOf(output, "1.8.0")).toContain('+ order: "clickhouse-1, then clickhouse-0"');

		const load = startLoad({ endpoint: await space.endpoint("clickhouse"), table: "rows", pause: 50 });
		const first = project.startUp();
		await first.printed("restarting clickhouse-1");
		first.kill();
		await first.ended;
		expect(await project.run("cancel", "--yes")).toMatchObject({ status: 0 });
		await project.upOk();
		const { failedSelects, selects } = await load.stop();
		expect(failedSelects).toEqual([]);
		expect(selects).toBeGreaterThan(50);

		const after = await running(space, replicas, "clickhouse-data");
		expect(after.map(({ volume }) => volume)).toEqual(before.map(({ volume }) => volume));
		for (const [index, { uid }] of after.entries()) expect(uid).not.toBe(before[index]?.uid);
		const created = await kubectl(space, [
			"get",
			"pods",
			"--sort-by=.metadata.creationTimestamp",
			"--output=jsonpath={.items[*].metadata.name}",
		]);
		expect(created.split(" ")).toEqual(["clickhouse-1", "clickhouse-0"]);
		expect(await project.outputs()).toMatchObject({ version: "1.8.0", state: "Started" });
		expect((await setOf(space, "clickhouse"))?.spec.template.spec.containers[0]?.image).toContain(":1.8.0@sha256:");
		expectRefused(await project.set({ version: "1.7.1" }).preview(), "1.7.1 is older than 1.8.0");
	});

	test("goes on when its author applies it again, once the manifest says what is so", async () => {
		const runs = (await setOf(space, "clickhouse"))?.spec.template.spec.containers[0]?.image ?? "";
		const told = manifest()
			.replace(/image: .*/, `image: ${runs}`)
			.replace("spec:\n  serviceName:", "spec:\n  updateStrategy:\n    type: OnDelete\n  serviceName:");
		await untouched(() => kubectl(space, ["apply", "--filename", "-"], told));
		const [service, set] = [await serviceOf(space, "clickhouse"), await setOf(space, "clickhouse")];
		expect(service?.spec.selector).toEqual({ app: "clickhouse", "pulumi-dbcluster/clients": "db" });
		expect(set?.spec.template.metadata?.labels).toMatchObject({ "pulumi-dbcluster/clients": "db" });
		expect(set?.spec.updateStrategy?.type).toBe("OnDelete");
		expect(await project.set({ version: "1.8.0" }).run("refresh", "--yes", "--skip-preview")).toMatchObject({
			status: 0,
		});
		expect(await project.preview("--expect-no-changes")).toMatchObject({ status: 0 });
	});

	test("goes on when the state forgets it, and can be taken up again", async () => {
		const { urn } = (await project.set({ version: "1.8.0" }).resource()) as unknown as { urn: string };
		await untouched(async () => {
			expect(await project.run("state", "delete", urn, "--yes")).toMatchObject({ status: 0 });
			await project.upOk();
			expect(await project.outputs()).toMatchObject({ version: "1.8.0", state: "Started" });
		});
		await project.run("state", "delete", urn, "--yes");
	});

	test("is all its author's again, by the commands of docs/existing-clusters.md", async () => {
		await untouched(async () => {
			await kubectl(space, [
				"patch",
				"service",
				"clickhouse",
				"--type=json",
				'--patch=[{"op": "remove", "path": "/spec/selector/pulumi-dbcluster~1clients"}]',
			]);
			await kubectl(space, [
				"label",
				"statefulset",
				"clickhouse",
				"pulumi-dbcluster/cluster-",
				"pulumi-dbcluster/shard-",
			]);
			await kubectl(space, ["delete", "configmap", "db-dbcluster"]);
		});
		expect((await serviceOf(space, "clickhouse"))?.spec.selector).toEqual({ app: "clickhouse" });
		// A pod that is lost comes back, and clients reach it.
		await kubectl(space, ["delete", "pod", "clickhouse-1"]);
		await untilReady(space, replicas);
		expect(await space.query("clickhouse", "SELECT 1")).toBe("1");
	});

	test("is taken over once more, and let go by destroy", async () => {
		expectRefused(await project.preview(), "adopt: db was not created by DbCluster");
		await untouched(() => project.set({ adopt: true }).upOk());
		await untouched(async () => {
			const { status, output } = await project.run("destroy", "--yes", "--skip-preview");
			expect(status, output).toBe(0);
			expect(output).toContain("db: the cluster was not created by DbCluster, so it keeps running");
		});
		expect((await serviceOf(space, "clickhouse"))?.spec.selector).toEqual({ app: "clickhouse" });
		expect(await space.api.get("configmaps", "db-dbcluster")).toBeUndefined();
	});

	test("nothing that Pulumi keeps holds the password", async () => {
		expect(await project.exported()).not.toContain(credentials.password);
	});
});
