/** Many clusters of one namespace in one stack: what a preview of them asks the API server. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConfigMap, KubeObject, StatefulSet } from "../../src/platforms/kubernetes/api/types.ts";
import { Space, unavailable } from "./harness.ts";
import { KubernetesProject } from "./projects.mts";

/** A thousand is promised, which `npm run test:release` holds; a hundred shows in CI what is asked for each of them. */
const count = process.env.MODE === "release" ? 1000 : 100;
const names = Array.from({ length: count }, (_, index) => (index === 0 ? "db" : `db${index}`));

/** The tests' own program with all of them. */
const program = `
const args = JSON.parse(require("node:fs").readFileSync(__dirname + "/args.json", "utf8"), (_, value) =>
	value?.secret === undefined ? value : require("@pulumi/pulumi").secret(value.secret));
const { DbCluster } = require("pulumi-dbcluster");
for (const name of ${JSON.stringify(names)}) new DbCluster(name, args);`;

describe.skipIf(unavailable !== undefined)("a stack of many clusters in one namespace", () => {
	let space: Space;
	let project: KubernetesProject;
	beforeAll(async () => {
		space = await Space.open();
		project = await new KubernetesProject(space).set({ version: "1.7.1", replicas: 1, desiredState: "Stopped" }).init();
		await project.upOk();
		await copyObjects(space);
		await copyState(project);
		writeFileSync(join(project.program, "index.js"), program);
	});
	afterAll(async () => {
		await project?.remove();
		await space?.close();
	});

	test("is previewed by a bounded number of questions while none of them changes", async () => {
		project.calls();
		const preview = await project.preview("--expect-no-changes");
		expect(preview).toMatchObject({ status: 0, output: expect.stringContaining(`${count + 1} unchanged`) });
		const calls = project.calls();
		expect(calls).toEqual(expect.arrayContaining(["list configmaps", "list statefulsets"]));
		expect(calls.length).toBeLessThanOrEqual(20);
	});

	test("shows the one that was scaled by others", async () => {
		await space.api.merge("statefulsets", "db7-0", { spec: { replicas: 2 } });
		const preview = await project.preview();
		expect(preview).toMatchObject({ status: 0, output: expect.stringContaining("~ 1 to update") });
		expect(preview.output).toContain("::db7]");
	});
});

/** The first cluster's name in a text, also in one that stands in it, but not in that of its password's Secret. */
const itsName = /(?<=["/:])db(?=["./]|\\"|-(?!password))/g;

/** As if each had been made like the first, which would take its time. */
async function copyObjects({ api }: Space): Promise<void> {
	const record = await api.get<ConfigMap>("configmaps", "db-dbcluster");
	const set = await api.get<StatefulSet>("statefulsets", "db-0");
	if (record === undefined || set === undefined) throw new Error("the first cluster was not made");
	for (const name of names.slice(1))
		await Promise.all([
			api.create("configmaps", copyOf("ConfigMap", "v1", record, name)),
			api.create("statefulsets", copyOf("StatefulSet", "apps/v1", set, name)),
		]);
}

/** The same object of another cluster. */
function copyOf(
	kind: string,
	apiVersion: string,
	{ metadata, ...rest }: ConfigMap | StatefulSet,
	cluster: string,
): KubeObject {
	const { name, labels, annotations } = metadata;
	const text = JSON.stringify({
		...rest,
		apiVersion,
		kind,
		status: undefined,
		metadata: { name, labels, annotations },
	});
	return JSON.parse(text.replaceAll(itsName, cluster)) as KubeObject;
}

async function copyState(project: KubernetesProject): Promise<void> {
	const state = await project.state();
	const first = await project.resource();
	const copies = names.slice(1).map((name) => {
		const text = JSON.stringify(first).replaceAll(itsName, name);
		return JSON.parse(text) as typeof first;
	});
	await project.restore({
		...state,
		deployment: { ...state.deployment, resources: [...state.deployment.resources, ...copies] },
	});
}
