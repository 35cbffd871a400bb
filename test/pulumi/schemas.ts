import { describe, expect, test } from "vitest";
import { z } from "zod";

interface Property {
	readonly type?: string;
	readonly $ref?: string;
	readonly items?: Property;
	readonly description?: string;
	readonly secret?: boolean;
	readonly plain?: boolean;
	readonly oneOf?: readonly Property[];
}
type Properties = Readonly<Record<string, Property>>;
interface ObjectType {
	readonly type: string;
	readonly properties: Properties;
	readonly required: readonly string[];
	/** In place of properties: the words of a choice. */
	readonly enum?: readonly { readonly value: string }[];
}
type Types = Readonly<Record<string, ObjectType>>;

/** Of what arguments are checked by, as JSON Schema. */
export interface Accepted {
	readonly type?: string;
	readonly enum?: readonly (string | number)[];
	readonly minimum?: number;
	readonly maximum?: number;
	readonly properties?: Readonly<Record<string, Accepted>>;
	readonly required?: readonly string[];
	readonly additionalProperties?: unknown;
	readonly items?: Accepted;
}

export const accepted = (type: z.ZodType) => z.toJSONSchema(type, { io: "input", unrepresentable: "any" }) as Accepted;

/** The types of a plugin's schema, of which JSON knows the names one by one. */
export const typesOf = ({ types }: { readonly types: object }) => types as Types;

const named = ($ref: string | undefined) => $ref?.replace("#/types/", "") ?? "";

/** Each object of the arguments: what the schema says of it, and what the checks say. */
function objects(
	types: Types,
	properties: Properties,
	required: readonly string[],
	accepts: Accepted,
	path = "arguments",
): [string, Properties, readonly string[], Accepted][] {
	const inside = Object.entries(properties).flatMap(([name, { $ref, items }]) => {
		const type = types[named($ref ?? items?.$ref)];
		const its = accepts.properties?.[name];
		const within = $ref === undefined ? its?.items : its;
		// What may hold anything is checked by somebody else.
		return type === undefined || within?.additionalProperties !== false
			? []
			: objects(types, type.properties, type.required, within, `${path}.${name}`);
	});
	return [[path, properties, required, accepts], ...inside];
}

const isWhole = ({ type, enum: values = [] }: Accepted) =>
	type === "integer" || (values.length > 0 && values.every(Number.isInteger));

/**
 * Holds a plugin's schema against what its arguments are checked by.
 *
 * @param others Types that are no argument's, or whose properties somebody else checks.
 */
export function saysWhatTheChecksSay(
	{ inputProperties, requiredInputs }: { readonly inputProperties: object; readonly requiredInputs: readonly string[] },
	types: Types,
	accepts: Accepted,
	others: readonly string[] = ["ReplicaVersion", "LastUpdate", "ReplicaOut"],
): void {
	const pairs = objects(types, inputProperties as Properties, requiredInputs, accepts);

	test("every type of an argument is among them", () => {
		const objects = Object.keys(types).filter((name) => types[name]?.type === "object");
		const names = objects.map((name) => name.split(":").at(-1) ?? "");
		const met = new Set(pairs.slice(1).map(([, properties]) => properties));
		expect(met.size).toBe(names.filter((name) => !others.includes(name)).length);
	});

	describe.each(pairs)("%s of the schema", (_path, properties, required, accepts) => {
		test("have the names that the checks know, and ask for the same", () => {
			expect(Object.keys(properties).sort()).toEqual(Object.keys(accepts.properties ?? {}).sort());
			expect([...required].sort()).toEqual([...(accepts.required ?? [])].sort());
		});

		test("are whole numbers where the checks want such, and say their limits and the words that are accepted", () => {
			for (const [name, property] of Object.entries(properties)) {
				const { minimum, maximum, items = {}, ...itself } = accepts.properties?.[name] ?? {};
				expect([name, property.type === "integer"]).toEqual([name, isWhole(itself)]);
				expect([name, property.items?.type === "integer"]).toEqual([name, isWhole(items)]);
				const said = property.description ?? "";
				expect(said, name).not.toBe("");
				if (isWhole(itself) && minimum !== undefined && maximum !== undefined)
					expect(said, name).toContain(maximum.toLocaleString("en"));
				for (const word of itself.enum ?? []) expect(said, name).toContain(String(word));
				const words = isWhole(itself) ? [] : (itself.enum ?? []);
				const choice = types[named(property.oneOf?.[1]?.$ref)]?.enum ?? [];
				expect([name, choice.map(({ value }) => value)]).toEqual([name, words]);
				for (const one of property.oneOf ?? []) expect([name, one.plain]).toEqual([name, property.plain]);
			}
		});
	});
}
