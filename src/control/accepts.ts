import { z } from "zod";
import { visible } from "../core/visible";
import { nearest } from "./nearest";
import type { SettingProblem } from "./platform";

/** What an error function of zod is told of a value. */
interface Given {
	readonly code?: string;
	readonly input?: unknown;
	readonly expected?: unknown;
	readonly maximum?: unknown;
}

/**
 * Words for zod: the value, the reason, the way out.
 *
 * @example
 * z.string(accepted("a host", 'Write it as "keeper-0.keeper:2181".'));
 * // "a b" is not a host. Write it as "keeper-0.keeper:2181".
 */
export function accepted(what: string, wayOut?: string): { readonly error: (given: Given) => string | undefined } {
	const error = ({ code, input, expected, maximum }: Given) => {
		if (code === "unrecognized_keys") return undefined;
		if (code === "too_big" && typeof input === "string")
			return `it is longer than ${maximum} characters: give ${what}.${wayOut === undefined ? "" : ` ${wayOut}`}`;
		const reason = input === undefined ? `it is missing: give ${what}.` : `${shown(input)} is not ${what}.`;
		// YAML takes what has no quotes for a number, or for true or false.
		const isBare = expected === "string" && ["number", "boolean"].includes(typeof input);
		const more = wayOut ?? (isBare ? "It must be text: put it in quotes." : undefined);
		return more === undefined ? reason : `${reason} ${more}`;
	};
	return { error };
}

/** Without control characters: such names become paths, headers and SQL. */
const printable = /^[^\p{Cc}\p{Cs}]+$/u;

/** Characters of a text that may stand in a message; as many bytes as a path has at most on Linux. */
const longest = 4096;

/** Text of a shape; any on one line that is not empty without one. */
export function textOf(what: string, wayOut?: string, shape = printable) {
	const words = accepted(what, wayOut);
	return z
		.string(words)
		.max(longest, { ...words, abort: true })
		.regex(shape, words);
}

export function integer(least: number, most: number, what: string, wayOut?: string) {
	const words = accepted(what, wayOut);
	return z.int(words).min(least, words).max(most, words);
}

export function wholeNumber(least: number, most: number, fallback: number) {
	const what = `a whole number from ${least} to ${most.toLocaleString("en")}`;
	return integer(least, most, what, `Leave it out for ${fallback}.`).default(fallback);
}

export function oneOf<const Names extends readonly string[]>(names: Names, fallback: Names[number]) {
	const what = names.map((word) => `"${word}"`).join(" or ");
	return z
		.enum(names, accepted(what, `Leave it out for "${fallback}".`))
		.default(fallback as z.util.NoUndefined<z.output<z.ZodEnum<z.util.ToEnum<Names[number]>>>>);
}

export function trueOrFalse(fallback: boolean) {
	return z.boolean(accepted("true or false", `Leave it out for ${fallback}.`)).default(fallback);
}

export function listOf<Item extends z.ZodType>(item: Item, example: string) {
	return z.array(item, accepted(`a list such as ${example}`));
}

export function mapOf<Value extends z.ZodType>(value: Value, example: string) {
	return z.record(z.string(), value, accepted(`an object such as ${example}`));
}

export const port = () => integer(1, 65_535, "a port, from 1 to 65,535");

export const volumeSize = () =>
	textOf("the size of a volume", 'Write it as "100Gi".', /^[1-9][0-9]*(\.[0-9]+)?(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/);

/**
 * The name of a cluster: it becomes the name of folders, of StatefulSets and of hosts. On Kubernetes a label of 63 holds
 * it with a hash of 11 characters, and with the shard and the ordinal of a pod.
 */
export function clusterName() {
	return textOf(
		"a name for a cluster: up to 42 lower-case letters, digits and dashes, a letter first and no dash last",
		"Set name to such a name; it may differ from the resource's name.",
		/^[a-z]([-a-z0-9]{0,40}[a-z0-9])?$/,
	);
}

/** One problem for each property, also for each that the schema has none of. */
export function problemsIn(
	schema: z.ZodType,
	issues: readonly z.core.$ZodIssue[],
	stranger = (_: SettingProblem["path"], key: string, names: readonly string[]) =>
		`there is no such setting. ${insteadOf(key, names)}`,
): SettingProblem[] {
	const found = issues.flatMap((issue) => {
		const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
		if (issue.code !== "unrecognized_keys") return [{ path, reason: issue.message }];
		const names = namesAt(schema, path);
		return issue.keys.map((key) => ({ path: [...path, key], reason: stranger(path, key, names) }));
	});
	// A number that is too large is so in two ways.
	const told = new Set<string>();
	return found.filter(({ path }) => !told.has(JSON.stringify(path)) && told.add(JSON.stringify(path)) !== undefined);
}

/** The names that the object at a path may have. */
export function namesAt(schema: z.ZodType, path: SettingProblem["path"]): readonly string[] {
	let type: Inside | undefined = schema as unknown as Inside;
	for (const part of [...path, undefined]) {
		// Behind a default, or what may be left out, is the type itself.
		while (type?.def?.innerType !== undefined) type = type.def.innerType;
		if (part === undefined) break;
		type = typeof part === "number" ? type?.element : type?.shape?.[part];
	}
	return Object.keys(type?.shape ?? {});
}

/** What may be inside a type of zod. */
interface Inside {
	readonly def?: { readonly innerType?: Inside };
	readonly shape?: Readonly<Record<string, Inside>>;
	readonly element?: Inside;
}

/** What was probably meant by a name that there is not, or what there is. */
export function insteadOf(key: string, names: readonly string[]): string {
	const near = nearest(key, names);
	return near === undefined ? `There are ${[...names].sort().join(", ")}.` : `Did you mean ${near}?`;
}

/** A value as a person would write it, short and on one line. */
export function shown(value: unknown): string {
	if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
	if (typeof value === "string")
		return visible(JSON.stringify(value.length > 60 ? `${[...value.slice(0, 57)].join("")}...` : value));
	return Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
}
