import { z } from "zod";

/** What an error function of zod is told of a value. */
interface Issue {
	readonly code?: string;
	readonly input?: unknown;
}

/** `"x" is not a whole number from 1 to 64. Leave it out for 2.`: the value, the reason, the way out. */
export function accepted(what: string, wayOut?: string): (issue: Issue) => string | undefined {
	return ({ code, input }) => {
		if (code === "unrecognized_keys") return undefined;
		const reason = input === undefined ? `it is missing: give ${what}.` : `${shown(input)} is not ${what}.`;
		return wayOut === undefined ? reason : `${reason} ${wayOut}`;
	};
}

/** A whole number. */
export function wholeNumber(least: number, most: number, fallback: number) {
	const error = accepted(
		`a whole number from ${least} to ${most.toLocaleString("en")}`,
		`Leave it out for ${fallback}.`,
	);
	return z.number({ error }).int({ error }).min(least, { error }).max(most, { error }).default(fallback);
}

/** One of some words. */
export function oneOf<const Names extends readonly string[]>(names: Names, fallback: Names[number]) {
	const error = accepted(names.map((word) => `"${word}"`).join(" or "), `Leave it out for "${fallback}".`);
	return z
		.enum(names, { error })
		.default(fallback as z.util.NoUndefined<z.output<z.ZodEnum<z.util.ToEnum<Names[number]>>>>);
}

export function trueOrFalse(fallback: boolean) {
	return z.boolean({ error: accepted("true or false", `Leave it out for ${fallback}.`) }).default(fallback);
}

/** The name of a cluster: it becomes the name of folders, of StatefulSets and of hosts. */
export function name() {
	const error = accepted(
		"a name for a cluster: up to 42 lower-case letters, digits and dashes, a letter first and no dash last",
		"Set name to such a one; it may differ from the resource's.",
	);
	return z.string({ error }).regex(/^[a-z]([-a-z0-9]{0,40}[a-z0-9])?$/, { error });
}

/** A value as a person would write it, short and on one line. */
export function shown(value: unknown): string {
	if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
	if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
	return Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
}
