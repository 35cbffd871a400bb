import { accessSync, constants, writeFileSync } from "node:fs";
import { chmod, copyFile, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Progress } from "../terminal.mts";
import { cached } from "./cache.mts";
import { Explained, run } from "./program.mts";

/** The version that is compiled; the module proxy does not hold every release. */
export const compiledVersion = "3.250.0";

/** Of Pulumi's `pkg`. pulumi-yaml 1.25.0 does not compile with the one above, nor has that a generator of C#. */
export const generatorVersion = "3.206.0";

/** As the go.mod of the CLI's module says, too: `replace` counts only in the main module. */
export const theirClipboard =
	"github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e";

/**
 * The CLI and the Node.js language host are two Go modules. Newer hosts are modules of their own that are not published;
 * the one that the SDK's module held until 3.68.0 speaks the same protocol.
 */
const programsOf = (version: string): readonly GoProgram[] => [
	{
		program: "pulumi",
		source: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
		requires: [`github.com/pulumi/pulumi/pkg/v3 v${version}`],
		replaces: [theirClipboard],
		flags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`,
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
	/** Its package, or a file in Go. */
	readonly source: string;
	/** The modules and their versions. */
	readonly requires: readonly string[];
	readonly replaces?: readonly string[];
	/** Files of the first of these modules that must stand beside the program. */
	readonly scripts?: readonly string[];
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

/** The folder of the cache that holds a program; who asks first has it compiled. `takes` is for people. */
export async function compiled(program: GoProgram, version: string, takes: string): Promise<string> {
	const name = `${program.program}-${version}`;
	let progress: Progress | undefined;
	const shown = () => {
		progress ??= new Progress(`compiling ${name}, ${takes}`);
		return progress;
	};
	try {
		return await cached(
			name,
			async (folder) => holds(folder, program),
			(folder) => compile(folder, shown(), [program]),
			() => shown().detail("another process is at it, waiting for that"),
		);
	} finally {
		progress?.done(`took ${Math.round(progress.seconds)} s`);
	}
}

/** Whether a folder holds a program and its scripts. */
export function holds(folder: string, { program, scripts = [] }: GoProgram): boolean {
	if (folder === "") return false;
	try {
		for (const file of [program, ...scripts.map((script) => basename(script))])
			accessSync(join(folder, file), constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/** Compiles the CLI of a version and its language host into `folder`. */
export const compileCli = (folder: string, version: string, progress: Progress): Promise<void> =>
	compile(folder, progress, programsOf(version));

/** Compiles programs from their published Go modules into `folder`. */
async function compile(folder: string, progress: Progress, programs: readonly GoProgram[]): Promise<void> {
	const work = join(folder, "build");
	let packages = 0;
	for (const { program, source, requires, replaces = [], scripts = [], flags } of programs) {
		const module = join(work, program);
		await mkdir(module, { recursive: true });
		writeFileSync(
			join(module, "go.mod"),
			["module build", "go 1.25", block("require", requires), block("replace", replaces), ""].join("\n\n"),
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
		for (const script of scripts) {
			const [path = ""] = requires[0]?.split(" ") ?? [];
			const args = ["list", "-mod=mod", "-m", "-f", "{{.Dir}}", path];
			const { stdout } = await run("go", args, { cwd: module, env: { ...process.env, GOWORK: "off" }, seconds: 60 });
			const copy = join(folder, basename(script));
			await copyFile(join(stdout.trim(), script), copy);
			await chmod(copy, 0o755);
		}
	}
	await rm(work, { recursive: true });
}

const block = (word: string, lines: readonly string[]) => `${word} (\n\t${lines.join("\n\t")}\n)`;

/** The lines that say what is wrong, without the names of the packages that did compile. */
function lastWords(stderr: string): string {
	const lines = stderr.split("\n").filter((line) => line.includes(" "));
	return lines.slice(-5).join(" / ") || "it said nothing";
}
