import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { KubernetesDbCluster } from "../../../src/kubernetes";
import { cases } from "./cases";
import { type Declared, declare, generated, secretsIn, value, wired } from "./declared";

const component = "pulumi-dbcluster:kubernetes:KubernetesDbCluster";
const find = (declared: readonly Declared[], type: string) => declared.find((each) => each.type.endsWith(`:${type}`));
const children = (declared: readonly Declared[]) => declared.filter(({ type }) => type !== component);

// `vitest -u` writes them anew; a reviewer sees in them what a change does to everybody's clusters.
test.each(Object.entries(cases))("the children of a %s declaration are as recorded", async (name, args) => {
	const { declared } = await declare(args);
	await expect(`${JSON.stringify(declared, null, "\t")}\n`).toMatchFileSnapshot(`golden/${name}.json`);
});

describe("children", () => {
	test("have names that begin with the component's, and it as their parent", async () => {
		for (const args of Object.values(cases)) {
			const { declared } = await declare(args, { name: "warehouse" });
			expect(children(declared).length).toBeGreaterThan(3);
			for (const { name, parent } of children(declared)) {
				expect(name).toMatch(/^warehouse(-|$)/);
				expect(parent).toBe(`${component}::warehouse`);
			}
		}
	});

	test("are reached as they are: servers know as many Keepers as the ensemble has, whatever its size is to be now", async () => {
		const files = Object.fromEntries([0, 1, 2].map((n) => [`analytics-keeper-${n}.xml`, "<clickhouse/>"]));
		const { declared } = await declare(
			{ ...cases.minimal, version: "1.8.0", keeper: { replicas: 1 } },
			{ kept: (type) => (type === "kubernetes:core/v1:ConfigMap" ? { data: files } : {}) },
		);
		expect(find(declared, "DbCluster")?.inputs.kubernetes).toMatchObject({
			keeper: [0, 1, 2].map((n) => expect.stringContaining(`analytics-keeper-${n}.`)),
		});
	});

	test("go through the component's transformations", async () => {
		const mark: pulumi.ResourceTransformation = ({ props, opts, type }) =>
			type.startsWith("kubernetes:core") ? { props: { ...props, marked: "yes" }, opts } : undefined;
		const { declared } = await declare(cases.minimal ?? never(), { opts: () => ({ transformations: [mark] }) });
		const marked = declared.filter(({ inputs }) => inputs.marked === "yes").map(({ type }) => type);
		expect(marked.toSorted()).toEqual(
			["ConfigMap", "Namespace", "Secret", "Service", "ServiceAccount"].map((kind) => `kubernetes:core/v1:${kind}`),
		);
	});

	test("use the provider that is made from kubeconfig and context", async () => {
		const { declared } = await declare(cases.full ?? never());
		const own = declared.filter(({ type }) => type.startsWith("kubernetes:"));
		expect(own.length).toBeGreaterThan(8);
		for (const { provider } of own) expect(provider).toContain("pulumi:providers:kubernetes");
		expect(find(declared, "kubernetes")?.inputs).toMatchObject({ context: "production", kubeconfig: "[secret]" });
		expect(find(declared, "DbCluster")?.inputs.kubernetes).toMatchObject({
			context: "production",
			kubeconfig: "[secret]",
		});
	});

	test("use the provider that the stack's configuration says, unless arguments say another", async () => {
		const configured = { "kubernetes:context": "staging", "kubernetes:kubeconfig": "/etc/kube/config" };
		const declaredWith = async (more: object, opts?: () => pulumi.ComponentResourceOptions) => {
			const { declared } = await declare(() => {
				pulumi.runtime.setAllConfig(configured, ["kubernetes:kubeconfig"]);
				return { ...cases.minimal, version: "1.8.0", ...more };
			}, opts && { opts }).finally(() => pulumi.runtime.setAllConfig({}));
			return [find(declared, "kubernetes")?.inputs, find(declared, "DbCluster")?.inputs.kubernetes];
		};
		for (const its of await declaredWith({})) expect(its).toMatchObject({ context: "staging", kubeconfig: "[secret]" });
		for (const its of await declaredWith({ context: "production" }))
			expect(its).toMatchObject({ context: "production", kubeconfig: "[secret]" });
		// The configuration's context is one of its own kubeconfig.
		for (const its of await declaredWith({ kubeconfig: "/home/ann/config" })) {
			expect(its).toMatchObject({ kubeconfig: "[secret]" });
			expect(its).not.toHaveProperty("context");
		}
		const [, its] = await declaredWith({}, () => ({ provider: new kubernetes.Provider("mine", {}) }));
		expect(its).not.toHaveProperty("context");
	});

	test.each(["provider", "providers", "of a parent"])("use a %s of the options, and none is made", async (how) => {
		let parents: pulumi.ComponentResource | undefined;
		const { declared } = await declare(cases.minimal ?? never(), {
			opts: () => {
				const provider = new kubernetes.Provider("mine", {});
				if (how === "provider") return { provider };
				if (how === "providers") return { providers: { kubernetes: provider } };
				parents = new pulumi.ComponentResource("my:own:Stage", "stage", {}, { providers: [provider] });
				return { parent: parents };
			},
		});
		const providers = declared.filter(({ type }) => type === "pulumi:providers:kubernetes").map(({ name }) => name);
		expect(providers).toEqual(["mine"]);
		for (const { type, provider } of declared)
			if (type.startsWith("kubernetes:")) expect(provider).toContain("pulumi:providers:kubernetes::mine");
		expect(parents === undefined).toBe(how !== "of a parent");
	});

	test("of the component are protected with it, but for those that the next passwordGeneration replaces", async () => {
		const { children } = await declare(cases.minimal ?? never(), { opts: () => ({ protect: true }) });
		const known = children.map((child) => child as unknown as { __protect?: boolean; __pulumiType: string });
		const open = known.filter(({ __protect }) => __protect !== true);
		expect(open.map(({ __pulumiType }) => __pulumiType).sort()).toEqual([
			"kubernetes:core/v1:Secret",
			"random:index/randomPassword:RandomPassword",
		]);
		expect(children.length).toBeGreaterThan(8);
	});
});

test("adopt, which messages of its cluster name as the way out, goes to that cluster", async () => {
	const { declared } = await declare({ version: "1.8.0", adopt: true });
	expect(find(declared, "DbCluster")?.inputs).toMatchObject({ adopt: true });
});

describe("secrets", () => {
	const passwords = { minimal: generated, full: "given-password" };

	test.each(Object.entries(passwords))("of a %s declaration are nowhere in plain text", async (name, plain) => {
		const { declared } = await declare(cases[name] ?? never());
		const all = JSON.stringify(declared);
		for (const word of [plain, "kubeconfig-token"]) {
			expect(all).not.toContain(word);
			expect(all).not.toContain(Buffer.from(word).toString("base64"));
		}
		expect(find(declared, "Secret")?.inputs.stringData).toBe("[secret]");
		// Not vacuous: they are in there, marked.
		expect(secretsIn(wired().map(({ inputs }) => inputs)).join()).toContain(plain);
	});

	test("the password goes to its Secret and to nothing else", async () => {
		await declare(cases.full ?? never());
		const holders = wired().filter(({ inputs }) => JSON.stringify(inputs).includes("given-password"));
		expect(holders.map(({ type }) => type)).toEqual(["kubernetes:core/v1:Secret"]);
	});

	test("what a random password comes up with is secret by the provider's word and by ours", async () => {
		const { declared } = await declare(cases.minimal ?? never());
		expect(find(declared, "RandomPassword")?.inputs).toEqual({ length: 32, special: false });
		expect(find(declared, "RandomPassword")?.options.secretOutputs).toContain("result");
		expect(find(declared, "Secret")?.options.secretOutputs).toEqual(expect.arrayContaining(["data", "stringData"]));
	});

	test("another generation is another Secret, so that servers take it one by one", async () => {
		const first = await declare({ version: "1.8.0" });
		const second = await declare({ version: "1.8.0", passwordGeneration: 2 });
		const name = ({ declared }: typeof first) => find(declared, "DbCluster")?.inputs.kubernetes;
		expect(name(first)).toMatchObject({ passwordSecret: { name: "analytics-password" } });
		expect(name(second)).toMatchObject({ passwordSecret: { name: "analytics-password-2" } });
		expect(find(second.declared, "RandomPassword")?.name).toBe("analytics-password-2");
	});

	test("with a Secret that is there none is made, and nothing random", async () => {
		const { component, declared } = await declare(cases.external ?? never());
		expect(declared.filter(({ type }) => /Secret$|random/.test(type))).toEqual([]);
		expect(await value(component.secretName)).toBe("db-password");
	});
});

describe("outputs", () => {
	test("are registered, all of them", async () => {
		const { component, outputs } = await declare(cases.full ?? never());
		expect(outputs).toMatchObject({
			endpoint: "http://analytics.db.svc:8123",
			url: "https://analytics.example.com",
			namespace: "db",
			secretName: "analytics-eu-password-2",
			version: "1.8.0",
			previousVersion: "1.7.1",
			latestVersion: "1.8.1",
			updateAvailable: true,
			state: "Started",
			replicaVersions: [{ name: "analytics-eu-0-0", version: "1.8.0" }],
			lastUpdate: { from: "1.7.1", to: "1.8.0", outcome: "finished" },
			caveats: { "1.8.0 -> 1.8.1": { reads: "SELECT keeps working" } },
		});
		const own = Object.entries(component).filter(([key, it]) => key !== "urn" && pulumi.Output.isInstance(it));
		expect(Object.keys(outputs).sort()).toEqual(own.map(([key]) => key).sort());
	});

	test("the component is told apart from other resources", async () => {
		const { component, children } = await declare(cases.minimal ?? never());
		expect(KubernetesDbCluster.isInstance(component)).toBe(true);
		for (const other of [...children, undefined, {}, "x"]) expect(KubernetesDbCluster.isInstance(other)).toBe(false);
	});
});

test("in the first preview the cluster is not judged by a namespace and a Secret that are still to be made", async () => {
	const { declared } = await declare(cases.minimal ?? never(), { preview: true });
	const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
	expect(find(declared, "DbCluster")?.inputs).toMatchObject({
		version: "1.8.0",
		name: "analytics",
		kubernetes: { namespace: unknown, passwordSecret: { name: unknown }, image: "myscale/myscaledb" },
	});
	expect(find(declared, "StatefulSet")?.inputs.metadata).toMatchObject({ namespace: "analytics" });
});

test("a namespace that holds volumes is kept", async () => {
	const kept = await declare({ version: "1.8.0" });
	expect(find(kept.declared, "Namespace")?.options.retainOnDelete).toBe(true);
	const deleted = await declare({ version: "1.8.0", deletionPolicy: "Delete" });
	// Not even false, which would override what the component has been given.
	expect(find(deleted.declared, "Namespace")?.options).not.toHaveProperty("retainOnDelete");
});

function never(): never {
	throw new Error("there is no such case");
}
