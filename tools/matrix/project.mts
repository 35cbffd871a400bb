import { execFileSync } from "node:child_process";
import {
	existsSync,
	globSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	realpathSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import ts from "typescript";
import { cached } from "../cli/cache.mts";
import { Explained, run } from "../cli/program.mts";
import { localBackend, quiet, root } from "../environment.mts";
import { endProcessesOf } from "../processes.mts";
import { axes, type Cell } from "./cells.mts";

export type Face = (typeof axes.face)[number];

const quickstart = join(root, "examples", "quickstart");
const require_ = createRequire(join(quickstart, "index.ts"));

/** The package as npm packs it, in a folder; it has to be built. */
export function pack(folder: string): string {
	execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], { cwd: root });
	const [tarball] = globSync("*.tgz", { cwd: folder });
	if (tarball === undefined) throw new Error("npm packed nothing");
	return join(folder, tarball);
}

/** The folder of a Node.js, got from npm once. */
export function nodeFolder(major: number): Promise<string> {
	const name = `node-${process.platform}-${process.arch}`;
	const bin = (folder: string) => join(folder, "node_modules", name, "bin");
	const make = async (folder: string) => {
		writeFileSync(join(folder, "package.json"), "{}");
		await must("npm", ["install", `${name}@${major}`], folder, process.env);
	};
	return cached(
		`node-${major}`,
		async (folder) => existsSync(join(bin(folder), "node")),
		make,
		() => {},
	).then(bin);
}

/** A project outside the tree, with the packed package and what a user installs beside it, and a stack. */
export class CellProject {
	readonly folder: string;
	readonly cell: Cell;
	readonly #env: NodeJS.ProcessEnv;

	private constructor(folder: string, cell: Cell, env: NodeJS.ProcessEnv) {
		this.folder = folder;
		this.cell = cell;
		this.#env = env;
	}

	/** Installs the packed package into an empty project of the cell's layout. */
	static async open(cell: Cell, tarball: string, cli: { readonly folder: string }): Promise<CellProject> {
		const folder = realpathSync(mkdtempSync(join(tmpdir(), "dbcluster-matrix-")));
		try {
			const path = [await nodeFolder(cell.node), cli.folder, "/usr/bin", "/bin"];
			mkdirSync(join(folder, "state"));
			const env = {
				PATH: path.join(delimiter),
				HOME: folder,
				TMPDIR: tmpdir(),
				PULUMI_HOME: join(folder, "home"),
				...localBackend(join(folder, "state")),
				...quiet,
			};
			const project = new CellProject(folder, cell, env);
			await project.#install(tarball);
			return project;
		} catch (error) {
			rmSync(folder, { recursive: true, force: true });
			throw error;
		}
	}

	async #install(tarball: string): Promise<void> {
		const { layout, program, pulumi } = this.cell;
		const machine = `${process.platform}-${process.arch}`;
		const engines = [`engine-26.5-${machine}`, `@chdb/lib-${machine}${process.platform === "linux" ? "-gnu" : ""}`];
		// Half a gigabyte each: linked, not copied.
		const linked = engines.map((name) => {
			const place = dirname(require_.resolve(`${name}/package.json`));
			return [name, `${layout === "pnpm" ? "link" : "file"}:${place}`];
		});
		const description = {
			name: "cell",
			private: true,
			...(program === "ES module" && { type: "module" }),
			main: program === "TypeScript" ? "index.ts" : "index.js",
			dependencies: {
				...Object.fromEntries(linked),
				"@pulumi/pulumi": pulumi.sdk,
				"pulumi-dbcluster": `file:${tarball}`,
				...(program === "TypeScript" && {
					typescript: pulumi.sdk === axes.pulumi[0].sdk ? "^5" : "^6",
					"@types/node": "^22",
				}),
			},
		};
		writeFileSync(join(this.folder, "package.json"), JSON.stringify(description));
		const args =
			layout === "npm" ? ["install", "--no-audit", "--no-fund", "--ignore-scripts"] : ["install", "--ignore-scripts"];
		// With the Node.js that runs this, and the user's own caches.
		await must(layout, args, this.folder, process.env);
	}

	/** Writes a program, by default the quickstart's, as one in this cell's language has it. */
	write(face: Face, source = readFileSync(join(quickstart, "index.ts"), "utf8")): void {
		const { program } = this.cell;
		const faced = face === "native" ? source.replace('"pulumi-dbcluster"', '"pulumi-dbcluster/native"') : source;
		const options = {
			target: ts.ScriptTarget.ES2022,
			module: program === "CommonJS" ? ts.ModuleKind.CommonJS : ts.ModuleKind.ESNext,
		};
		if (program === "TypeScript") {
			const typed = { strict: true, target: "es2022", module: "node16", moduleResolution: "node16", types: ["node"] };
			writeFileSync(join(this.folder, "tsconfig.json"), JSON.stringify({ compilerOptions: typed }));
			writeFileSync(join(this.folder, "index.ts"), faced);
		} else
			writeFileSync(join(this.folder, "index.js"), ts.transpileModule(faced, { compilerOptions: options }).outputText);
		const project = {
			name: "quickstart",
			runtime: { name: "nodejs", options: { typescript: program === "TypeScript" } },
			plugins: { providers: [{ name: "dbcluster", path: "node_modules/.bin" }] },
		};
		writeFileSync(join(this.folder, "Pulumi.yaml"), JSON.stringify(project));
	}

	/** Runs the CLI; gives what it printed and how it ended. */
	async pulumi(...args: readonly string[]): Promise<{ status: number | null; output: string }> {
		const all = [...args, "--non-interactive", "--color", "never"];
		const { status, stdout, stderr } = await run("pulumi", all, { cwd: this.folder, env: this.#env, seconds: 600 });
		return { status, output: stdout + stderr };
	}

	/** A run that must go well. */
	async must(...args: readonly string[]): Promise<string> {
		const { status, output } = await this.pulumi(...args);
		if (status !== 0) throw new Explained(`pulumi ${args.join(" ")} ended with ${status}:\n${output}`);
		return output;
	}

	async remove(): Promise<void> {
		await endProcessesOf(this.folder);
		rmSync(this.folder, { recursive: true, force: true });
	}
}

async function must(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
	const { status, stdout, stderr } = await run(program, args, { cwd, env, seconds: 900 });
	if (status !== 0) throw new Explained(`${program} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
}
