import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { expectRefused, inOrder } from "../engine/output.mts";
import type { State } from "../engine/project.mts";
import { replacePod, runningVersions, setImage } from "./by-hand.ts";
import { Space, unavailable } from "./harness.ts";
import { startLoad } from "./load.ts";
import { caveatsOf, ExampleProject } from "./projects.mts";
import { credentials } from "./query.ts";
import { makeRows } from "./tables.ts";

const minute = 60_000;
const replicas = ["analytics-0-0", "analytics-0-1"];

/** The way of a stranger who copies examples/kubernetes: each test goes on where the one before ended. */
describe.skipIf(unavailable !== undefined)("the example of a version bump on Kubernetes", () => {
	let space: Space;
	let project: ExampleProject;
	let kubeconfig: string;
	let before: State;
	/** All that Pulumi printed or kept. */
	const said: string[] = [];

	beforeAll(async () => {
		space = await Space.open();
		kubeconfig = space.given().kubeconfig as string;
		project = await new ExampleProject().init();
		const { namespace, image, keeper, configRoot } = space.given() as Record<string, string>;
		await project.configure(
			{
				namespace: namespace ?? "",
				image: image ?? "",
				keeper: JSON.stringify(keeper),
				configRoot: configRoot ?? "",
				storage: "1Gi",
				cpu: "10m",
				memory: "64Mi",
				serviceType: "NodePort",
			},
			{ kubeconfig },
		);
	});
	afterAll(async () => {
		await project?.remove();
		await space?.close();
	});

	test("step 1 makes a cluster that answers", async () => {
		said.push(await project.upOk());
		expect(await project.outputs()).toEqual({
			endpoint: `http://analytics.${space.namespace}.svc:8123`,
			version: "1.7.1",
			state: "Started",
			updateAvailable: true,
		});
		for (const pod of replicas) expect(await space.queryPod(pod, "SELECT 1")).toBe("1");
		before = await project.state();
	});

	test("a preview without a change shows none, and asks the API server for its record and its sizes alone", async () => {
		project.calls();
		const preview = await project.preview("--expect-no-changes");
		said.push(preview.output);
		expect(preview).toMatchObject({ status: 0, output: expect.stringContaining("2 unchanged") });
		expect(project.calls()).toEqual(["get configmaps", "list statefulsets"]);
	});

	test("step 2 is refused while the image has later tags, which are the catalogue", async () => {
		expectRefused(await project.step(2).preview(), "1.8.0 is neither the latest version", "update.policy");
		await project.configure({ policy: "any" });
	});

	test("a preview of step 2 shows what the update will do, for a bounded number of questions", async () => {
		project.calls();
		const preview = await project.preview();
		said.push(preview.output);
		expect(preview).toMatchObject({ status: 0, output: expect.stringContaining('"1.7.1" => "1.8.0"') });
		expect(caveatsOf(preview.output, "1.8.0")).toEqual([
			"+ 1.7.1 -> 1.8.0: {",
			expect.stringMatching(/^\+ notes *: "2024-09-24, https:/),
			'+ order: "analytics-0-1, then analytics-0-0"',
			'+ reads: "SELECT keeps working"',
			'+ rehearsed: "no; pulumi up does that before it changes anything"',
			'+ resets: "each keep-alive connection may be reset once per replica"',
			'+ return: "not possible, because a DB version is never downgraded"',
			'+ writes: "may fail for a while as each replica restarts"',
		]);
		expect(project.calls()).toEqual([
			"SQL",
			"SQL",
			"SQL",
			"SQL",
			"get configmaps",
			"get secrets",
			"list configmaps",
			"list endpointslices",
			"list pods",
			"list pods",
			"list statefulsets",
		]);
	});

	test("step 2 updates replica by replica while every SELECT is answered", async () => {
		await makeRows(space, replicas);
		const endpoint = await space.endpoint("analytics");
		await space.reachable("analytics");
		const load = startLoad({ endpoint, table: "rows" });
		const printed = await project.upOk();
		said.push(printed);
		const { failedSelects, selects, inserts, acknowledged } = await load.stop();

		expect(failedSelects).toEqual([]);
		expect(Math.min(selects, inserts)).toBeGreaterThan(50);
		const steps = replicas.toReversed().flatMap((replica) => [`draining ${replica}`, `${replica} serves 1.8.0`]);
		expect(inOrder(printed, ["updating 1.7.1 -> 1.8.0: 2 replicas", ...steps, "updated 1.7.1 -> 1.8.0"])).toBe(true);
		expect(await project.outputs()).toMatchObject({ version: "1.8.0", state: "Started" });
		const rows = [...acknowledged].sort((a, b) => a - b).join("\n");
		for (const pod of replicas)
			await vi.waitFor(async () => expect(await space.queryPod(pod, "SELECT n FROM rows ORDER BY n")).toBe(rows), {
				timeout: minute,
				interval: 500,
			});
	});

	test("there is no way back, also not with the state from before", async () => {
		const reason =
			"1.7.1 is older than 1.8.0, which the cluster runs, and a DB version never goes back. Set version to 1.8.0 or later.";
		const after = await project.state();
		expectRefused(await project.step(1).preview(), "property version", reason);
		await project.restore(before);
		expectRefused(await project.preview(), "property version", reason);
		expectRefused(await project.up(), "property version", reason);
		await project.restore(after);
		expect(await runningVersions(space)).toEqual(["1.8.0", "1.8.0"]);
	});

	test("what kubectl updated is seen by a refresh, and previews refuse to go back on it", async () => {
		await setImage(space, "analytics-0", "1.8.1");
		await Promise.all(replicas.map((pod) => replacePod(space, pod)));

		expectRefused(await project.step(1).preview(), "1.7.1 is older than 1.8.1, which the cluster runs");
		expect(await project.step(2).run("refresh", "--yes", "--skip-preview")).toMatchObject({ status: 0 });
		expect((await project.resource()).outputs).toMatchObject({ version: "1.8.1" });
		expectRefused(
			await project.preview(),
			"1.8.0 is older than 1.8.1, which the cluster runs, and a DB version never goes back. Set version to 1.8.1 or later.",
		);
	});

	test("neither the password nor the kubeconfig is in what Pulumi printed or keeps", async () => {
		const kept = [JSON.stringify(before), await project.exported(), ...said].join("\n");
		const token: string = JSON.parse(kubeconfig).users[0].user.token;
		expect(kept).not.toContain(credentials.password);
		expect(kept).not.toContain(Buffer.from(credentials.password).toString("base64"));
		expect(kept).not.toContain(token);
		expect((await project.resource()).inputs.kubernetes).toHaveProperty("kubeconfig.ciphertext");
	});

	test("destroy takes the cluster down and keeps its volumes", async () => {
		expect(await project.run("destroy", "--yes", "--skip-preview")).toMatchObject({ status: 0 });
		const left = async (kind: "pods" | "services" | "statefulsets" | "configmaps" | "persistentvolumeclaims") =>
			(await space.api.list<{ metadata: { name: string } }>(kind, {})).map(({ metadata }) => metadata.name);
		expect(await left("statefulsets")).toEqual([]);
		expect(await left("pods")).toEqual([]);
		expect(await left("services")).toEqual([]);
		expect(await left("persistentvolumeclaims")).toEqual(replicas.map((replica) => `data-${replica}`));
	});
});
