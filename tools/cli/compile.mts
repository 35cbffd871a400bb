import { writeFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Progress } from "../terminal.mts";
import { Explained, run } from "./program.mts";

/** The version that is compiled; the module proxy does not hold every release. */
export const compiledVersion = "3.250.0";

/** As the go.mod of the CLI's module says, too: `replace` counts only in the main module. */
export const theirClipboard =
	"github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e";

/**
 * The CLI and the Node.js language host are two Go modules. Newer hosts are modules of their own that are not published;
 * the one that the SDK's module held until 3.68.0 speaks the same protocol.
 */
const modules: readonly GoProgram[] = [
	{
		program: "pulumi",
		source: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
		requires: [`github.com/pulumi/pulumi/pkg/v3 v${compiledVersion}`],
		replaces: theirClipboard,
		flags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${compiledVersion}`,
	},
	{
		program: "pulumi-language-nodejs",
		source: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
		requires: ["github.com/pulumi/pulumi/sdk/v3 v3.68.0"],
		flags: "-s -w",
	},
];

/** A program of a published Go module. */
export interface GoProgram {
	readonly program: string;
	readonly source: string;
	/** The modules and their versions. */
	readonly requires: readonly string[];
	readonly replaces?: string;
	/** For the linker. */
	readonly flags: string;
}

/** `go1.26.8`, or undefined where there is no usable `go`. */
export async function goVersion(): Promise<string | undefined> {
	const { status, stdout } = await run("go", ["env", "GOVERSION"], { seconds: 30 }).catch(() => ({
		status: 1,
		stdout: "",
	}));
	return status === 0 ? stdout.trim() : undefined;
}

/** Compiles programs, by default the CLI and its language host, from their published Go modules into `folder`. */
export async function compile(folder: string, progress: Progress, programs = modules): Promise<void> {
	const work = join(folder, "build");
	let packages = 0;
	for (const { program, source, requires, replaces, flags } of programs) {
		const module = join(work, program);
		await mkdir(module, { recursive: true });
		writeFileSync(
			join(module, "go.mod"),
			`module build\n\ngo 1.25\n\nrequire (\n\t${requires.join("\n\t")}\n)\n${replaces === undefined ? "" : `\nreplace ${replaces}\n`}`,
		);
		progress.detail(`${program}, fetching modules`);
		const { status, stderr } = await run(
			"go",
			["build", "-mod=mod", "-v", "-ldflags", flags, "-o", join(folder, program), source],
			{
				cwd: module,
				env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off" },
				seconds: 45 * 60,
				onErrorLine: (line) => {
					if (!line.startsWith("go: ")) packages++;
					progress.detail(packages === 0 ? line.replace("go: ", "") : `${program}, ${packages} packages compiled`);
				},
			},
		);
		if (status !== 0) throw new Explained(`go build ended with ${status}: ${lastWords(stderr)}`);
	}
	await rm(work, { recursive: true });
}

/** The lines that say what is wrong, without the names of the packages that did compile. */
function lastWords(stderr: string): string {
	const lines = stderr.split("\n").filter((line) => line.includes(" "));
	return lines.slice(-5).join(" / ") || "it said nothing";
}
