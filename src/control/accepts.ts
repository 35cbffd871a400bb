import { z } from "zod";
import type { SettingProblem } from "./platform";

/** What an error function of zod is told of a value. */
interface Given {
	readonly code?: string;
	readonly input?: unknown;
}

/**
 * Words for zod: the value, the reason, the way out.
 *
 * @example
 * z.string(accepted("a host", 'Write it as "keeper-0.keeper:2181".'));
 * // "a b" is not a host. Write it as "keeper-0.keeper:2181".
 */
export function accepted(what: string, wayOut?: string): { readonly error: (given: Given) => string | undefined } {
	const error = ({ code, input }: Given) => {
		if (code === "unrecognized_keys") return undefined;
		const reason = input === undefined ? `it is missing: give ${what}.` : `${shown(input)} is not ${what}.`;
		return wayOut === undefined ? reason : `${reason} ${wayOut}`;
	};
	return { error };
}

/** Text of a shape; any that is not empty without one. */
export function textOf(what: string, wayOut?: string, shape = /./s) {
	return z.string(accepted(what, wayOut)).regex(shape, accepted(what, wayOut));
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

/** One problem for each property, also for each that there is none of. */
export function problemsIn(
	issues: readonly z.core.$ZodIssue[],
	stranger: (path: SettingProblem["path"], key: string) => string,
): SettingProblem[] {
	return issues.flatMap((issue) => {
		const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
		if (issue.code !== "unrecognized_keys") return [{ path, reason: issue.message }];
		return issue.keys.map((key) => ({ path: [...path, key], reason: stranger(path, key) }));
	});
}

/** A value as a person would write it, short and on one line. */
export function shown(value: unknown): string {
	if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
	if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
	return Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
}
