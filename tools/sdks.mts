/**
 * `node tools/sdks.mts [FOLDER]`: makes the SDKs that a release holds from the plugins' schemas, one folder per plugin and
 * language. Pulumi's own code generators do it, in a Go program that is compiled once. It fails if a schema does not bind,
 * or the generator of C# does not take it.
 */
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { compiled, type GoProgram, generatorVersion, goVersion, theirClipboard } from "./cli/compile.mts";
import { Explained, run } from "./cli/program.mts";
import { root } from "./environment.mts";
import { say } from "./terminal.mts";

const languages = ["python", "go"];

const ours = ["native", "component"].map((part) => join(root, "src/pulumi", part, "schema.json"));
const source = join(import.meta.dirname, "sdks", "main.go");
const pkg = `github.com/pulumi/pulumi/pkg/v3 v${generatorVersion}`;
const generator: GoProgram = { program: "sdks", source, requires: [pkg], replaces: [theirClipboard], flags: "-s -w" };

/**
 * Makes the SDKs of each schema in the folder of its name in `folder`, in place of those that are there.
 *
 * @throws Explained if there is no `go`, or a generator refuses a schema.
 */
export async function makeSdks(folder: string, schemas: readonly string[] = ours): Promise<void> {
	if ((await goVersion()) === undefined)
		throw new Explained(
			"The SDKs are made by a program in Go, and there is no `go` on PATH; https://go.dev/dl/ has it.",
		);
	const digest = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 12);
	const place = await compiled(generator, `${generatorVersion}-${digest}`, "1 to 5 minutes");
	for (const schema of schemas) {
		const its = join(folder, JSON.parse(readFileSync(schema, "utf8")).name);
		for (const language of languages) rmSync(join(its, language), { recursive: true, force: true });
		const args = [schema, its, generatorVersion];
		const { status, stderr } = await run(join(place, generator.program), args, { seconds: 300 });
		if (status !== 0) throw new Explained(`No SDK can be made from ${schema}: ${stderr.trim()}`);
	}
}

if (import.meta.main) {
	const folder = resolve(process.argv[2] ?? join(root, "sdks"));
	try {
		await makeSdks(folder);
		say(`Made the SDKs of ${languages.join(", ")} in ${folder}.`);
	} catch (error) {
		if (!(error instanceof Explained)) throw error;
		console.error(error.message);
		process.exitCode = 1;
	}
}
