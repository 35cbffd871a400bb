import type { SettingProblem } from "../../../control/platform";
import { type Element, readConfigFile } from "./config-files";
import { reservedIn } from "./reserved";

/**
 * What servers would not read in files of `config` and `users`, and what in those of `config` would lead them away from how
 * the cluster is run. Of what is no file, and of other arguments, it says nothing. One problem a file, which tells all.
 */
export function fileProblems(given: unknown, name: string | undefined): SettingProblem[] {
	const { config, users, configRoot, keeper } = (given ?? {}) as Readonly<Record<string, unknown>>;
	const reserving = { name, keeper: Array.isArray(keeper) && keeper.length > 0 };
	// Servers from 19.12 on don't start with another root than that of their own file; from 21.10 on these two are one to them.
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
		return `${file} is no ${isYaml ? "YAML" : "XML"} that a server reads: ${read.broken}. Mend it there.`;
	const { root } = read;
	const nested = isYaml ? root.children.find(({ name }) => ["clickhouse", "yandex"].includes(name)) : undefined;
	if (nested !== undefined)
		return `${file} begins with ${nested.name}, which servers don't read in YAML. Leave it out, and write what is below it at the top.`;
	if (!isYaml && !roots.includes(root.name))
		return `${file} has the root <${root.name}>, with which servers may not start. Write <${roots[0]}>.`;
	const found = judge(root);
	return found.length === 0 ? undefined : `${file} changes what DbCluster runs the cluster by. ${found.join("; ")}.`;
}
