import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Args, root } from "./project.mts";

const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { bin: Record<string, string> };
const programs = Object.entries(bin).filter(([name]) => name.startsWith("pulumi-resource-"));

/** Where a project finds this package's plugins, as docs/languages.md has it. */
export const plugins = {
	providers: programs.map(([name]) => ({ name: name.replace("pulumi-resource-", ""), path: "node_modules/.bin" })),
};

/** Puts this package's plugins into a project, as npm does it. */
export function linkPlugins(program: string): void {
	const folder = join(program, "node_modules", ".bin");
	mkdirSync(folder);
	for (const [name, main] of programs) {
		chmodSync(join(root, main), 0o755);
		symlinkSync(join(root, main), join(folder, name));
	}
}

/** Puts in plugins that stand in for those of @pulumi/kubernetes and @pulumi/random. */
export function standIns(home: string): void {
	for (const name of ["kubernetes", "random"]) {
		const { version } = JSON.parse(readFileSync(join(root, `node_modules/@pulumi/${name}/package.json`), "utf8"));
		const folder = join(home, "plugins", `resource-${name}-v${version}`);
		const file = join(folder, `pulumi-resource-${name}`);
		mkdirSync(folder, { recursive: true });
		writeFileSync(
			file,
			`#!/bin/sh\nexec "${process.execPath}" "${join(root, "test/kubernetes/plugin.mts")}" ${name} ${version} "$@"\n`,
		);
		chmodSync(file, 0o755);
	}
}

/** A program in YAML with one resource, named `db`; a value under the one key `secret` is a secret. */
export function yamlProgram(type: string, args: Args, outputs: readonly string[]): Args {
	const properties = JSON.parse(JSON.stringify(args), (_, value) =>
		value !== null && typeof value === "object" && Object.keys(value).join() === "secret"
			? { "fn::secret": value.secret }
			: value,
	);
	return {
		name: "test",
		runtime: "yaml",
		plugins,
		resources: { db: { type, properties } },
		outputs: Object.fromEntries(outputs.map((name) => [name, `\${db.${name}}`])),
	};
}
