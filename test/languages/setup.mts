import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import type { TestProject } from "vitest/node";
import { compiledVersion, goVersion } from "../../tools/cli/compile.mts";
import { languageHost } from "../../tools/cli/hosts.mts";
import { Explained, run } from "../../tools/cli/program.mts";
import { vendorVersion } from "../../tools/cli/vendor.mts";
import { root } from "../../tools/environment.mts";
import { pulumiCli } from "../../tools/pulumi-cli.mts";
import { makeSdks } from "../../tools/sdks.mts";
import { say } from "../../tools/terminal.mts";
import setupCli from "../engine/setup.mts";

/** What programs in a language need, or why there is none of it here. */
export interface Language {
	readonly missing?: string;
	/** Folders for the front of PATH: the language itself and Pulumi's host of it. */
	readonly path: string;
	/** The language's own settings. */
	readonly env: Readonly<Record<string, string>>;
	/** Of Go: a program that has the SDK. */
	readonly module?: string;
}

declare module "vitest" {
	interface ProvidedContext {
		python: Language;
		go: Language;
	}
}

/** Once for all programs in other languages: the SDKs of a release, installed as users do it. Returns what clears up. */
export default async function setup(project: TestProject): Promise<() => void> {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), "dbc-")));
	const clear = () => rmSync(folder, { recursive: true, force: true });
	try {
		await setupCli(project);
		const hasGo = (await goVersion()) !== undefined;
		if (hasGo) await makeSdks(join(folder, "sdks"));
		for (const [name, find] of Object.entries({ python, go } as const)) {
			const language = hasGo
				? await found(find, folder)
				: { missing: "SDKs are made in Go, and there is no `go` on PATH" };
			if (language.missing !== undefined) say(`The tests of ${name} are left out: ${language.missing}`);
			project.provide(name as "python" | "go", { path: "", env: {}, ...language });
		}
		return clear;
	} catch (error) {
		clear();
		throw error;
	}
}

/** What can't be had here leaves tests out. Whatever else fails is a fault. */
async function found(find: (folder: string) => Promise<Partial<Language>>, folder: string): Promise<Partial<Language>> {
	try {
		return await find(folder);
	} catch (error) {
		if (error instanceof Explained) return { missing: error.message };
		throw error;
	}
}

async function python(folder: string): Promise<Partial<Language>> {
	const venv = join(folder, "venv");
	const pip = join(venv, "bin", "pip");
	const pyproject = readFileSync(join(folder, "sdks/dbcluster/python/pyproject.toml"), "utf8");
	const [, dependencies = ""] = /^ *dependencies = (\[.*\])$/m.exec(pyproject) ?? [];
	await need("python3", ["-c", "import sys, ensurepip; sys.exit(sys.version_info < (3, 9) and 'older than 3.9')"]);
	await need("python3", ["-m", "venv", venv]);
	await need(pip, ["install", "--quiet", "setuptools>=70.1", `pulumi==${vendorVersion}`, ...JSON.parse(dependencies)]);
	const host = await languageHost("python", (await pulumiCli()).folder);
	const requirements = join(root, "examples/python/requirements.txt");
	// Whose path to the SDK is taken from the working folder.
	const args = ["install", "--quiet", "--no-index", "--no-build-isolation", "--requirement", requirements];
	execFileSync(pip, [...args, "./sdks/dbcluster-kubernetes/python"], { cwd: folder });
	return { path: [join(venv, "bin"), host].join(delimiter) };
}

async function go(folder: string): Promise<Partial<Language>> {
	const names = ["GOROOT", "GOPATH", "GOMODCACHE", "GOCACHE", "GOPROXY", "GOFLAGS", "GOSUMDB"];
	const env: Record<string, string> = JSON.parse(await need("go", ["env", "-json", ...names]));
	const host = await languageHost("go", (await pulumiCli()).folder);
	const module = join(folder, "program");
	mkdirSync(join(module, "component"), { recursive: true });
	copyFileSync(join(import.meta.dirname, "program.go"), join(module, "main.go"));
	copyFileSync(join(import.meta.dirname, "component.go"), join(module, "component", "main.go"));
	const pulumi = "github.com/pulumi/pulumi/sdk/v3";
	await need("go", ["mod", "download", `${pulumi}@v${compiledVersion}`]);
	const sdks = ["dbcluster", "dbcluster-kubernetes"].map((name) => {
		const sdk = `example.com/pulumi-${name}/sdk/go`;
		return `require ${sdk} v0.0.0\nreplace ${sdk} => ${join(folder, "sdks", name, "go")}\n`;
	});
	const lines = ["module program\n", "go 1.25\n", `require ${pulumi} v${compiledVersion}\n`, ...sdks];
	writeFileSync(join(module, "go.mod"), lines.join("\n"));
	execFileSync("go", ["mod", "tidy"], { cwd: module, stdio: ["ignore", "ignore", "pipe"] });
	return { path: [join(env.GOROOT ?? "", "bin"), host].join(delimiter), env, module };
}

/** Runs what needs the network or the language, and returns what it prints. */
async function need(program: string, args: readonly string[]): Promise<string> {
	const ran = await run(program, args, { seconds: 600 }).catch(({ message }: Error) => ({
		status: 1,
		stdout: "",
		stderr: message,
	}));
	if (ran.status === 0) return ran.stdout.trim();
	throw new Explained(`${basename(program)} ${args[0]} failed: ${ran.stderr.trim().split("\n").at(-1)}`);
}
