import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { breaks, type Schema } from "../../tools/release/breaks.mts";

const read = (plugin: string) =>
	readFileSync(new URL(`../../src/pulumi/${plugin}/schema.json`, import.meta.url), "utf8");

/** The plugin's own schema, after a change. */
function changed(change: (schema: Changeable, db: Changeable["resources"][string]) => void): string[] {
	const schema = JSON.parse(read("native")) as Changeable;
	change(schema, schema.resources["dbcluster:index:DbCluster"] as Changeable["resources"][string]);
	return breaks(JSON.parse(read("native")) as Schema, schema as unknown as Schema);
}

type Values = Record<string, Record<string, unknown>>;
interface Changeable {
	resources: Record<
		string,
		{ inputProperties: Values; requiredInputs: string[]; properties: Values; required: string[]; aliases?: object[] }
	>;
	types: Record<string, { properties: Values; required?: string[]; enum: { value: string }[] }>;
}

const db = "dbcluster:index:DbCluster";
const type = (schema: Changeable, name: string) =>
	schema.types[`dbcluster:index:${name}`] as Changeable["types"][string];

test.each<[what: string, change: Parameters<typeof changed>[0], found: string[]]>([
	["a removed argument", (_, { inputProperties }) => void delete inputProperties.adopt, [`${db}.adopt was removed`]],
	["a removed output", (_, { properties }) => void delete properties.endpoint, [`${db}.endpoint was removed`]],
	[
		"a removed field of a type, once, though it is given and got",
		(schema) => void delete type(schema, "Local").properties.port,
		["dbcluster:index:Local.port was removed"],
	],
	[
		"another type",
		(_, { inputProperties }) => Object.assign(inputProperties.replicas as object, { type: "string" }),
		[`${db}.replicas was integer and is string`],
	],
	[
		"another type in a list",
		(schema) => Object.assign(type(schema, "Kubernetes").properties.keeper as object, { items: { type: "number" } }),
		["dbcluster:index:Kubernetes.keeper was a list of string and is a list of number"],
	],
	[
		"a word that is no longer taken",
		(schema) => void type(schema, "DeletionPolicy").enum.shift(),
		['"Retain" of dbcluster:index:DeletionPolicy was removed'],
	],
	[
		"another default",
		(_, { inputProperties }) => Object.assign(inputProperties.shards as object, { default: 2 }),
		[`the default of ${db}.shards was undefined and is 2`],
	],
	[
		"an argument that is required now",
		(_, { requiredInputs }) => void requiredInputs.push("replicas"),
		[`${db}.replicas is required`],
	],
	[
		"a new argument that is required",
		(schema) => {
			type(schema, "Kubernetes").properties.zone = { type: "string" };
			type(schema, "Kubernetes").required?.push("zone");
		},
		["dbcluster:index:Kubernetes.zone is required"],
	],
	[
		"an output that may be missing",
		(_, { required }) => void required.splice(required.indexOf("endpoint"), 1),
		[`${db}.endpoint may be missing`],
	],
	["a removed resource", ({ resources }) => void delete resources[db], [`${db} was removed`]],
])("%s breaks programs", (_, change, found) => {
	expect(changed(change)).toEqual(found);
});

test.each<[what: string, change: Parameters<typeof changed>[0]]>([
	["no change", () => {}],
	["a new argument", (_, { inputProperties }) => Object.assign(inputProperties, { zone: { type: "string" } })],
	[
		"a new output that is always there",
		(_, { properties, required }) => {
			properties.zone = { type: "string" };
			required.push("zone");
		},
	],
	["a new word", (schema) => void type(schema, "DeletionPolicy").enum.push({ value: "Archive" })],
	[
		"another description",
		(_, { inputProperties }) => Object.assign(inputProperties.version as object, { description: "" }),
	],
	["an argument that is no longer required", (_, { requiredInputs }) => void requiredInputs.splice(0)],
])("%s breaks none", (_, change) => {
	expect(changed(change)).toEqual([]);
});

test("a removed alias breaks the stacks that have the old type", () => {
	const resource = { aliases: [{ type: "a:b:Old" }] };
	const kept = { aliases: [{ type: "a:b:Older" }, { type: "a:b:Old" }] };
	expect(breaks({ resources: { R: resource } }, { resources: { R: {} } })).toEqual([
		"the alias a:b:Old of R was removed",
	]);
	expect(breaks({ resources: { R: resource } }, { resources: { R: kept } })).toEqual([]);
});

test("a removed type that no resource uses breaks none", () => {
	const text = { type: "string" };
	const used = { T: { properties: { text } } };
	const resources = { R: { inputProperties: { one: { $ref: "#/types/T" } } } };
	expect(breaks({ resources, types: { ...used, Unused: used.T } }, { resources, types: used })).toEqual([]);
	expect(breaks({ resources, types: used }, { resources, types: {} })).toEqual(["T was removed"]);
});
