/**
 * Mutation testing: changes the source in one small place at a time, and looks if a test fails. Each mutant that survives
 * has to be explained in tools/mutate/survivors.json, unless tools/mutate/parts.mts says otherwise. `npm run mutate --
 * src/core/plan.ts` does some files or folders. What an earlier run found is kept in .stryker, and tried again only if the
 * source or a test that reaches it has changed; `--force` tries all.
 */
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { Stryker } from "@stryker-mutator/core";
import { results, saveResults } from "../bench/results.mts";
import { root } from "./environment.mts";
import { filesOf, type Part, parts } from "./mutate/parts.mts";
import { changeOf, compare, type Explanations, isAlive, type Score, scoreOf } from "./mutate/survivors.mts";
import { say } from "./terminal.mts";

const own = ".stryker";
const recorded = "mutants";

const force = process.argv.includes("--force");
const wanted = process.argv.slice(2).filter((word) => word !== "--force");

const mutate = ({ name, tests }: Part, files: readonly string[]) =>
	new Stryker({
		mutate: [...files],
		testRunner: "vitest",
		plugins: ["@stryker-mutator/vitest-runner"],
		vitest: { configFile: "tools/mutate/vitest.config.mts", dir: tests },
		coverageAnalysis: "perTest",
		incremental: true,
		incrementalFile: `${own}/${name}.json`,
		force,
		tempDirName: `${own}/sandboxes`,
		ignorePatterns: [own, "dist", "docs", "examples", "sdks"],
		concurrency: Math.max(1, availableParallelism() - 1),
		// Endless loops are found by counting, and in virtual time after a day; a machine that does other work must not kill a
		// mutant.
		timeoutMS: 20_000,
		reporters: ["progress-append-only"],
		allowConsoleColors: false,
	}).runMutationTest();

const explanations = JSON.parse(readFileSync(join(root, "tools/mutate/survivors.json"), "utf8")) as Explanations;
const summary = join(results, `${recorded}.json`);
const scores: Record<string, Score> = existsSync(summary) ? JSON.parse(readFileSync(summary, "utf8")) : {};
const wrong: string[] = [];
/** Survivors that need no explanation: shown to who mutates some files. */
const others: string[] = [];
if (parts.every((part) => filesOf(part, wanted).length === 0)) wrong.push(`nothing of ${wanted.join(", ")} is mutated`);

for (const part of parts) {
	const files = filesOf(part, wanted);
	if (files.length === 0) continue;
	const isOfThese = new Set(files.map((file) => join(root, file)));
	const mutants = (await mutate(part, files)).filter(({ fileName }) => isOfThese.has(resolve(root, fileName)));
	for (const file of files) {
		const source = readFileSync(join(root, file), "utf8");
		const survivors = mutants
			.filter(({ fileName, status }) => resolve(root, fileName) === join(root, file) && isAlive(status))
			.map((mutant) => changeOf(source, mutant));
		const { unexplained, outdated } = compare(survivors, explanations[file] ?? []);
		const found = part.explained === false ? others : wrong;
		for (const { line, becomes } of unexplained) found.push(`${file}: survives unexplained\n\t${line}\n\t${becomes}`);
		for (const { line, becomes } of outdated) wrong.push(`${file}: explained, and killed\n\t${line}\n\t${becomes}`);
	}
	const score = scoreOf(mutants.map(({ status }) => status));
	say(`${part.name}: ${score.percent}% of ${score.killed + score.survived} mutants are killed.`);
	// Of a few files that says nothing about the part.
	if (files.length < filesOf(part).length) continue;
	scores[part.name] = score;
	saveResults(recorded, scores);
	if (score.percent < part.least) wrong.push(`${part.name}: at least ${part.least}% have to be killed`);
}
if (wanted.length > 0) for (const line of others) say(line);
for (const line of wrong) console.error(line);
if (wrong.length > 0) process.exitCode = 1;
