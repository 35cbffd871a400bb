/** Imports point one way; see ARCHITECTURE.md. Each rule names what a layer may import, all else is an error. */
const layer = (name, ...allowed) => ({
	name: `${name} imports only what lies below it`,
	severity: "error",
	from: { path: `^src/${name}/` },
	to: { path: "^src/", pathNot: [`^src/${name}/`, ...allowed.map((other) => `^src/${other}[/.]`)] },
});
/** Within a layer: its folders and files from the lowest to the highest; each imports only those before it. */
const rooms = (where, names) =>
	names.slice(0, -1).map((name, index) => ({
		name: `${where}/${name} imports only what lies below it`,
		severity: "error",
		from: { path: `^src/${where}/${name}[/.]` },
		to: { path: `^src/${where}/(${names.slice(index + 1).join("|")})[/.]` },
	}));
module.exports = {
	forbidden: [
		layer("core"),
		layer("words", "core", "control/(record|errors)", "roll/(events|timeline)"),
		layer("control", "core"),
		layer("roll", "core", "control"),
		layer("rehearsal", "core", "control"),
		layer("remote", "core", "control/(errors|retry)"),
		layer("catalogue", "core", "control/errors", "remote"),
		layer("platforms/local", "core", "control"),
		layer("platforms/kubernetes", "core", "control", "remote"),
		...rooms("platforms/kubernetes", ["api", "render", "ask", "change", "trial", "control", "adopted", "index"]),
		layer("pulumi", "core", "control", "roll", "rehearsal", "words", "platforms", "catalogue", "remote"),
		// What reads a resource's arguments, asks the rules, and rehearses, is the provider's; of the rest of it the command line knows nothing.
		layer(
			"cli",
			"core",
			"control",
			"roll",
			"words",
			"platforms",
			"catalogue",
			"pulumi/(judge/(catalogue|judge)|args/complete|apply/rehearse|stored)",
		),
		{
			name: "core imports semver and nothing else from outside",
			severity: "error",
			from: { path: "^src/core/" },
			to: { path: "node_modules|^node:", pathNot: ["node_modules/(@types/)?semver"] },
		},
		{
			name: "a rule knows no other rule: what several need lies below them, what they decide together is asked of ways",
			severity: "error",
			from: { path: "^src/core/rules/", pathNot: "^src/core/rules/index.ts$" },
			to: { path: "^src/core/rules/", pathNot: "^src/core/rules/rule.ts$" },
		},
		{ name: "no cycles", severity: "error", from: {}, to: { circular: true } },
		{ name: "no folders that import each other", severity: "error", scope: "folder", from: {}, to: { circular: true } },
		{
			name: "only the faces to Pulumi know Pulumi",
			severity: "error",
			from: { path: "^src/", pathNot: "^src/(pulumi/|index.ts|kubernetes.ts)" },
			to: { path: "@pulumi/" },
		},
		{
			name: "who does not use the component needs neither of its packages",
			severity: "error",
			from: { path: "^src/", pathNot: "^src/pulumi/component/" },
			to: { path: "@pulumi/(kubernetes|random)" },
		},
		{
			name: "the component has an entry point of its own",
			severity: "error",
			from: { path: "^src/", pathNot: "^src/(pulumi/component/|kubernetes.ts)" },
			to: { path: "^src/pulumi/component/" },
		},
	],
	options: {
		doNotFollow: { path: "node_modules" },
		tsPreCompilationDeps: true,
		tsConfig: { fileName: "tsconfig.json" },
		exclude: { path: "^dist/" },
	},
};
