import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { KubernetesDbCluster, type KubernetesDbClusterArgs } from "../../../src/kubernetes";

/** What the mocked RandomPassword comes up with. */
export const generated = "Tz7mQ2wXc9LrVb4NkHs8PdJf3GyUa6Ex";

/** Pulumi's own marker of a secret. */
const secret = "1b47061264138c4ac30d75fd1eb44270";
const marker = "4dabf18193072939515e22adb298388d";

type Inputs = Readonly<Record<string, unknown>>;

/** A resource as it was handed to the engine. */
export interface Declared {
	readonly type: string;
	readonly name: string;
	/** The parent's type and name. */
	readonly parent: string;
	/** The provider's type and name; empty for the default one. */
	readonly provider: string;
	readonly inputs: Inputs;
	readonly options: Readonly<Record<string, unknown>>;
}

let seen: { request: RegisterResourceRequest; inputs: Inputs }[] = [];
let outputs: Inputs = {};

// The mocks are told of inputs only, and what is asked of the engine besides matters as much.
const { registerResource, registerResourceOutputs } = MockMonitor.prototype;
MockMonitor.prototype.registerResource = function (request, callback) {
	const inputs = request.getObject()?.toJavaScript() as Inputs;
	seen.push({ request, inputs });
	return registerResource.call(this, request, callback);
};
MockMonitor.prototype.registerResourceOutputs = function (request, callback) {
	outputs = request.getOutputs().toJavaScript();
	return registerResourceOutputs.call(this, request, callback);
};

/** How a component comes to be. */
type Make = (
	name: string,
	args: KubernetesDbClusterArgs,
	opts: pulumi.ComponentResourceOptions,
) => KubernetesDbCluster | Promise<KubernetesDbCluster>;

/**
 * Declares the component against mocks, in a program of its own, and waits until every child is registered. `kept` is what
 * resources of a type have already, and keep by ignoreChanges.
 */
export async function declare(
	args: KubernetesDbClusterArgs | (() => KubernetesDbClusterArgs),
	{
		preview = false,
		name = "analytics",
		opts = () => ({}) as pulumi.ComponentResourceOptions,
		make = ((...all) => new KubernetesDbCluster(...all)) as Make,
		kept = (_type: string): Inputs => ({}),
	} = {},
) {
	seen = [];
	outputs = {};
	await pulumi.runtime.setMocks(
		{
			newResource: ({ type, name, inputs }) => made(type, name, { ...inputs, ...kept(type) }, preview),
			call: () => ({}),
		},
		"shop",
		"live",
		preview,
	);
	// @pulumi/kubernetes writes its value into the provider's inputs, where there is no other.
	const { KUBECONFIG } = process.env;
	delete process.env.KUBECONFIG;
	const children: pulumi.Resource[] = [];
	const { transformations = [], ...others } = opts();
	const component = await make(name, typeof args === "function" ? args() : args, {
		...others,
		transformations: [({ resource }) => void children.push(resource), ...transformations],
	});
	if (KUBECONFIG !== undefined) process.env.KUBECONFIG = KUBECONFIG;
	await Promise.all([component, ...children].map(({ urn }) => value(urn)));
	// The outputs are registered when the last of them is there.
	if (!preview) await Promise.all([value(component.endpoint), value(component.secretName), value(component.caveats)]);
	await pulumi.runtime.disconnect();
	return {
		component,
		children: children.filter((child) => child !== component),
		declared: seen.map(read).sort(byName),
		outputs,
	};
}

/** What an output becomes; `undefined` also while it is not known. */
export const value = <T>(output: pulumi.Output<T>): Promise<T> =>
	(output as unknown as { promise(): Promise<T> }).promise();

function made(type: string, name: string, inputs: Inputs, preview: boolean) {
	const { name: object, namespace } = (inputs.metadata ?? {}) as { name?: string; namespace?: string };
	const id = object === undefined ? `${name}-id` : namespace === undefined ? object : `${namespace}/${object}`;
	const { __provider, ...kept } = inputs;
	const state = { ...kept, ...(type.includes("RandomPassword") && { result: generated }), ...clusterOutputs(type) };
	return { id: preview ? undefined : id, state };
}

const clusterOutputs = (type: string) =>
	type.endsWith(":DbCluster") && {
		endpoint: "http://analytics.db.svc:8123",
		state: "Started",
		previousVersion: "1.7.1",
		latestVersion: "1.8.1",
		updateAvailable: true,
		replicaVersions: [{ name: "analytics-eu-0-0", version: "1.8.0" }],
		lastUpdate: { from: "1.7.1", to: "1.8.0", outcome: "finished" },
		caveats: { "1.8.0 -> 1.8.1": { reads: "SELECT keeps working" } },
	};

function read({ request, inputs }: (typeof seen)[number]): Declared {
	const urn = request.getParent().split("::");
	const { __provider, ...plain } = inputs;
	const options = {
		aliases: request.getAliasesList().map((each) => each.toObject().spec),
		dependsOn: request.getDependenciesList().map(tail).sort(),
		ignoreChanges: request.getIgnorechangesList(),
		// A false that is sent is another thing than nothing: the engine inherits only what is not sent.
		retainOnDelete: request.hasRetainondelete() ? request.getRetainondelete() : undefined,
		secretOutputs: request.getAdditionalsecretoutputsList(),
	};
	return {
		type: request.getType(),
		name: request.getName(),
		parent: `${urn.at(-2)?.split("$").at(-1)}::${urn.at(-1)}`,
		provider: request.getProvider().split("::").slice(-3, -1).join("::").split("$").at(-1) ?? "",
		inputs: masked(plain) as Inputs,
		options: Object.fromEntries(
			Object.entries(options).filter(([, it]) => it !== undefined && (!Array.isArray(it) || it.length > 0)),
		),
	};
}

const tail = (urn: string) => urn.split("::").slice(-2).join("::").split("$").at(-1) ?? "";
const byName = (a: Declared, b: Declared) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1);

/** With `[secret]` for whatever is marked as one. */
function masked(value: unknown): unknown {
	if (typeof value !== "object" || value === null) return value;
	if (Array.isArray(value)) return value.map(masked);
	if ((value as Inputs)[marker] === secret) return "[secret]";
	return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, masked(each)]));
}

/** The plain values of everything that is marked as a secret. */
export function secretsIn(value: unknown): string[] {
	if (typeof value !== "object" || value === null) return [];
	if ((value as Inputs)[marker] === secret) return [JSON.stringify((value as Inputs).value)];
	return Object.values(value).flatMap(secretsIn);
}

/** The inputs with every secret in plain text, as providers get them. */
export const unsealed = () =>
	seen.map(({ request, inputs }) => ({ type: request.getType(), inputs: plain(inputs) as Inputs }));

function plain(value: unknown): unknown {
	if (typeof value !== "object" || value === null) return value;
	if (Array.isArray(value)) return value.map(plain);
	if ((value as Inputs)[marker] === secret) return plain((value as Inputs).value);
	return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

/** The inputs as they go over the wire, secrets and their markers too. */
export const wired = () => seen.map(({ request, inputs }) => ({ type: request.getType(), inputs }));
