import { load, YAMLException } from "js-yaml";
import { SaxesParser } from "saxes";

/** An element of a server's configuration, in XML or YAML. */
export interface Element {
	readonly name: string;
	/** Where it begins; unknown in YAML. */
	readonly line?: number;
	readonly attributes: readonly string[];
	readonly text: string;
	readonly children: readonly Element[];
}

/** The content of a file below its root, or why it can't be read. Values are never repeated: they may be secrets. */
export type ConfigFile = { readonly root: Element; readonly broken?: undefined } | { readonly broken: string };

/** Parses a file as servers do: by its extension. */
export function readConfigFile(name: string, text: string): ConfigFile {
	return /\.ya?ml$/.test(name) ? readYaml(text) : readXml(text);
}

interface Open extends Element {
	text: string;
	readonly attributes: string[];
	readonly children: Element[];
}

function readXml(text: string): ConfigFile {
	const parser = new SaxesParser();
	const top: Open = { name: "", attributes: [], text: "", children: [] };
	const open = [top];
	let line = 1;
	const fail = (problem: string): never => {
		throw new Broken(`line ${line}: ${problem}`);
	};
	parser.on("error", ({ message }) => {
		line = parser.line;
		// The part after the position; what follows another colon is quoted.
		const [, problem = ""] = message.split(/: |\.$/);
		if (/^(unexpected close tag|unmatched closing tag)/.test(problem))
			fail("a closing tag does not match the open element");
		if (problem === "unclosed tag") {
			line = open.at(-1)?.line ?? line;
			fail("this element is never closed, or an & in it is not written as &amp;");
		}
		if (/entity/.test(problem)) fail("an & does not begin an XML entity: write &amp; for a plain &");
		fail(problem);
	});
	parser.on("doctype", () => {
		line = parser.line;
		fail(
			"a DOCTYPE is not allowed, because its entities can contain anything: replace each entity with its text, and remove the DOCTYPE",
		);
	});
	parser.on("opentagstart", ({ name }) => {
		const element: Open = { name, line: parser.line, attributes: [], text: "", children: [] };
		open.at(-1)?.children.push(element);
		open.push(element);
	});
	parser.on("attribute", ({ name }) => void open.at(-1)?.attributes.push(name));
	const said = (more: string) => {
		const element = open.at(-1);
		if (element !== undefined) element.text += more;
	};
	parser.on("text", said);
	parser.on("cdata", said);
	parser.on("closetag", () => void open.pop());
	try {
		parser.write(text).close();
	} catch (error) {
		if (error instanceof Broken) return { broken: error.message };
		throw error;
	}
	// Exactly one, or parsing would have failed.
	return { root: top.children[0] as Element };
}

class Broken extends Error {}

function readYaml(text: string): ConfigFile {
	try {
		const value = load(text) ?? {};
		const isMap = typeof value === "object" && !Array.isArray(value);
		return isMap ? { root: new YamlReader().element("", value) } : { broken: "its top level is not a map" };
	} catch (error) {
		if (error instanceof Broken) return { broken: error.message };
		if (!(error instanceof YAMLException)) throw error;
		// Some reasons quote the text.
		const reason = error.reason.replaceAll(/".*"|!?<.*>/g, "").trim();
		const line = (error as { readonly mark?: { readonly line: number } }).mark?.line;
		return { broken: line === undefined ? reason : `line ${line + 1}: ${reason}` };
	}
}

/** An alias may be of what it is in. */
const deepest = 100;
/** With aliases written out, as servers do: a few lines of aliases of aliases can mean billions. */
const mostValues = 100_000;

/** Reads YAML as servers do: a list repeats its key, and a key with an @ is an attribute. */
class YamlReader {
	#values = 0;

	element(name: string, value: unknown, depth = 0): Element {
		const values = this.#flat(value, depth);
		const entries = values.flatMap((each) =>
			typeof each === "object" && each !== null ? Object.entries(each as Record<string, unknown>) : [],
		);
		const scalars = values.filter((each) => typeof each !== "object" && each !== undefined);
		return {
			name,
			attributes: entries.flatMap(([key]) => (key.startsWith("@") ? [key.slice(1)] : [])),
			text: scalars.join(""),
			children: entries
				.filter(([key]) => !key.startsWith("@"))
				.flatMap(([key, child]) => {
					const parts = this.#flat(child, depth);
					return parts.length === 0
						? [this.element(key, undefined, depth + 1)]
						: parts.map((part) => this.element(key, part, depth + 1));
				}),
		};
	}

	#flat(value: unknown, depth: number): unknown[] {
		if (depth > deepest) throw new Broken("it is nested too deeply");
		if (++this.#values > mostValues) throw new Broken("it holds too many values after its aliases are expanded");
		return Array.isArray(value) ? value.flatMap((each) => this.#flat(each, depth + 1)) : [value];
	}
}
