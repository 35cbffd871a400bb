import { isDeepStrictEqual } from "node:util";
import { inputsAmong, type Properties } from "../args/inputs";
import { type Path, pathText } from "../args/unknown";

/** How one property differs, under its path as Pulumi writes it. */
type Detail = ReadonlyMap<string, "add" | "delete" | "update">;

/** Added by check; the engine shows them like any other input. */
const added = ["caveats", "unfinished", "scaled", "written", "endpoint", "recorded"];

/**
 * What differs between two sets of inputs, each as small as can be: `local.port`, not `local`.
 *
 * @param olds the old inputs.
 * @param outputs the old outputs: for an update that stopped and changed them, so that nothing of the inputs differs.
 * @example detailOf({ version: "1.7.1" }, { version: "1.8.0", caveats: {} }, {}); // version: update, caveats: add
 */
export function detailOf(olds: Properties, news: Properties, outputs: Properties): Detail {
	const asked = shown(news);
	const detail = differing(shown(olds), asked);
	return detail.size > 0 ? detail : differing(inputsAmong(outputs), inputsAmong(news));
}

/** Without the text of the dynamic face's provider, and what else no input of ours is. */
function shown(properties: Properties): Properties {
	const more = Object.entries(properties).filter(([name]) => added.includes(name));
	return { ...inputsAmong(properties), ...Object.fromEntries(more) };
}

function differing(olds: Properties, news: Properties): Detail {
	const found = new Map<string, "add" | "delete" | "update">();
	const compare = (old: unknown, now: unknown, path: Path): void => {
		if (isDeepStrictEqual(old, now)) return;
		const keys = keysOf(old, now);
		if (keys === undefined)
			found.set(pathText(path), old === undefined ? "add" : now === undefined ? "delete" : "update");
		else for (const key of keys) compare(at(old, key), at(now, key), [...path, key]);
	};
	compare(olds, news, []);
	return found;
}

/** The keys of two objects, or the places in two lists; `undefined` where there is nothing to go into. */
function keysOf(old: unknown, now: unknown): readonly (string | number)[] | undefined {
	if (typeof old !== "object" || typeof now !== "object" || old === null || now === null) return undefined;
	if (Array.isArray(old) !== Array.isArray(now)) return undefined;
	const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
	return Array.isArray(old) ? keys.map(Number) : keys;
}

/** A null is a property that was left out. */
const at = (value: unknown, key: string | number) => (value as Properties)[key] ?? undefined;
