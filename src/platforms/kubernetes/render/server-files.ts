import type { SettingProblem } from "../../../control/platform";
import { type Element, readConfigFile } from "./config-files";
import { reservedIn } from "./reserved";

/**
 * What servers would not read in files of `config` and `users`, and what in those of `config` would break how the
 * cluster is run. Ignores other arguments and what is no file. One problem per file, with all its reasons.
 */
export function fileProblems(given: unknown, name: string | undefined): SettingProblem[] {
	const { config, users, configRoot, keeper } = (given ?? {}) as Readonly<Record<string, unknown>>;
	const reserving = { name, keeper: Array.isArray(keeper) && keeper.length > 0 };
	// Servers from 19.12 on don't start with a root other than that of their own file; from 21.10 on these two are the
	// same.
	const roots = configRoot === "yandex" ? ["yandex"] : ["clickhouse", "yandex"];
	return [
		...filesOf("config", config, roots, (root) => reservedIn(root, reserving)),
		...filesOf("users", users, roots, () => []),
	];
}

function filesOf(
	property: string,
	files: unknown,
	roots: readonly string[],
	judge: (root: Element) => readonly string[],
): SettingProblem[] {
	if (typeof files !== "object" || files === null) return [];
	return Object.entries(files as Readonly<Record<string, unknown>>).flatMap(([file, text]) => {
		const reason = typeof text === "string" ? problemOf(file, text, roots, judge) : undefined;
		return reason === undefined ? [] : [{ path: [property, file], reason }];
	});
}

function problemOf(
	file: string,
	text: string,
	roots: readonly string[],
	judge: (root: Element) => readonly string[],
): string | undefined {
	const isYaml = /\.ya?ml$/.test(file);
	const read = readConfigFile(file, text);
	if (read.broken !== undefined)
		return `${file} is not valid ${isYaml ? "YAML" : "XML"}: ${read.broken}. Fix it there.`;
	const { root } = read;
	const nested = isYaml ? root.children.find(({ name }) => ["clickhouse", "yandex"].includes(name)) : undefined;
	if (nested !== undefined)
		return `${file} begins with ${nested.name}, which servers don't read in YAML. Remove it, and move what is below it to the top level.`;
	if (!isYaml && !roots.includes(root.name))
		return `${file} has the root element <${root.name}>, and servers may fail to start with it. Write <${roots[0]}> instead.`;
	const found = judge(root);
	return found.length === 0 ? undefined : `${file} changes settings that DbCluster depends on. ${first(found)}.`;
}

/** A file may repeat them without end. */
function first(found: readonly string[], most = 8): string {
	const more = found.length > most ? [`and ${found.length - most} more`] : [];
	return [...found.slice(0, most), ...more].join("; ");
}
