import type * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { KubernetesDbCluster, type KubernetesDbClusterArgs } from "../../../src/kubernetes";
import { DbCluster } from "../../../src/native";
import { componentPlugin } from "../../../src/pulumi/component/plugin";
import * as schema from "../../../src/pulumi/component/schema.json";
import { cases } from "./cases";
import { type Declared, declare, value } from "./declared";

const types = {
	dynamic: ["pulumi-dbcluster:kubernetes:KubernetesDbCluster", "pulumi-nodejs:dynamic/dbcluster:DbCluster"],
	native: ["dbcluster-kubernetes:index:KubernetesDbCluster", "dbcluster:index:DbCluster"],
} as const;
const [component, cluster] = types.native;

const { construct } = componentPlugin("0.1.0");
const constructed = (args: KubernetesDbClusterArgs, type: string = component) =>
	declare(args, {
		make: async (name, inputs, opts) => {
			const result = await construct?.(name, type, { ...inputs }, opts);
			return { urn: result?.urn, ...result?.state } as unknown as KubernetesDbCluster;
		},
	});

const aliasesOf = (declared: readonly Declared[]) =>
	Object.fromEntries(declared.map(({ type, options }) => [type, options.aliases]));

/** As the plugin makes it: with its types, and without what the dynamic resource's constructor adds. */
function onNative(declared: readonly Declared[]): unknown[] {
	const text = JSON.stringify(declared).replaceAll(types.dynamic[0], component).replaceAll(types.dynamic[1], cluster);
	return (JSON.parse(text) as Declared[]).map(({ inputs, ...rest }) => {
		const { owner, endpoint, caveats, ...others } = inputs;
		return withoutAliases({ ...rest, inputs: rest.type === cluster ? others : inputs });
	});
}
const withoutAliases = ({ options: { aliases, ...options }, ...rest }: Declared) => ({ ...rest, options });
const byType = (all: unknown[]) =>
	new Map(all.map((each) => [`${(each as Declared).type} ${(each as Declared).name}`, each]));

describe.each(Object.entries(cases))("construct of a %s declaration", (_, args) => {
	test("registers what a program in TypeScript registers, with the plugin's types", async () => {
		const ours = await declare(args);
		const theirs = await constructed(args);
		expect(theirs.declared.map(({ type }) => type)).toEqual(expect.arrayContaining([...types.native]));
		expect(byType(JSON.parse(JSON.stringify(theirs.declared)).map(withoutAliases))).toEqual(
			byType(onNative(ours.declared)),
		);
	});

	test("gives out what the schema says, with the values of the component", async () => {
		const ours = await declare(args);
		const theirs = await constructed(args);
		expect(theirs.outputs).toEqual(ours.outputs);
		const { urn, ...state } = theirs.component as unknown as Record<string, pulumi.Output<unknown>>;
		expect(Object.keys(state).sort()).toEqual(Object.keys(schema.resources[component].properties).sort());
		const values = Object.entries(state).map(async ([key, output]) => [key, await value(output)]);
		expect(Object.fromEntries((await Promise.all(values)).filter(([, it]) => it !== undefined))).toEqual(ours.outputs);
	});
});

test("construct says all that is wrong with the arguments, and what it does not serve", async () => {
	await expect(constructed({ version: "newest", replicas: 0 })).rejects.toThrow(
		/^KubernetesDbCluster 'analytics' can't be declared:\n {2}version: .*\n {2}replicas: /,
	);
	await expect(constructed({ version: "1.8.0" }, "dbcluster-kubernetes:index:Other")).rejects.toThrow(
		`there is no dbcluster-kubernetes:index:Other, only ${component}`,
	);
});

describe("a program in TypeScript", () => {
	test("can have the cluster of the plugin in its component", async () => {
		const native = await declare(
			{ version: "1.8.0" },
			{ make: (...all) => new KubernetesDbCluster(...all, DbCluster) },
		);
		const theirs = await constructed({ version: "1.8.0" });
		expect(native.declared).toEqual(theirs.declared);
		expect(KubernetesDbCluster.isInstance(native.component)).toBe(true);
		expect(native.children.some((child) => DbCluster.isInstance(child))).toBe(true);
	});

	test("and the plugin take over what the other one declared, by aliases of both types", async () => {
		const [dynamic, native] = [await declare({ version: "1.8.0" }), await constructed({ version: "1.8.0" })];
		for (const [own, others, { declared }] of [
			[types.dynamic, types.native, dynamic],
			[types.native, types.dynamic, native],
		] as const) {
			const aliases = aliasesOf(declared);
			for (const [index, type] of own.entries())
				expect(aliases[type]).toEqual(expect.arrayContaining([expect.objectContaining({ type: others[index] })]));
		}
	});
});
