import { isDeepStrictEqual } from "node:util";
import type { Properties } from "./inputs";

/**
 * Arguments as a person would write them: without each value, also within objects, that reading fills in anyway.
 *
 * @param read Reads arguments, and fills in the defaults. What it answers decides, so that no default is known twice.
 */
export function withoutDefaults(given: Properties, read: (given: Properties) => unknown): Properties {
	const whole = read(given);
	const without = (object: Properties, around: (object: Properties) => Properties): Properties => {
		let kept = object;
		for (const key of Object.keys(object)) {
			const { [key]: value, ...rest } = kept;
			if (isDeepStrictEqual(read(around(rest)), whole)) kept = rest;
			else if (typeof value === "object" && value !== null && !Array.isArray(value))
				kept = { ...kept, [key]: without(value as Properties, (inner) => around({ ...rest, [key]: inner })) };
		}
		return kept;
	};
	return without(given, (all) => all);
}
