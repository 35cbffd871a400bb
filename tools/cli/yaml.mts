import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { Progress } from "../terminal.mts";
import { cached, cacheFolder } from "./cache.mts";
import { compile, type GoProgram, theirClipboard } from "./compile.mts";

const version = "1.25.0";
const program = "pulumi-language-yaml";

/** With the pkg of its own go.mod: a newer one has other signatures. */
const host: GoProgram = {
	program,
	source: `github.com/pulumi/pulumi-yaml/cmd/${program}`,
	requires: [`github.com/pulumi/pulumi-yaml v${version}`, "github.com/pulumi/pulumi/pkg/v3 v3.206.0"],
	replaces: theirClipboard,
	flags: "-s -w",
};

/**
 * The folder that holds Pulumi's language host of YAML: the CLI's own, one on PATH, else one that is compiled once from its
 * Go module, which takes 2 to 4 minutes.
 *
 * @param cli The folder of the CLI.
 */
export async function yamlHost(cli: string): Promise<string> {
	const name = `${program}-${version}`;
	const found = [cli, ...(process.env.PATH ?? "").split(delimiter), join(cacheFolder(), name)].find(holds);
	if (found !== undefined) return found;
	const progress = new Progress(`compiling ${program} ${version}, 2 to 4 minutes`);
	try {
		return await cached(
			name,
			async (folder) => holds(folder),
			(folder) => compile(folder, progress, [host]),
			() => progress.detail("another process is at it, waiting for that"),
		);
	} finally {
		progress.done(`took ${Math.round(progress.seconds)} s`);
	}
}

function holds(folder: string): boolean {
	try {
		accessSync(join(folder, program), constants.X_OK);
		return folder !== "";
	} catch {
		return false;
	}
}
