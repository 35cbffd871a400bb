import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { commandLine } from "../../src/cli/program";
import { harmless } from "../../src/core/visible";
import { hostileTexts } from "./misuse";
import { expectReadable } from "./said";

const folder = mkdtempSync(join(tmpdir(), "dbcluster-cli-"));
beforeAll(() => {
	// No Pulumi: only the command line is asked here.
	vi.stubEnv("PATH", folder);
	writeFileSync(join(folder, "preview.json"), "{}");
	writeFileSync(join(folder, "hostile.json"), '{"a":"\u001b[31m');
});
afterAll(() => {
	vi.unstubAllEnvs();
	rmSync(folder, { recursive: true });
});

/** As a process can be given it. */
const words = [
	...hostileTexts,
	"",
	"-",
	"--",
	"-1",
	"1e21",
	"0x1",
	"99999999999",
	"Infinity",
	"--stack",
	"-s",
	"x=y",
].filter((text) => !text.includes("\0"));
const files = ["preview.json", "hostile.json", "missing.json", "."].map((name) => join(folder, name));

/** Everything that commander knows of a command may be given, and what it does not know. */
function argumentsOf(command: Command): fc.Arbitrary<string[]> {
	const value = fc.oneof(fc.constantFrom(...words), fc.constantFrom(...files), fc.string());
	const options = command.options
		// It would write wherever the test says.
		.filter(({ long }) => long !== "--output")
		.map((option) => {
			const flags = [option.short, option.long].flatMap((flag) => flag ?? []);
			const flag = fc.constantFrom(...flags);
			if (!option.required) return flag.map((one) => [one]);
			return fc.oneof(
				fc.tuple(flag, value),
				fc.tuple(flag, value).map((both) => [both.join("=")]),
			);
		});
	const strange = fc
		.constantFrom("--outpt", "--Stack", "-x", "--__proto__", "--constructor", "--json=1")
		.map((one) => [one]);
	// Standard input is the test's own.
	const first = fc.constantFrom(...files);
	const more = fc.array(
		fc.oneof(
			...options,
			strange,
			value.map((one) => [one]),
		),
		{ maxLength: 4 },
	);
	return fc.tuple(first, more).map(([file, rest]) => [command.name(), file, ...rest.flat()]);
}

async function run(args: readonly string[]): Promise<string> {
	let said = "";
	const keep = (text: unknown) => {
		said += text;
		return true;
	};
	const spies = [
		vi.spyOn(process.stdout, "write").mockImplementation(keep),
		vi.spyOn(process.stderr, "write").mockImplementation(keep),
	];
	const status = process.exitCode;
	const program = commandLine().exitOverride();
	for (const command of program.commands) command.exitOverride();
	try {
		await program.parseAsync([...args], { from: "user" });
	} catch (error) {
		// What commander refuses it has said itself.
		if (!(error as { code?: string }).code?.startsWith("commander."))
			said += `error: ${harmless((error as Error).message)}\n`;
	} finally {
		process.exitCode = status;
		for (const spy of spies) spy.mockRestore();
	}
	return said;
}

test("whatever is typed ends in a report, in the help, or in one error that a person can read", async () => {
	const commands = commandLine().commands;
	expect(commands.map((command) => command.name())).toEqual(["status", "timeline", "report", "rehearse"]);
	await fc.assert(
		fc.asyncProperty(fc.oneof(...commands.map(argumentsOf)), async (args) => {
			const said = await run(args);
			// The report marks mentions by a sign of no width.
			expectReadable(said.replaceAll("\u200b", ""), 150_000);
			expect(said.match(/^error: /gm)?.length ?? 0).toBeLessThan(2);
		}),
		{ numRuns: 1500 },
	);
	expect(readdirSync(folder).sort()).toEqual(["hostile.json", "preview.json"]);
});
