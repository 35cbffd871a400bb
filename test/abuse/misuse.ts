import fc from "fast-check";

/** A property of a Pulumi schema, as far as arguments have it. */
export interface Property {
	readonly type?: string;
	readonly $ref?: string;
	readonly items?: Property;
	readonly additionalProperties?: Property;
	readonly oneOf?: readonly Property[];
}
export interface PluginSchema {
	readonly resources: Readonly<Record<string, { readonly inputProperties: Readonly<Record<string, Property>> }>>;
	readonly types: Readonly<Record<string, { readonly properties?: Readonly<Record<string, Property>> }>>;
}

export type Key = string | number;
export type Values = Record<string, unknown>;

/** What no argument means to hold, or holds where another kind belongs. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Acts in a terminal, in Pulumi's own colours, in Markdown or HTML, in SQL, a shell, a path or a header if nobody minds it. */
export const hostileTexts = [
	"\u001b[31mred\u001b]8;;http://evil.example\u0007",
	"\u009b2J\u0090",
	"\u202eevil\u2066",
	"<{%bold%}>x",
	"a\u0000b",
	"a\nb\r\nX-Evil: 1",
	"\ud800",
	"\ufeff1.8.0",
	"<script>alert(1)</script><!-- @everyone",
	"[x](javascript:1) | `y` **z** #1",
	"'; DROP TABLE t; --",
	"$(id) `id` $HOME",
	"../../../etc/passwd",
	"file:///etc/passwd",
	"__proto__",
	"constructor",
	"toString",
	"{version}{version}*",
	"::warning::x",
	"NaN",
	"é".repeat(50),
	"🦆".repeat(50),
	"x".repeat(70_000),
];

const numbers = [0, -0, 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -1e308, 1e21, 2 ** 31, 2 ** 53, 5e-324];

const own = (key: string, value: unknown): Values => JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`);

function nested(depth: number, isList: boolean): unknown {
	let value: unknown = "x";
	for (let level = 0; level < depth; level++) value = isList ? [value] : { a: value };
	return value;
}

const odd: readonly unknown[] = [
	"",
	" ",
	"0",
	"true",
	true,
	false,
	null,
	unknownValue,
	[],
	{},
	[[]],
	[null],
	["a", "a"],
	{ "": "" },
	own("__proto__", { polluted: true }),
	own("constructor", { prototype: { polluted: true } }),
	own("toString", "x"),
	own("length", 1e9),
	nested(30, true),
	nested(30, false),
	nested(20_000, true),
	nested(20_000, false),
	Array.from({ length: 2000 }, (_, index) => index),
	Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`k${index}`, index])),
];

/** A value of any kind; most are wrong wherever they stand. */
export const oddValues: fc.Arbitrary<unknown> = fc.oneof(
	{ weight: 3, arbitrary: fc.constantFrom(...odd) },
	{ weight: 3, arbitrary: fc.constantFrom(...numbers) },
	{ weight: 4, arbitrary: fc.constantFrom(...hostileTexts) },
	{ weight: 1, arbitrary: fc.string({ unit: "binary" }) },
	{ weight: 1, arbitrary: fc.jsonValue() },
);

/** A name that no argument has, or almost has one. */
export const strangeKeys: fc.Arbitrary<string> = fc.oneof(
	fc.constantFrom(...hostileTexts, "Version", "replica", "passwords", "a.b", "a[0]", "", "owner2"),
	fc.string({ unit: "binary" }),
);

/** The path of every argument of a schema, also of those in objects, in lists (`0`) and in maps (`k`). */
export function pathsOf({ resources, types }: PluginSchema): Key[][] {
	const found: Key[][] = [];
	const visit = (property: Property, path: Key[]) => {
		found.push(path);
		if (path.length > 8) return;
		const type = types[property.$ref?.replace("#/types/", "") ?? ""];
		for (const [name, each] of Object.entries(type?.properties ?? {})) visit(each, [...path, name]);
		if (property.items !== undefined) visit(property.items, [...path, 0]);
		if (property.additionalProperties !== undefined) visit(property.additionalProperties, [...path, "k"]);
	};
	for (const { inputProperties } of Object.values(resources))
		for (const [name, property] of Object.entries(inputProperties)) visit(property, [name]);
	return found;
}

/** The values with another one in a place. What is on the way and is no object or list becomes one. */
export function withValue(values: unknown, [first, ...rest]: readonly Key[], value: unknown): unknown {
	if (first === undefined) return value;
	const isObject = typeof values === "object" && values !== null;
	if (typeof first === "number") {
		const list = Array.isArray(values) ? [...values] : [];
		list[first] = withValue(list[first], rest, value);
		return list;
	}
	const before = isObject && !Array.isArray(values) ? (values as Values) : {};
	const its = Object.hasOwn(before, first) ? before[first] : undefined;
	return { ...before, ...own(first, 0), [first]: withValue(its, rest, value) };
}
