import { describe, expect, test } from "vitest";
import { z } from "zod";
import { kubernetesSchema as kubernetes } from "../../../src/platforms/kubernetes/render/settings";
import { localSchema as local } from "../../../src/platforms/local/settings";
import { schema as own } from "../../../src/pulumi/args/schema";
import * as written from "../../../src/pulumi/native/schema.json";

interface Property {
	readonly type?: string;
	readonly $ref?: string;
	readonly items?: Property;
	readonly description?: string;
	readonly secret?: boolean;
}
type Properties = Readonly<Record<string, Property>>;
/** Of what the provider checks by, as JSON Schema. */
interface Accepted {
	readonly type?: string;
	readonly enum?: readonly string[];
	readonly minimum?: number;
	readonly maximum?: number;
	readonly properties?: Readonly<Record<string, Accepted>>;
	readonly required?: readonly string[];
	readonly items?: Accepted;
}

const accepted = (type: z.ZodType) => z.toJSONSchema(type, { io: "input", unrepresentable: "any" }) as Accepted;
const { properties = {}, required = [] } = accepted(own);
const { owner: _, ...asked } = properties;
const all: Accepted = {
	properties: { ...asked, local: accepted(local), kubernetes: accepted(kubernetes) },
	// The constructor, or the provider, adds the others.
	required: required.filter((name) => name !== "owner" && name !== "name"),
};

const resource = written.resources["dbcluster:index:DbCluster"];
const types = written.types as Readonly<
	Record<string, { readonly properties: Properties; readonly required: readonly string[] }>
>;

/** Each object of the arguments: what the schema says of it, and what the checks say. */
function objects(
	properties: Properties,
	required: readonly string[],
	accepts: Accepted,
	path = "arguments",
): [string, Properties, readonly string[], Accepted][] {
	const inside = Object.entries(properties).flatMap(([name, { $ref, items }]) => {
		const type = types[($ref ?? items?.$ref)?.replace("#/types/", "") ?? ""];
		const its = accepts.properties?.[name];
		const within = $ref === undefined ? its?.items : its;
		return type === undefined || within === undefined
			? []
			: objects(type.properties, type.required, within, `${path}.${name}`);
	});
	return [[path, properties, required, accepts], ...inside];
}

const pairs = objects(resource.inputProperties, resource.requiredInputs, all);

test("every type of an argument is among them", () => {
	const outputs = ["ReplicaVersion", "LastUpdate", "ReplicaOut"].map((name) => `dbcluster:index:${name}`);
	expect(pairs.length - 1).toBe(Object.keys(types).filter((name) => !outputs.includes(name)).length);
});

describe.each(pairs)("%s of the schema", (_path, properties, required, accepts) => {
	test("have the names that the checks know, and ask for the same", () => {
		expect(Object.keys(properties).sort()).toEqual(Object.keys(accepts.properties ?? {}).sort());
		expect([...required].sort()).toEqual([...(accepts.required ?? [])].sort());
	});

	test("are whole numbers where the checks want such, and say their limits and the words that are accepted", () => {
		for (const [name, property] of Object.entries(properties)) {
			const { type, minimum, maximum, enum: words = [] } = accepts.properties?.[name] ?? {};
			expect([name, property.type === "integer"]).toEqual([name, type === "integer"]);
			const said = property.description ?? "";
			expect(said, name).not.toBe("");
			if (type === "integer" && minimum !== undefined && maximum !== undefined)
				expect(said, name).toContain(maximum.toLocaleString("en"));
			for (const word of words) expect(said, name).toContain(word);
		}
	});
});

test("a kubeconfig is a secret, and what is asked for stands among the outputs", () => {
	expect(types["dbcluster:index:Kubernetes"]?.properties.kubeconfig?.secret).toBe(true);
	expect(Object.keys(resource.properties)).toEqual(expect.arrayContaining(Object.keys(resource.inputProperties)));
});
