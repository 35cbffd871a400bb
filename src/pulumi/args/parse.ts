import { problemsIn } from "../../control/accepts";
import { foreignDataText } from "../../words/resource";
import { splitDigest } from "./digest";
import { choose, type Home, placeOf } from "./home";
import { misshapen } from "./misshapen";
import { platforms } from "./platforms";
import { type InputProblem, noPropertyText, problemAt, versionProblem } from "./problem";
import { type Args, ownNames, schema } from "./schema";
import { type Path, pathText, splitUnknown } from "./unknown";

export interface Valid {
	readonly problems?: undefined;
	/** The paths of the values that are not known yet. Their defaults stand in for them. */
	readonly unknown: readonly string[];
	/** Without a digest. `undefined`: not known yet. */
	readonly version: string | undefined;
	/** `undefined`: not known yet. */
	readonly place: Home | undefined;
	readonly args: Omit<Args, "version" | "name">;
}

/** Inputs that check adds; nobody sets them. */
const synthetic = ["__provider", "endpoint", "caveats", "recorded", "unfinished", "scaled"];

/** Reads the inputs of a resource and finds everything that is wrong with them. Total: never throws for what they hold. */
export function parse(
	inputs: Readonly<Record<string, unknown>>,
): { readonly problems: readonly InputProblem[] } | Valid {
	const problemsOfShape = misshapen(inputs);
	if (problemsOfShape.length > 0) return { problems: problemsOfShape };
	const { known, unknown } = splitUnknown(without(inputs, synthetic)) as {
		known: Record<string, unknown>;
		unknown: Path[];
	};
	const rest = without(known, Object.keys(platforms));
	const found = schema.safeParse(rest);
	// What is missing because it is not known yet is no problem.
	const issues = (found.success ? [] : found.error.issues).filter(
		({ path }) => !unknown.some((at) => at.every((key, index) => key === path[index])),
	);
	const all = [...ownNames, ...Object.keys(platforms)];
	const told = problemsIn(schema, issues, (path, key, names) =>
		noPropertyText(path, key, path.length === 0 ? all : names),
	);
	const problems = told.map(({ path, reason }) => problemAt(path, reason));
	const platform = choose(inputs, known, unknown);
	if (Array.isArray(platform)) problems.push(...platform);
	const chosen = Array.isArray(platform) ? undefined : platform;
	if (typeof known.version === "string") {
		const misspelt = versionProblem(known.version, chosen?.platform);
		if (misspelt !== undefined) problems.unshift(misspelt);
	}
	const isForeign = chosen?.platform.isForeign?.(chosen.settings) === true;
	if (isForeign && found.success && found.data.deletionPolicy === "Delete")
		problems.push({ property: "deletionPolicy", reason: foreignDataText });
	if (problems.length > 0) return { problems: firstOfEach(problems) };

	const args = found.success ? found.data : schema.parse(fillIn(rest, unknown));
	const written = splitDigest(args.version);
	const ready = (property: string) => !unknown.some(([first]) => first === property);
	return {
		unknown: unknown.map(pathText),
		version: ready("version") ? written.version : undefined,
		place: chosen === undefined || !ready("name") ? undefined : placeOf(chosen, args.name, written),
		args,
	};
}

/** Whether a property, or a part of it, is known. */
export function isKnown(valid: Valid, property: string): boolean {
	return !valid.unknown.some(
		(path) => path === property || path.startsWith(`${property}.`) || path.startsWith(`${property}[`),
	);
}

/** Stands the defaults in for what is not known yet. */
function fillIn(rest: Readonly<Record<string, unknown>>, unknown: readonly Path[]): Record<string, unknown> {
	const dummies = { version: "latest", name: "unknown", owner: "unknown" };
	return {
		...dummies,
		...without(
			rest,
			unknown
				.map(([first]) => String(first))
				// What no argument is named after stays, to be told of.
				.filter((first) => schema.shape[first as keyof Args]?.safeParse(rest[first]).success === false),
		),
	};
}

/** One sentence is enough for each property. */
function firstOfEach(problems: readonly InputProblem[]): InputProblem[] {
	const seen = new Set<string>();
	return problems.filter(({ property, reason }) => {
		const key = property === "" ? reason : property;
		return !seen.has(key) && seen.add(key) !== undefined;
	});
}

function without(object: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
	return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
