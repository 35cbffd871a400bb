import { compiledVersion } from "../cli/compile.mts";

/** What users may combine. The first value of each axis is the oldest, or the plainest. */
export const axes = {
	/** The SDK of a program and the CLI that runs it. */
	pulumi: [
		{ sdk: "3.200.0", cli: "3.200.0" },
		{ sdk: "3.200.0", cli: "3.276.0" },
		{ sdk: "3.276.0", cli: "3.200.0" },
		{ sdk: "3.276.0", cli: "3.276.0" },
	],
	program: ["TypeScript", "CommonJS", "ES module"],
	node: [22, 24],
	layout: ["npm", "pnpm"],
	face: ["dynamic", "native"],
} as const;

/** Of the Kubernetes API: the oldest, and the newest that compiles. The tests on a whole cluster run on one between them. */
export const apiVersions = ["1.30.14", "1.37.2"] as const;

export interface Cell {
	readonly pulumi: { readonly sdk: string; readonly cli: string };
	readonly program: (typeof axes.program)[number];
	readonly node: (typeof axes.node)[number];
	readonly layout: (typeof axes.layout)[number];
}

const at = <T,>(values: readonly T[], index: number): T => values[index % values.length] as T;

/** Each pair of values of two axes is in one of them. Each is run in both faces. */
export const cells: readonly Cell[] = axes.pulumi.flatMap((pulumi, first) =>
	axes.program.map((program, second) => ({
		pulumi,
		program,
		node: at(axes.node, first + second),
		layout: at(axes.layout, second + Math.floor(first / 2)),
	})),
);

/** The one that differs most from how this repository is developed, on the CLI that its other tests use. */
export const unlike: Cell = {
	pulumi: { ...axes.pulumi[0], cli: compiledVersion },
	program: "ES module",
	node: 22,
	layout: "pnpm",
};

/** What a new project has today. */
export const usual: Cell = { pulumi: axes.pulumi[3], program: "TypeScript", node: 24, layout: "npm" };

export const nameOf = ({ pulumi, program, node, layout }: Cell): string =>
	`SDK ${pulumi.sdk}, CLI ${pulumi.cli}, Node.js ${node}, ${layout}, ${program}`;
