/**
 * Writes the schemas of the plugins, that of the resource and that of the component, from their types and docstrings; what
 * is a whole number, its limits and its default come from what the arguments themselves are checked by. With `--check` it
 * only says whether they are the same.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { z } from "zod";
import { root } from "./environment.mts";
import { say } from "./terminal.mts";

const require = createRequire(import.meta.url);

interface Property {
	type?: string;
	$ref?: string;
	optional?: true;
	description?: string;
	secret?: boolean;
	plain?: boolean;
	items?: Property;
	additionalProperties?: Property;
	oneOf?: Property[];
}
type Properties = Record<string, Property>;
interface ObjectType {
	description?: string;
	properties: Properties;
	required: string[];
}
interface Resource extends ObjectType {
	type?: string;
	isComponent?: boolean;
	inputProperties: Properties;
	requiredInputs: string[];
}
interface Schema {
	name: string;
	resources: Record<string, Resource>;
	types: Record<string, ObjectType>;
	language: Record<string, Record<string, unknown>>;
}
/** What zod says of a value, as JSON Schema. */
interface Accepted {
	type?: string;
	minimum?: number;
	maximum?: number;
	enum?: readonly unknown[];
	properties?: Record<string, Accepted>;
	items?: Accepted;
}

/** A plugin, and the one class that it serves. */
interface Plugin {
	/** The package's name in other languages' programs. */
	readonly name: string;
	readonly file: string;
	readonly about: string;
	/** What a program that uses it needs, for readers of an SDK. */
	readonly needs: string;
	/** The module that exports the class. */
	readonly entry: string;
	readonly serves: string;
	readonly isComponent: boolean;
	readonly keywords: readonly string[];
	/** What the arguments are checked by. */
	readonly accepts: Record<string, Accepted>;
	/** The arguments that are secrets by nature. */
	readonly secrets: (schema: Schema, inputs: Properties) => readonly (Property | undefined)[];
}

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The types, read by the SDK's own analyzer of components: a resource is read the same way. */
function analysed({ name, about, entry, serves, isComponent }: Plugin): Schema {
	const { Analyzer } = require("@pulumi/pulumi/provider/experimental/analyzer");
	const { generateSchema } = require("@pulumi/pulumi/provider/experimental/schema");
	const module = { main: `../../src/${entry}` };
	const analyzer = new Analyzer(join(import.meta.dirname, "schema"), name, module, new Set([serves]));
	if (!isComponent) analyzer.isPulumiComponent = () => true;
	// It knows neither links nor tags.
	const [analyzeComponent, analyzeSymbol] = [analyzer.analyzeComponent, analyzer.analyzeSymbol];
	analyzer.analyzeComponent = (declared: ts.ClassDeclaration) => ({
		...analyzeComponent.call(analyzer, declared),
		description: described(declared),
	});
	analyzer.analyzeSymbol = (context: unknown, symbol: ts.Symbol) => ({
		...analyzeSymbol.call(analyzer, context, symbol),
		description: described(symbol.valueDeclaration),
	});
	const { components, typeDefinitions, dependencies } = analyzer.analyze();
	return generateSchema(name, version, about, components, typeDefinitions, dependencies);
}

/** The docstring and the default of a property, as text. */
function described(property: ts.Declaration | undefined): string | undefined {
	if (property === undefined) return undefined;
	const docs = ts.getJSDocCommentsAndTags(property).map(({ comment }) => ts.getTextOfJSDocComment(comment));
	const tag = ts.getJSDocTags(property).find(({ tagName }) => tagName.text === "default");
	const fallback = ts.getTextOfJSDocComment(tag?.comment);
	const parts = [...docs.slice(0, 1), ...(fallback === undefined ? [] : [`Default: ${fallback}.`])];
	return parts.join("\n\n").replace(/\{@link (\w+)\}/g, "$1") || undefined;
}

/** As JSON Schema. */
const accepted = (type: z.ZodType): Accepted =>
	z.toJSONSchema(type, { io: "input", unrepresentable: "any" }) as Accepted;

/** The plugins, with what the build has made of the checks. */
function plugins(): Plugin[] {
	// They are CommonJS.
	const { schema } = require("../dist/pulumi/args/schema.js");
	const { localSchema } = require("../dist/platforms/local/settings.js");
	const { kubernetesSchema } = require("../dist/platforms/kubernetes/render/settings-schema.js");
	const { clusterKeys, componentSchema, select, serverKeys } = require("../dist/pulumi/component/validate.js");
	const cluster = accepted(schema).properties ?? {};
	const kubernetes = accepted(kubernetesSchema);
	const keywords = ["pulumi", "clickhouse", "myscaledb", "database", "category/database"];
	return [
		{
			name: "dbcluster",
			file: "src/pulumi/native/schema.json",
			about:
				"MyScaleDB and ClickHouse clusters whose DB version only moves forward: local ones and those on Kubernetes.",
			needs: "Pulumi must find the plugin `pulumi-resource-dbcluster`, which the npm package `pulumi-dbcluster` holds.",
			entry: "native.ts",
			serves: "DbCluster",
			isComponent: false,
			keywords: [...keywords, "kind/native"],
			accepts: { ...cluster, local: accepted(localSchema), kubernetes },
			secrets: ({ types }) => [types["dbcluster:index:KubernetesArgs"]?.properties.kubeconfig],
		},
		{
			name: "dbcluster-kubernetes",
			file: "src/pulumi/component/schema.json",
			about: "MyScaleDB and ClickHouse clusters on Kubernetes with all that they need, in one declaration.",
			needs:
				"Pulumi must find the plugins `pulumi-resource-dbcluster-kubernetes` and `pulumi-resource-dbcluster`, which the npm package `pulumi-dbcluster` holds.",
			entry: "kubernetes.ts",
			serves: "KubernetesDbCluster",
			isComponent: true,
			keywords: [...keywords, "kind/component"],
			accepts: {
				...accepted(componentSchema).properties,
				...select(cluster, clusterKeys),
				...select(kubernetes.properties ?? {}, serverKeys),
				// The API server checks them.
				tolerations: { items: { properties: { tolerationSeconds: { type: "integer" } } } },
			},
			secrets: (_, { kubeconfig, password }) => [kubeconfig, password],
		},
	];
}

const isWhole = ({ type, enum: values = [] }: Accepted) =>
	type === "integer" || (values.length > 0 && values.every(Number.isInteger));

const number = (value: number) => value.toLocaleString("en");

/** Adds what the checks know; `owner` is the name of the type that has the properties. */
function refine(schema: Schema, properties: Properties, accepts: Record<string, Accepted>, owner = ""): void {
	for (const [name, property] of Object.entries(properties)) {
		const { minimum, maximum, ...inside } = accepts[name] ?? {};
		const said = [property.description];
		if (isWhole(inside)) {
			property.type = "integer";
			const isSaid = maximum === undefined || property.description?.includes(number(maximum));
			if (!isSaid && minimum !== undefined) said.push(`From ${number(minimum)} to ${number(maximum)}.`);
		} else if (inside.enum !== undefined) {
			const token = `${schema.name}:index:${owner}${name[0]?.toUpperCase()}${name.slice(1)}`;
			Object.assign(schema.types, { [token]: { type: "string", enum: inside.enum.map((value) => ({ value })) } });
			const plain = property.plain && { plain: true };
			// A text will do, too: what is no word of these is refused by our own check, with all else that is wrong.
			property.oneOf = [
				{ type: "string", ...plain },
				{ $ref: `#/types/${token}`, ...plain },
			];
			delete property.type;
		}
		if (property.items !== undefined && isWhole(inside.items ?? {})) property.items.type = "integer";
		property.description = said.filter((part) => part !== undefined).join("\n\n");
		const [ref, within] = property.items
			? [property.items.$ref, inside.items?.properties]
			: [property.$ref, inside.properties];
		const its = schema.types[ref?.replace("#/types/", "") ?? ""];
		const [, of = ""] = /(\w+?)(?:Args)?$/.exec(ref ?? "") ?? [];
		if (its !== undefined) refine(schema, its.properties, within ?? {}, of);
	}
}

/** The schema as text. */
function written(plugin: Plugin): { readonly text: string; readonly types: number } {
	const schema = analysed(plugin);
	const resource = Object.values(schema.resources)[0];
	if (resource === undefined) throw new Error("there is no resource");
	refine(schema, resource.inputProperties, plugin.accepts);
	Object.assign(schema, {
		displayName: plugin.serves,
		keywords: plugin.keywords,
		license: "Apache-2.0",
		// Every SDK has the version of the schema, and that of Go is a module.
		meta: { supportPack: true },
	});
	schema.language.python = {
		...schema.language.python,
		pyproject: { enabled: true },
		readme: `${plugin.about}\n\n${plugin.needs}\n`,
	};
	if (!plugin.isComponent) {
		// The rest is for programs that import the package.
		resource.description = resource.description?.split("\n\n")[0];
		delete resource.isComponent;
		delete resource.type;
		// What a resource was asked for stands among its outputs.
		resource.properties = { ...resource.inputProperties, ...resource.properties };
		// The provider adds the name where it is left out.
		resource.required = [...resource.required, "name"].sort();
	}
	for (const secret of plugin.secrets(schema, resource.inputProperties)) {
		if (secret === undefined) throw new Error("there is no such secret");
		secret.secret = true;
	}
	// SDKs add `Args` to the names of what is handed in, themselves.
	const text = JSON.stringify(schema, (key, value) => (key === "optional" ? undefined : value), "\t");
	const ofArgs = new RegExp(`${plugin.name}:index:(\\w+?)Args\\b`, "g");
	return {
		text: `${text.replace(ofArgs, `${plugin.name}:index:$1`)}\n`,
		types: Object.keys(schema.types).length,
	};
}

for (const plugin of plugins()) {
	const { text, types } = written(plugin);
	const file = join(root, plugin.file);
	if (!process.argv.includes("--check")) {
		writeFileSync(file, text);
		say(`Wrote ${plugin.file}: ${types} types.`);
	} else if (existsSync(file) && readFileSync(file, "utf8") === text) say(`${plugin.file} says what the types say.`);
	else {
		console.error(`${plugin.file} is not what the types and the checks say: run \`node tools/schema.mts\`.`);
		process.exitCode = 1;
	}
}
