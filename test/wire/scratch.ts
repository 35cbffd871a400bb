import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(__dirname, "..", "..");

/**
 * A project outside the tree with the package as npm packs it, and besides it only what the package asks for: its
 * dependencies and the peers that a program needs.
 */
export class Scratch {
	readonly folder = mkdtempSync(join(tmpdir(), "dbcluster-wire-"));

	constructor() {
		execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", this.folder], { cwd: root });
		const [tarball = ""] = globSync("*.tgz", { cwd: this.folder });
		const installed = join(this.folder, "node_modules", "pulumi-dbcluster");
		mkdirSync(installed, { recursive: true });
		execFileSync("tar", ["-xzf", join(this.folder, tarball), "-C", installed, "--strip-components=1"]);
		const { dependencies = {} } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
		for (const name of [...Object.keys(dependencies), "@pulumi/pulumi"]) this.link(name);
		writeFileSync(join(this.folder, "package.json"), JSON.stringify({ name: "scratch", private: true }));
	}

	/** Puts a package in as if it were installed. */
	link(name: string): void {
		const there = join(this.folder, "node_modules", name);
		mkdirSync(dirname(there), { recursive: true });
		symlinkSync(join(root, "node_modules", name), there);
	}

	/** Runs some CommonJS in a process of the project. */
	run(script: string): string {
		return execFileSync(process.execPath, ["-e", script], { cwd: this.folder, encoding: "utf8" });
	}

	/** Checks the types of a program in the project; throws what the compiler has to say. */
	compile(program: string, options: readonly string[]): void {
		writeFileSync(join(this.folder, "program.ts"), program);
		const compiler = createRequire(join(root, "package.json")).resolve("typescript/bin/tsc");
		const args = [compiler, "--noEmit", "--strict", "--skipLibCheck", ...options, "program.ts"];
		const { status, stdout } = spawnSync(process.execPath, args, { cwd: this.folder, encoding: "utf8" });
		if (status !== 0) throw new Error(stdout);
	}

	remove(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** The folder of an engine that is installed in this tree for tests; `undefined` where it is not. */
export function engineFolder(name: string): string | undefined {
	try {
		return dirname(createRequire(join(root, "package.json")).resolve(`${name}/package.json`));
	} catch {
		return undefined;
	}
}
