import { expect, test } from "vitest";
import { kubernetesSchema } from "../../../src/platforms/kubernetes/render/settings-schema";
import { schema as clusterSchema } from "../../../src/pulumi/args/schema";
import * as written from "../../../src/pulumi/component/schema.json";
import { clusterKeys, componentSchema, select, serverKeys } from "../../../src/pulumi/component/validate";
import * as native from "../../../src/pulumi/native/schema.json";
import { type Accepted, accepted, saysWhatTheChecksSay, typesOf } from "../schemas";

const resource = written.resources["dbcluster-kubernetes:index:KubernetesDbCluster"];
const [cluster, server] = [clusterSchema, kubernetesSchema].map((type) => accepted(type).properties ?? {});
const text: Accepted = { type: "string" };

saysWhatTheChecksSay(
	resource,
	typesOf(written),
	{
		properties: {
			...accepted(componentSchema).properties,
			...(select(cluster ?? {}, clusterKeys) as Record<string, Accepted>),
			...(select(server ?? {}, serverKeys) as Record<string, Accepted>),
			// They become arguments of DbCluster, which checks them.
			...{ name: text, namespace: text, kubeconfig: text, passwordSecret: server?.passwordSecret ?? {} },
		},
		required: ["version"],
	},
	// The API server checks tolerations.
	["ReplicaVersion", "LastUpdate", "ReplicaOut", "Toleration"],
);

test("the seconds of a toleration are whole", () => {
	const { properties } = typesOf(written)["dbcluster-kubernetes:index:Toleration"] ?? {};
	expect(properties?.tolerationSeconds?.type).toBe("integer");
});

test("a kubeconfig and a password are secrets", () => {
	const { kubeconfig, password } = resource.inputProperties;
	expect([kubeconfig, password]).toMatchObject([{ secret: true }, { secret: true }]);
});

test("a type that the resource's plugin has, too, is the same in both", () => {
	const theirs = typesOf(
		JSON.parse(JSON.stringify(native).replaceAll("dbcluster:index:", "dbcluster-kubernetes:index:")),
	);
	const shared = Object.entries(typesOf(written)).filter(([name]) => name in theirs);
	expect(shared.length).toBeGreaterThan(8);
	for (const [name, type] of shared) expect([name, type]).toEqual([name, theirs[name]]);
});
