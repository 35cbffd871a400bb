import { visible } from "../../core/visible";
import { unknownValue } from "../stored";

/** A property of the arguments: `["local", "port"]`. */
export type Path = readonly (string | number)[];

/** Splits a value into what is known of it and the paths of what is not; an unknown element of a list stays as `undefined`. */
export function splitUnknown(value: unknown, path: Path = []): { known: unknown; unknown: Path[] } {
	if (value === unknownValue) return { known: undefined, unknown: [path] };
	// A null is a property that was left out.
	if (value === null) return { known: undefined, unknown: [] };
	if (typeof value !== "object") return { known: value, unknown: [] };
	const unknown: Path[] = [];
	const inside = (key: string | number, element: unknown) => {
		const split = splitUnknown(element, [...path, key]);
		unknown.push(...split.unknown);
		return split.known;
	};
	if (Array.isArray(value)) return { known: value.map((element, index) => inside(index, element)), unknown };
	const known = Object.entries(value).flatMap(([key, element]) => {
		const part = inside(key, element);
		return part === undefined ? [] : [[key, part]];
	});
	return { known: Object.fromEntries(known), unknown };
}

/** `local.port`, `versions.list[0].version`, `local.engines["26.7.2.1"]`: the way Pulumi writes a property's path. */
export function pathText(path: Path): string {
	return path.reduce<string>((text, key) => {
		if (typeof key === "number") return `${text}[${key}]`;
		if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${text}["${key.replaceAll('"', '\\"')}"]`;
		return text === "" ? key : `${text}.${key}`;
	}, "");
}

/** The same for people: a name may be anything, and endless. */
export const shownPath = (path: Path): string =>
	pathText(
		path.map((key) => (typeof key === "number" ? key : visible(key.length > 80 ? `${key.slice(0, 77)}...` : key))),
	);
