import { shown } from "../../control/accepts";
import { harmless } from "../../core/visible";
import { expand } from "../../platforms/local/settings";
import { quoted } from "../../words/text";
import type { Path } from "../args/unknown";
import { argumentsAmong, markedIn, type Opened } from "./values";

/** Pulumi shows shorter secrets of a stack's configuration, too: without them a text could not be read any more. */
const shortest = 3;
const instead = "[secret]";

/**
 * What puts `[secret]` in the place of the values of secrets in a text for people, as Pulumi does it with those of a
 * stack's configuration.
 *
 * @param sets Properties of one resource, such as the old and the new ones; asked for with the first text, since most
 * calls say nothing to anybody.
 * @example hiding(() => [opened({ version: { [key]: mark, value: "1.8.0" } })])("no image of 1.8.0"); // "no image of [secret]"
 */
export function hiding(sets: () => readonly Opened[]): (text: string) => string {
	let words: readonly string[] | undefined;
	return (text) => {
		words ??= wordsOf(sets());
		return words.reduce((rest, word) => rest.replaceAll(word, instead), text);
	};
}

/** The longest first, since one may be a part of another. */
function wordsOf(sets: readonly Opened[]): string[] {
	const words = sets.flatMap((set) => markedIn(set).flatMap((path) => wordsAt(set.value, path)));
	return [...new Set(words)].sort((a, b) => b.length - a.length);
}

/** Those of the arguments that are secret and whose value is in a text: `local.directory`. */
export function secretsIn({ value, secrets }: Opened, text: string): Path[] {
	return argumentsAmong(secrets).filter((path) => wordsAt(value, path).some((word) => text.includes(word)));
}

function wordsAt(value: unknown, [first, ...rest]: Path): string[] {
	if (typeof value === "object" && value !== null) {
		const all = Object.entries(value);
		return all.flatMap(([name, one]) => (first === undefined || String(first) === name ? wordsAt(one, rest) : []));
	}
	if (typeof value !== "string" && typeof value !== "number") return [];
	const word = String(value);
	if (word.length < shortest) return [];
	// A folder may be written in two ways, and any text as it is, or so that no sign of it acts.
	const forms = [word, ...(/^[~.]/.test(word) ? [expand(word)] : [])];
	return [...new Set(forms.flatMap((form) => [form, shown(form), quoted(form), harmless(form)]))];
}
