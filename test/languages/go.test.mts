import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { run } from "../../tools/cli/program.mts";
import { opened } from "../engine/native.mts";
import { expectRefused } from "../engine/output.mts";
import { documented, LanguageStack } from "./stack.mts";

const go = inject("go");
const { missing, module = "" } = go;

class GoStack extends LanguageStack {
	constructor(port: number) {
		super(port, go);
		this.project({ name: "go" });
		cpSync(module, this.program, { recursive: true });
	}
}

describe.skipIf(missing !== undefined)(`a program in Go${missing ? `: ${missing}` : ""}`, () => {
	test("compiles with the SDKs, as what docs/languages.md shows does, and `go vet` finds nothing in all of them", async () => {
		const code = documented("go");
		const [imports, body] = [code.slice(0, code.indexOf("\n\n")), code.slice(code.indexOf("\n\n"))];
		const main = `func main() {\npulumi.Run(func(ctx *pulumi.Context) error {\n${body}\nreturn nil\n})\n}\n`;
		mkdirSync(join(module, "documented"));
		writeFileSync(join(module, "documented", "main.go"), `package main\n\n${imports}\n\n${main}`);
		const sdks = ["dbcluster", "dbcluster-kubernetes"].map((name) => `example.com/pulumi-${name}/sdk/go/...`);
		const args = ["vet", "./...", ...sdks];
		expect(await run("go", args, { cwd: module, seconds: 600 })).toMatchObject({ status: 0, stderr: "" });
	});

	test("previews a cluster, and is refused a version that does not exist", async () => {
		const db = await opened(GoStack);
		const preview = await db.preview();
		expect(preview.status, preview.output).toBe(0);
		expect(preview.output).toContain("+ dbcluster:index:DbCluster: (create)");
		expect(preview.output).toMatch(/deletionPolicy *: "Delete"/);
		expect(preview.output).toMatch(/drainSeconds *: 5/);
		expect(preview.output).toContain(`"http://127.0.0.1:${db.port}"`);

		expectRefused(await db.set({ version: "26.6.9.9" }).run("preview"), "property version", "26.6.9.9");
	});
});
