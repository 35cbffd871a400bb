import { describe, expect, it } from "vitest";
import { type Element, readConfigFile } from "../../../../src/platforms/kubernetes/render/config-files";

const broken = (text: string, name = "a.xml") => readConfigFile(name, text).broken;
const read = (text: string, name = "a.xml"): Element => {
	const file = readConfigFile(name, text);
	if (file.broken !== undefined) throw new Error(file.broken);
	return file.root;
};

describe("XML", () => {
	it("is read with its lines, attributes and text", () => {
		const text = `\ufeff<?xml version="1.0"?>
<!-- <path>/x</path> -->
<clickhouse>
	<a from_env="X" hide="1"/>
	<b>one<![CDATA[<two>]]>&amp;</b>
	<c><d/></c>
</clickhouse>`;
		const element = (name: string, line: number, its: object = {}) => ({
			name,
			line,
			attributes: [],
			text: "",
			children: [],
			...its,
		});
		expect(read(text)).toEqual({
			...element("clickhouse", 3, { text: expect.any(String) }),
			children: [
				element("a", 4, { attributes: ["from_env", "hide"] }),
				element("b", 5, { text: "one<two>&" }),
				element("c", 6, { children: [element("d", 6)] }),
			],
		});
	});

	it.each([
		["<clickhouse>\n<a></b>\n</clickhouse>", "line 2: a closing tag does not match the open element"],
		["<clickhouse>\n<a>\n\n", "line 2: this element is never closed"],
		["<clickhouse>\n\n<p>a&b</p>\n\n</clickhouse>\n", "line 3: this element is never closed, or an &"],
		["<clickhouse>\n<p>a & b;</p></clickhouse>", "line 2: an & does not begin an XML entity"],
		["<clickhouse>\n<p>a&nbsp;</p></clickhouse>", "line 2: an & does not begin an XML entity"],
		["<clickhouse>\n<p>a<b</p></clickhouse>", "line 2: disallowed character in tag name"],
		["<clickhouse/>\n<clickhouse/>", "line 2: documents may contain only one root"],
		["<clickhouse/>\n\ntext", "line 3: text data outside of root node"],
		["", "line 1: document must contain a root element"],
		["# a comment", "line 1: text data outside of root node"],
		["<clickhouse><a b=c/></clickhouse>", "line 1: unquoted attribute value"],
		["<clickhouse><a b/></clickhouse>", "line 1: "],
		['<clickhouse>\n<a b="1" b="2"/></clickhouse>', "line 2: duplicate attribute"],
		["<clickhouse>\n<!-- a -- b --></clickhouse>", "line 2: malformed comment"],
		['\n<?xml version="1.0"?><clickhouse/>', "line 2: an XML declaration must be at the start of the document"],
		["<clickhouse>\u0001</clickhouse>", "line 1: disallowed character"],
		['<!DOCTYPE clickhouse [<!ENTITY x "y">]>\n<clickhouse>&x;</clickhouse>', "line 1: a DOCTYPE"],
	])("that is broken says where and why: %j", (text, why) => {
		expect(broken(text)).toContain(why);
	});

	it.each([
		"<u>\n<password>hunter&2;</password></u>",
		"<u>\n<password>ab<hunter2>c</password></u>",
		"<u>\n<hunter2></u>",
	])("that is broken is not repeated, since it may be a secret: %j", (text) => {
		expect(broken(text)).toMatch(/^line 2: /);
		expect(broken(text)).not.toContain("hunter");
	});
});

describe("YAML", () => {
	it("is read as the elements that servers make of it", () => {
		const text = `
logger: { level: trace, "@replace": "1" }
listen_host: ["::", 0.0.0.0]
disks: [{ a: { path: /a/ } }, { b: 7 }]
off:
`;
		const paths = (element: Element, at = ""): string[] => [
			...(element.text === "" ? [] : [`${at} = ${element.text}`]),
			...element.attributes.map((name) => `${at} @${name}`),
			...element.children.flatMap((child) => paths(child, `${at}/${child.name}`)),
		];
		expect(paths(read(text, "a.yaml"))).toEqual([
			"/logger @replace",
			"/logger/level = trace",
			"/listen_host = ::",
			"/listen_host = 0.0.0.0",
			"/disks/a/path = /a/",
			"/disks/b = 7",
		]);
		expect(read(text, "a.yml").children.map(({ name }) => name)).toContain("off");
		expect(read("", "a.yaml").children).toEqual([]);
	});

	it.each([
		["a: 1\nb: [x", "line 3: unexpected end of the stream within a flow collection"],
		["a: b: c", "line 1: bad indentation of a mapping entry"],
		["a: 1\na: 2", "line 2: duplicated mapping key"],
		["- a\n- b", "its top level is not a map"],
		["hello", "its top level is not a map"],
		["a: 1\n---\nb: 2", "expected a single document in the stream, but found more"],
		["password: *hunter2", "line 1: unidentified alias"],
		["password: !hunter2 x", "line 1: unknown tag"],
	])("that is broken says where and why, and repeats no value: %j", (text, why) => {
		expect(broken(text, "a.yaml")).toBe(why);
	});
});
