import * as pulumi from "@pulumi/pulumi";
import type { MockResourceArgs } from "@pulumi/pulumi/runtime";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DbCluster } from "../../src/index";

const registered: MockResourceArgs[] = [];
/** What the provider would give back besides the inputs. */
const made = {
	state: "Started",
	endpoint: "http://127.0.0.1:8123",
	replicaVersions: [{ name: "a-0-0", version: "1.8.0" }],
};

async function mock(preview: boolean): Promise<void> {
	const { __provider, ...none } = { __provider: undefined };
	await pulumi.runtime.setMocks(
		{
			newResource: (args) => {
				registered.push(args);
				return { id: `${args.name}-id`, state: { ...args.inputs, ...none, ...made } };
			},
			call: () => ({}),
		},
		"shop",
		"live",
		preview,
	);
}

beforeEach(() => {
	registered.length = 0;
});

const value = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => output.apply((it) => void resolve(it)));

async function inputsOf(db: DbCluster) {
	await value(db.urn);
	const { inputs, type } = registered.find(({ type }) => type.includes("dbcluster")) ?? { inputs: {}, type: "" };
	return { inputs, type };
}

describe("in an update", () => {
	beforeAll(() => mock(false));

	test("registers under the type that stands in users' state, with its owner and its name", async () => {
		const { inputs, type } = await inputsOf(new DbCluster("analytics", { version: "1.8.0", local: {} }));
		expect(type).toBe("pulumi-nodejs:dynamic/dbcluster:DbCluster");
		expect(inputs).toMatchObject({ version: "1.8.0", local: {}, name: "analytics", owner: "shop/live/analytics" });
		expect(inputs.__provider).toContain('require("pulumi-dbcluster/provider")');
	});

	test("its outputs are outputs", async () => {
		const db = new DbCluster("analytics", { version: "1.8.0", local: {} });
		expect(await value(db.state)).toBe("Started");
		expect(await value(db.endpoint)).toBe("http://127.0.0.1:8123");
		expect(await value(db.replicaVersions)).toEqual([{ name: "a-0-0", version: "1.8.0" }]);
		expect(await value(db.version)).toBe("1.8.0");
		expect(await value(db.previousVersion)).toBeUndefined();
	});

	test("takes outputs and promises for inputs, and leaves what it was given as it was", async () => {
		const args = {
			version: pulumi.output("1.8.0"),
			replicas: Promise.resolve(3),
			name: "main",
			local: { port: pulumi.output(8123) },
		};
		const { inputs } = await inputsOf(new DbCluster("analytics", args));
		expect(inputs).toMatchObject({ version: "1.8.0", replicas: 3, name: "main", local: { port: 8123 } });
		expect(Object.keys(args)).toEqual(["version", "replicas", "name", "local"]);
	});

	test("an argument that is undefined is one that was left out", async () => {
		const { inputs } = await inputsOf(new DbCluster("analytics", { version: "1.8.0", name: undefined, local: {} }));
		expect(inputs.name).toBe("analytics");
	});

	test("the owner can't be forged by an argument", async () => {
		const args = { version: "1.8.0", local: {}, owner: "somebody/else/x" };
		const { inputs } = await inputsOf(new DbCluster("analytics", args));
		expect(inputs.owner).toBe("shop/live/analytics");
	});

	test("what is worked out from a secret is handed over as secret as that", async () => {
		const plain = await inputsOf(new DbCluster("analytics", { version: "1.8.0", local: {} }));
		expect(plain.inputs).toMatchObject({ caveats: {}, endpoint: "" });
		registered.length = 0;
		const secret = await inputsOf(
			new DbCluster("analytics", { version: "1.8.0", local: { port: pulumi.secret(8123) } }),
		);
		const mark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
		expect(secret.inputs).toMatchObject({ caveats: mark, endpoint: mark });
	});

	test("is told apart from other resources", async () => {
		const db = new DbCluster("analytics", { version: "1.8.0", local: {} });
		const provider = new (class extends pulumi.CustomResource {})("a:b:C", "other", {});
		await Promise.all([value(db.urn), value(provider.urn)]);
		expect(DbCluster.isInstance(db)).toBe(true);
		for (const other of [undefined, null, {}, "x", provider]) expect(DbCluster.isInstance(other)).toBe(false);
	});
});

describe("in a preview", () => {
	beforeAll(() => mock(true));

	test("hands on what is not known yet as not known", async () => {
		const first = new DbCluster("first", { version: "1.8.0", local: {} });
		await value(first.urn);
		registered.length = 0;
		const version = first.latestVersion as pulumi.Output<string>;
		const { inputs } = await inputsOf(new DbCluster("analytics", { version, local: {} }));
		expect(pulumi.containsUnknowns(inputs.version)).toBe(true);
		expect(inputs.owner).toBe("shop/live/analytics");
	});
});
