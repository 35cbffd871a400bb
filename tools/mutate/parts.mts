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
	/** Survivors need no explanation: they are many, since most change the words of a message, of which no test holds all. */
	readonly explained?: false;
}

const of = (folder: string, ...names: readonly string[]) => names.map((name) => `${folder}/${name}.ts`);
const kubernetes = "src/platforms/kubernetes";

export const parts: readonly Part[] = [
	{ name: "core", of: ["src/core"], tests: "test/core", least: 90 },
	{ name: "roll", of: ["src/roll"], tests: "test/roll", least: 90 },
	{
		name: "kubernetes",
		// What decides. Left out: what sends requests and SQL (`api`, `ask/{server,record,flush,alone,copy-tables,tally}`),
		// since only real servers can tell whether those are right; the steps of a change, which the tests on a real cluster
		// judge; and `render/{objects,pod}`, which are data. The rest, such as `render/settings-schema` and `ask/desired`, also
		// decides, and is not done yet.
		of: [
			...of(`${kubernetes}/adopted`, "image", "imported", "inspect", "layout", "services", "takeover", "template"),
			...of(
				`${kubernetes}/ask`,
				"data-volumes",
				"diagnose",
				"emptied",
				"health",
				"holds",
				"images",
				"lacks",
				"layout",
				"observe",
				"opened",
				"rivals",
				"size",
				"together",
			),
			...of(`${kubernetes}/change`, "quiet", "reshape", "volumes"),
			...of(`${kubernetes}/render`, "config-files", "names", "reserved"),
			`${kubernetes}/trial/outcome.ts`,
		],
		tests: "test/platforms/kubernetes",
		least: 75,
		explained: false,
	},
];

/** The files of a part, relative to the clone; of these only the wanted ones, given as files or folders, if any are. */
export function filesOf({ of }: Part, wanted: readonly string[] = []): string[] {
	const isIn = (file: string, places: readonly string[]) =>
		places.some((place) => file === place || file.startsWith(`${place}/`));
	return globSync("src/**/*.ts", { cwd: root })
		.map((file) => file.replaceAll(sep, "/"))
		.filter((file) => isIn(file, of) && (wanted.length === 0 || isIn(file, wanted)))
		.sort();
}
