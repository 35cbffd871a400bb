/**
 * Writes the schema of the plugin, src/pulumi/native/schema.json, from the types and docstrings of its resource; what is a
 * whole number, its limits and its default come from what the provider itself checks the arguments by. With `--check` it
 * only says whether the two are the same.
 */
import { readFileSync, writeFileSync } from "node:fs";
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
	secret?: true;
	items?: Property;
	additionalProperties?: Property;
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
	resources: Record<string, Resource>;
	types: Record<string, ObjectType>;
}
/** What zod says of a value, as JSON Schema. */
interface Accepted {
	type?: string;
	minimum?: number;
	maximum?: number;
	properties?: Record<string, Accepted>;
	items?: Accepted;
}

const file = join(root, "src/pulumi/native/schema.json");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const about =
	"MyScaleDB and ClickHouse clusters whose DB version only moves forward: local ones and those on Kubernetes.";

/** The types, read by the SDK's own analyzer of components: a resource is read the same way. */
function analysed(): Schema {
	const { Analyzer } = require("@pulumi/pulumi/provider/experimental/analyzer");
	const { generateSchema } = require("@pulumi/pulumi/provider/experimental/schema");
	const entry = { main: "../../src/native.ts" };
	const analyzer = new Analyzer(join(import.meta.dirname, "schema"), "dbcluster", entry, new Set(["DbCluster"]));
	analyzer.isPulumiComponent = () => true;
	// It knows neither links nor tags.
	const analyze = analyzer.analyzeSymbol.bind(analyzer);
	analyzer.analyzeSymbol = (context: unknown, symbol: ts.Symbol) => ({
		...analyze(context, symbol),
		description: described(symbol.valueDeclaration),
	});
	const { components, typeDefinitions, dependencies } = analyzer.analyze();
	return generateSchema("dbcluster", version, about, components, typeDefinitions, dependencies);
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

/** What the provider accepts, by the property of the resource. */
async function accepted(): Promise<Record<string, Accepted>> {
	// The provider's own checks are CommonJS, which the build has made.
	const { schema } = require("../dist/pulumi/args/schema.js");
	const { localSchema: local } = require("../dist/platforms/local/settings.js");
	const { kubernetesSchema: kubernetes } = require("../dist/platforms/kubernetes/render/settings.js");
	const of = (type: z.ZodType) => z.toJSONSchema(type, { io: "input", unrepresentable: "any" }) as Accepted;
	return { ...of(schema).properties, local: of(local), kubernetes: of(kubernetes) };
}

const number = (value: number) => value.toLocaleString("en");

/** Adds what the checks know. */
function refine(schema: Schema, properties: Properties, accepts: Record<string, Accepted>): void {
	for (const [name, property] of Object.entries(properties)) {
		const { type, minimum, maximum, ...inside } = accepts[name] ?? {};
		const said = [property.description];
		if (type === "integer") {
			property.type = type;
			const isSaid = maximum === undefined || property.description?.includes(number(maximum));
			if (!isSaid && minimum !== undefined) said.push(`From ${number(minimum)} to ${number(maximum)}.`);
		}
		property.description = said.filter((part) => part !== undefined).join("\n\n");
		const [ref, within] = property.items
			? [property.items.$ref, inside.items?.properties]
			: [property.$ref, inside.properties];
		const its = schema.types[ref?.replace("#/types/", "") ?? ""];
		if (its !== undefined) refine(schema, its.properties, within ?? {});
	}
}

const schema = analysed();
const resource = Object.values(schema.resources)[0];
if (resource === undefined) throw new Error("there is no resource");
refine(schema, resource.inputProperties, await accepted());
Object.assign(schema, {
	displayName: "DbCluster",
	keywords: ["pulumi", "clickhouse", "myscaledb", "database", "category/database", "kind/native"],
	license: "Apache-2.0",
});
delete resource.isComponent;
delete resource.type;
// What a resource was asked for stands among its outputs.
resource.properties = { ...resource.inputProperties, ...resource.properties };
const secret = schema.types["dbcluster:index:KubernetesArgs"]?.properties.kubeconfig;
if (secret === undefined) throw new Error("there is no kubeconfig");
secret.secret = true;

// SDKs add `Args` to the names of what is handed in, themselves.
const text = `${JSON.stringify(schema, (key, value) => (key === "optional" ? undefined : value), "\t")}\n`.replace(
	/dbcluster:index:(\w+?)Args\b/g,
	"dbcluster:index:$1",
);
if (!process.argv.includes("--check")) {
	writeFileSync(file, text);
	say(`Wrote the schema: ${Object.keys(schema.types).length} types.`);
} else if (readFileSync(file, "utf8") === text) {
	say("The plugin's schema says what the types say.");
} else {
	console.error("src/pulumi/native/schema.json is not what the types and the checks say: run `node tools/schema.mts`.");
	process.exit(1);
}
