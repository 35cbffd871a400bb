/** A Pulumi package schema, as far as it can break what uses it. */
export interface Schema {
	readonly resources?: Readonly<Record<string, Resource>>;
	readonly types?: Readonly<Record<string, Type>>;
}

interface Resource {
	readonly inputProperties?: Properties;
	readonly requiredInputs?: readonly string[];
	readonly properties?: Properties;
	readonly required?: readonly string[];
	readonly aliases?: readonly { readonly type?: string }[];
}

type Properties = Readonly<Record<string, Property>>;

interface Property {
	readonly type?: string;
	readonly $ref?: string;
	readonly items?: Property;
	readonly additionalProperties?: Property;
	readonly oneOf?: readonly Property[];
	readonly default?: unknown;
}

interface Type {
	readonly properties?: Properties;
	readonly required?: readonly string[];
	readonly enum?: readonly { readonly value: unknown }[];
}

/** Whether a program gives a value or gets it. */
type Way = "input" | "output";

/**
 * What programs and SDKs made for one schema lose with a later one, a sentence each: what was removed, has another type or
 * default, or became required. The types are followed from the resources, so what nothing uses does not count.
 */
export function breaks(before: Schema, after: Schema): string[] {
	const found = new Set<string>();
	const seen = new Set<string>();

	const members = (path: string, way: Way, old: Members, now: Members) => {
		for (const [name, property] of Object.entries(old.properties ?? {})) {
			const its = now.properties?.[name];
			const place = `${path}.${name}`;
			if (its === undefined) {
				found.add(`${place} was removed`);
				continue;
			}
			if (typeOf(property) !== typeOf(its)) found.add(`${place} was ${typeOf(property)} and is ${typeOf(its)}`);
			if (JSON.stringify(property.default) !== JSON.stringify(its.default))
				found.add(
					`the default of ${place} was ${JSON.stringify(property.default)} and is ${JSON.stringify(its.default)}`,
				);
			for (const reference of referencesOf(property)) follow(reference, way);
		}
		const [sure, surer] = way === "input" ? [old.required, now.required] : [now.required, old.required];
		for (const name of surer?.filter((each) => !sure?.includes(each)) ?? [])
			if (way === "input") found.add(`${path}.${name} is required`);
			else if (now.properties?.[name] !== undefined) found.add(`${path}.${name} may be missing`);
	};

	const follow = (reference: string, way: Way) => {
		const token = reference.replace("#/types/", "");
		const old = before.types?.[token];
		if (old === undefined || seen.has(`${way} ${token}`)) return;
		seen.add(`${way} ${token}`);
		const now = after.types?.[token];
		if (now === undefined) {
			found.add(`${token} was removed`);
			return;
		}
		const left = new Set(now.enum?.map(({ value }) => value));
		for (const { value } of old.enum ?? [])
			if (!left.has(value)) found.add(`${JSON.stringify(value)} of ${token} was removed`);
		members(token, way, old, now);
	};

	for (const [token, old] of Object.entries(before.resources ?? {})) {
		const now = after.resources?.[token];
		if (now === undefined) {
			found.add(`${token} was removed`);
			continue;
		}
		for (const { type } of old.aliases ?? [])
			if (!now.aliases?.some((alias) => alias.type === type)) found.add(`the alias ${type} of ${token} was removed`);
		members(token, "input", inputs(old), inputs(now));
		members(token, "output", old, now);
	}
	return [...found];
}

type Members = Pick<Type, "properties" | "required">;

const inputs = ({ inputProperties, requiredInputs }: Resource): Members => ({
	properties: inputProperties,
	required: requiredInputs,
});

function typeOf({ type, $ref, items, additionalProperties, oneOf }: Property): string {
	if (oneOf !== undefined) return oneOf.map(typeOf).join(" or ");
	if (items !== undefined) return `a list of ${typeOf(items)}`;
	if (additionalProperties !== undefined) return `a map of ${typeOf(additionalProperties)}`;
	return $ref?.replace("#/types/", "") ?? type ?? "anything";
}

function referencesOf({ $ref, items, additionalProperties, oneOf = [] }: Property): string[] {
	const inner = [items, additionalProperties, ...oneOf].filter((property) => property !== undefined);
	return [...($ref === undefined ? [] : [$ref]), ...inner.flatMap(referencesOf)];
}
