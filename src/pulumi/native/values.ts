import type { Properties } from "../args/inputs";
import type { Path } from "../args/unknown";
import { secretSign } from "../stored";

const { key, mark } = secretSign;

/** Properties without the marks of secrets, and where those were. */
export interface Opened {
	readonly value: Properties;
	readonly secrets: readonly Path[];
}

/** Takes the marks off. */
export function opened(properties: Properties): Opened {
	const secrets: Path[] = [];
	const open = (value: unknown, path: Path): unknown => {
		if (typeof value !== "object" || value === null) return value;
		if ((value as Properties)[key] === mark) {
			secrets.push(path);
			return open((value as Properties).value, path);
		}
		if (Array.isArray(value)) return value.map((element, index) => open(element, [...path, index]));
		return Object.fromEntries(Object.entries(value).map(([name, element]) => [name, open(element, [...path, name])]));
	};
	return { value: open(properties, []) as Properties, secrets };
}

const kubeconfig: Path = ["kubernetes", "kubeconfig"];

/** What says something of every argument. */
const ofAll = ["caveats", "recorded", "unfinished", "scaled"];
/** What is worked out from some of them. */
const derived: Readonly<Record<string, readonly string[]>> = {
	name: ["endpoint"],
	local: ["endpoint"],
	kubernetes: ["endpoint"],
	version: ["written", "previousVersion", "replicaVersions", "lastUpdate"],
};

/**
 * Marks secrets: where they were, and what is worked out from them. A kubeconfig is a secret by nature, and nothing of it
 * gets into what is worked out: that stays readable.
 */
export function sealed(properties: Properties, secrets: readonly Path[]): Properties {
	const derivates = derivedFrom(secrets).map((name): Path => [name]);
	return [...secrets, ...derivates, kubeconfig].reduce((value, path) => seal(value, path) as Properties, properties);
}

function derivedFrom(secrets: readonly Path[]): string[] {
	const telling = secrets.filter((path) => path.join() !== kubeconfig.join());
	return [...telling.flatMap(([first = ""]) => derived[first] ?? []), ...(telling.length > 0 ? ofAll : [])];
}

const isArgument = ([first = ""]: Path) => ![...ofAll, ...Object.values(derived).flat()].includes(String(first));

/** The arguments among them. */
export const argumentsAmong = (secrets: readonly Path[]): Path[] => secrets.filter(isArgument);

/**
 * The secrets that the program itself marked. What `sealed` marked besides holds names of replicas, states and the like,
 * without which no text could be read. Of a secret version it also holds what the program wrote, now or before: that is one.
 */
export function markedIn({ value, secrets }: Opened): Path[] {
	const own = argumentsAmong(secrets);
	const names = derivedFrom(own);
	const telling = own.some(([first]) => first === "version") ? ["recorded", ...(derived.version ?? [])] : [];
	return [
		// Without its reason among the arguments, a mark is the program's, as by additionalSecretOutputs.
		...secrets.filter(([first = ""]) => !names.includes(String(first))),
		...telling.flatMap((name) => versionsAt(value[name], [name])),
	];
}

/** What a version is named, wherever one is. */
const versionNames: readonly unknown[] = ["written", "previousVersion", "version", "openedBy", "from", "to"];

function versionsAt(value: unknown, path: Path): Path[] {
	if (typeof value !== "object" || value === null) return versionNames.includes(path.at(-1)) ? [path] : [];
	return Object.entries(value).flatMap(([name, each]) => versionsAt(each, [...path, name]));
}

/** What is not there needs no mark; what is secret as a whole, no other. */
function seal(value: unknown, [first, ...rest]: Path): unknown {
	if (value === undefined) return undefined;
	if (isSealed(value)) return value;
	if (first === undefined) return { [key]: mark, value };
	if (typeof value !== "object" || value === null) return { [key]: mark, value };
	if (Array.isArray(value)) return value.map((element, index) => (index === first ? seal(element, rest) : element));
	if (!(first in value)) return value;
	return { ...value, [first]: seal((value as Properties)[first], rest) };
}

function isSealed(value: unknown): boolean {
	return typeof value === "object" && value !== null && (value as Properties)[key] === mark;
}

/**
 * The secrets among new inputs that old outputs have in plain text, as they do after a program made a secret of a value
 * without changing it. What says something of every argument is none of them: no program has it.
 */
export function unmarkedIn(olds: Opened, news: Opened): Path[] {
	const covers = (marked: Path, path: Path) => marked.every((key, index) => path[index] === key);
	return news.secrets.filter((path) => {
		const [first = ""] = path;
		return (
			first in olds.value && !ofAll.includes(String(first)) && !olds.secrets.some((marked) => covers(marked, path))
		);
	});
}
