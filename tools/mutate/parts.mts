import { globSync } from "node:fs";
import { sep } from "node:path";
import { root } from "../environment.mts";

/** What is mutated, by which tests, and how many percent of the mutants these have to kill. */
export interface Part {
	readonly name: string;
	/** Files and folders. */
	readonly of: readonly string[];
	readonly tests: string;
	readonly least: number;
}

export const parts: readonly Part[] = [{ name: "core", of: ["src/core"], tests: "test/core", least: 90 }];

/** The files of a part, relative to the clone; of these only the wanted ones, given as files or folders, if any are. */
export function filesOf({ of }: Part, wanted: readonly string[] = []): string[] {
	const isIn = (file: string, places: readonly string[]) =>
		places.some((place) => file === place || file.startsWith(`${place}/`));
	return globSync("src/**/*.ts", { cwd: root })
		.map((file) => file.replaceAll(sep, "/"))
		.filter((file) => isIn(file, of) && (wanted.length === 0 || isIn(file, wanted)))
		.sort();
}
