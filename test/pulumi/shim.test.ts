import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, expect, test } from "vitest";
import * as provider from "../../src/pulumi/provider";
import { shim } from "../../src/pulumi/shim";

const root = join(__dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "dbcluster-shim-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The text that Pulumi keeps, of the shim as the package ships it: compiled, and serialised by Pulumi itself. */
function serialised(): string {
	const config = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
	const { options } = ts.convertCompilerOptionsFromJson(config.config.compilerOptions, root);
	const source = readFileSync(join(root, "src/pulumi/shim.ts"), "utf8");
	const compiled = ts.transpileModule(source, {
		compilerOptions: { ...options, module: ts.ModuleKind.CommonJS, moduleResolution: undefined, sourceMap: false },
	});
	const file = join(folder, "shim.cjs");
	writeFileSync(file, compiled.outputText);
	const script = `
		const { serializeFunction } = require(process.argv[1]);
		const { shim } = require(process.argv[2]);
		((provider) => serializeFunction(() => provider, { allowSecrets: true }))(shim).then(({ text }) => process.stdout.write(text));`;
	const serialiser = require.resolve("@pulumi/pulumi/runtime/closure/serializeClosure");
	return execFileSync(process.execPath, ["-e", script, serialiser, file], { encoding: "utf8" });
}

test("the text that stands in every stack's state does not change, captures nothing and has at most 2,048 bytes", async () => {
	const text = serialised();
	expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2048);
	expect(text.match(/require\([^)]*\)/g)).toEqual(Array(6).fill('require("pulumi-dbcluster/provider")'));
	await expect(text).toMatchFileSnapshot("./shim.txt");
});

test("it calls nothing that the provider does not have", () => {
	expect(Object.keys(shim).sort()).toEqual(Object.keys(provider).sort());
	for (const method of Object.values(provider)) expect(method).toBeTypeOf("function");
});
