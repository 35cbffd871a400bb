import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

vi.mock("pulumi-dbcluster/kubernetes", () => import("../../../src/kubernetes.ts"));

const registered: { type: string; name: string; inputs: Record<string, unknown> }[] = [];
/** What the stack that is referred to gives out. */
let elsewhere: Record<string, unknown> = {};

beforeEach(async () => {
	vi.resetModules();
	registered.length = 0;
	await pulumi.runtime.setMocks(
		{
			newResource: ({ type, name, inputs }) => {
				registered.push({ type, name, inputs });
				if (type === "pulumi:pulumi:StackReference") return { id: name, state: { ...inputs, outputs: elsewhere } };
				const { __provider, ...state } = inputs;
				const { version } = inputs;
				const made = type.endsWith(":DbCluster") && { latestVersion: "1.8.0", updateAvailable: version !== "1.8.0" };
				return { id: `${name}-id`, state: { ...state, result: "random", ...made } };
			},
			call: () => ({}),
		},
		"fleet",
		"production",
	);
});

// What a program still has to register belongs to its own test.
afterEach(() => pulumi.runtime.disconnect());

const value = <T>(output: pulumi.Input<T>) => (pulumi.output(output) as unknown as { promise(): Promise<T> }).promise();
const clusters = () => registered.filter(({ type }) => type.endsWith(":DbCluster"));

test("step 2 of the component differs from step 1 in the version", async () => {
	const run = async (program: Promise<{ version: pulumi.Output<string>; endpoint: pulumi.Output<string> }>) => {
		const { version, endpoint } = await program;
		await Promise.all([value(version), value(endpoint)]);
		const inputs = clusters().at(-1)?.inputs;
		vi.resetModules();
		return inputs;
	};
	const first = await run(import("../../../examples/component/step1/index.ts"));
	const second = await run(import("../../../examples/component/step2/index.ts"));
	expect(first).toMatchObject({ version: "1.7.1", replicas: 2, name: "warehouse" });
	expect(second).toEqual({ ...first, version: "1.8.0" });
});

test("the clusters of a fleet come from the configuration, and another stack reads which have an update", async () => {
	const wanted = [
		{ name: "shop", version: "1.7.1", replicas: 3 },
		{ name: "ads", version: "1.8.0", storage: "1Ti" },
	];
	pulumi.runtime.setAllConfig({
		"fleet:clusters": JSON.stringify(wanted),
		"fleet:keeper": JSON.stringify(["keeper-0.infra.svc"]),
		"fleet:fleet": "organization/fleet/production",
	});
	const program = await import("../../../examples/fleet/clusters/index.ts");
	elsewhere = { clusters: await value(pulumi.output(program.clusters)) };
	expect(
		clusters()
			.map(({ name }) => name)
			.sort(),
	).toEqual(["ads", "shop"]);
	expect(clusters().find(({ name }) => name === "shop")?.inputs).toMatchObject({ version: "1.7.1", replicas: 3 });

	const { updates } = await import("../../../examples/fleet/updates/index.ts");
	expect(await value(updates)).toEqual(["shop: 1.7.1 -> 1.8.0"]);
});
