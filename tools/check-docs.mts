/**
 * Compiles every ```ts block of the documents as a program of its own, so that no example in them is out of date. One that
 * begins with a file's name in a comment, as in `// src/platforms/x/index.ts`, is compiled as that file of this repository.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./cli/program.mts";
import { documents } from "./documents.mts";
import { root } from "./environment.mts";
import { say } from "./terminal.mts";

// Inside node_modules, where the package finds itself by its name.
const work = join(root, "node_modules", ".cache", "docs");
const imports = [
	'import { DbCluster } from "pulumi-dbcluster";',
	'import { KubernetesDbCluster } from "pulumi-dbcluster/kubernetes";',
	'import * as pulumi from "@pulumi/pulumi";',
	"void [DbCluster, KubernetesDbCluster, pulumi];",
].join(" ");

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const files = documents.flatMap((document) => {
	const text = readFileSync(join(root, document), "utf8");
	return [...text.matchAll(/^```(?:ts|typescript)\n([\s\S]*?)^```/gm)].map(({ 1: code = "", index }) => {
		const line = text.slice(0, index).split("\n").length;
		const [, itself] = /^\/\/ ((?:src|test)\/\S+\.ts)\n/.exec(code) ?? [];
		const file = join(work, itself ?? `${document.replaceAll("/", "-")}.line${line}.ts`);
		mkdirSync(dirname(file), { recursive: true });
		// As many lines before it as in the document, so that an error's line is the document's.
		writeFileSync(file, `${code.includes("import ") ? "export {};" : imports}${"\n".repeat(line)}${code}`);
		return file;
	});
});

if (files.length > 0) {
	const config = {
		extends: join(root, "tsconfig.json"),
		compilerOptions: {
			declaration: false,
			sourceMap: false,
			typeRoots: [join(root, "node_modules", "@types")],
			rootDirs: [root, work],
		},
		files,
		include: [],
	};
	writeFileSync(join(work, "tsconfig.json"), JSON.stringify(config));
	const { status, stdout } = await run("tsc", ["-p", work, "--pretty", "false"], { cwd: work, seconds: 300 });
	if (status !== 0) {
		console.error(stdout.trim());
		process.exit(1);
	}
}
say(`${files.length} examples of the documents compile.`);
