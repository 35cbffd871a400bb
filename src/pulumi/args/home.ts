import { shown } from "../../control/accepts";
import type { Pin, Platform } from "../../control/platform";
import { parseVersion } from "../../core/version";
import type { Written } from "./digest";
import { platforms } from "./platforms";
import { type InputProblem, stranger } from "./problem";
import { type Path, shownPath, splitUnknown } from "./unknown";

/** Where a cluster lives, read and complete. */
export interface Home {
	readonly platform: Platform;
	readonly settings: unknown;
	/** The name of the cluster. */
	readonly name: string;
	/** `<platform>:<place>/<name>`: two resources with one id are one cluster. */
	readonly id: string;
	/** The image that is asked for, where one is. */
	readonly pin?: Pin;
}

type Chosen = Pick<Home, "platform" | "settings">;

/** The platform that is given, with its settings; `undefined` when they are not all known yet. */
export function choose(
	inputs: Readonly<Record<string, unknown>>,
	known: Readonly<Record<string, unknown>>,
	unknown: readonly Path[],
): Chosen | InputProblem[] | undefined {
	const given = Object.keys(platforms).filter((name) => inputs[name] !== undefined && inputs[name] !== null);
	const [name, ...others] = given;
	const platform = name === undefined ? undefined : platforms[name];
	if (name === undefined || platform === undefined) {
		const [first = ""] = Object.keys(platforms);
		const all = Object.keys(platforms).join(" or ");
		return refuse("", `it must say where the cluster lives: give ${all}, such as ${first}: {}.`);
	}
	if (others.length > 0)
		return refuse("", `${given.join(" and ")} are both given, and a cluster lives in one place. Keep one of them.`);
	if (unknown.some(([first]) => first === name)) return undefined;
	const settings = known[name];
	if (typeof settings !== "object" || settings === null || Array.isArray(settings))
		return refuse(name, `${shown(settings)} is not an object of settings. Write ${name}: {} for the defaults.`);
	const own = Object.entries(settings).filter(([key]) => platform.keys.includes(key));
	const strangers = Object.keys(settings).filter((key) => !platform.keys.includes(key));
	const read = platform.read(Object.fromEntries(own), typeof known.name === "string" ? known.name : undefined);
	if ("settings" in read && strangers.length === 0) return { platform, settings: read.settings };
	return [
		...strangers.map((key) => stranger([name], key, platform.keys)),
		...("settings" in read ? [] : read.problems).map(({ path, reason }) => ({
			property: shownPath([name, ...path]),
			reason,
		})),
	];
}

const refuse = (property: string, reason: string): InputProblem[] => [{ property, reason }];

type Inputs = Readonly<Record<string, unknown>>;

/**
 * The inputs with what they had before in the place of each argument, and of each setting of a platform, that is not known
 * yet. If the cluster would move by these, what is known already moves it.
 */
export function asBefore(news: Inputs, olds: Inputs): Inputs {
	const settled = Object.entries(news).map(([name, now]) => {
		const was = olds[name];
		if (splitUnknown(now).unknown.length === 0) return [name, now];
		return [name, Object.hasOwn(platforms, name) && isObject(now) && isObject(was) ? asBefore(now, was) : was];
	});
	return Object.fromEntries(settled);
}

const isObject = (value: unknown): value is Inputs => typeof value === "object" && value !== null;

export function placeOf({ platform, settings }: Chosen, name: string, { version, digest }: Written): Home {
	const parsed = parseVersion(version);
	const pin = parsed !== undefined && digest !== undefined ? { version: parsed, digest } : undefined;
	return { platform, settings, name, id: `${platform.name}:${platform.place(settings)}/${name}`, ...(pin && { pin }) };
}
