/** Compiles every ```ts block of the documents as a program of its own, so that no example in them is out of date. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./cli/program.mts";
import { root } from "./environment.mts";
import { say } from "./terminal.mts";

const documents = ["README.md", "ARCHITECTURE.md", "docs/existing-clusters.md"];
// Inside node_modules, where the package finds itself by its name.
const work = join(root, "node_modules", ".cache", "docs");
const imports = [
	'import { DbCluster } from "pulumi-dbcluster";',
	'import * as pulumi from "@pulumi/pulumi";',
	"void [DbCluster, pulumi];",
].join(" ");

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const files = documents.flatMap((document) => {
	if (!existsSync(join(root, document))) return [];
	const text = readFileSync(join(root, document), "utf8");
	return [...text.matchAll(/^```(?:ts|typescript)\n([\s\S]*?)^```/gm)].map(({ 1: code = "", index }) => {
		const line = text.slice(0, index).split("\n").length;
		const file = join(work, `${document.replaceAll("/", "-")}.line${line}.ts`);
		// As many lines before it as in the document, so that an error's line is the document's.
		writeFileSync(file, `${code.includes("import ") ? "export {};" : imports}${"\n".repeat(line)}${code}`);
		return file;
	});
});

if (files.length > 0) {
	const config = {
		extends: join(root, "tsconfig.json"),
		compilerOptions: { declaration: false, sourceMap: false, typeRoots: [join(root, "node_modules", "@types")] },
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
say(`${files.length} examples in ${documents.join(" and ")} compile.`);
