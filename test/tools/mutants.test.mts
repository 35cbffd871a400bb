import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../tools/environment.mts";
import { filesOf, parts } from "../../tools/mutate/parts.mts";
import { changeOf, compare, type Explanations, scoreOf } from "../../tools/mutate/survivors.mts";

const explanations = JSON.parse(readFileSync(join(root, "tools/mutate/survivors.json"), "utf8")) as Explanations;
const at = (line: number, column: number) => ({ line, column });

test("a mutant is shown as the line in which it begins, before and after", () => {
	const source = "const a = 1;\n\tif (a  < 2) {\n\t\tgo();\n\t}\n";
	expect(changeOf(source, { location: { start: at(2, 9), end: at(2, 10) }, replacement: "<=" })).toEqual({
		line: "if (a < 2) {",
		becomes: "if (a <= 2) {",
	});
	expect(changeOf(source, { location: { start: at(2, 14), end: at(4, 3) }, replacement: "{}" })).toEqual({
		line: "if (a < 2) {",
		becomes: "if (a < 2) {}",
	});
});

test("each survivor needs an explanation of its own, and each explanation a survivor", () => {
	const one = { line: "a < b", becomes: "a <= b" };
	const other = { line: "a < b", becomes: "a >= b" };
	const why = "they are never equal";
	const explained = [{ line: "a < b", becomes: ["a <= b"], why }];
	expect(compare([one], explained)).toEqual({ unexplained: [], outdated: [] });
	expect(compare([one, one], explained)).toEqual({ unexplained: [one], outdated: [] });
	expect(compare([other], explained)).toEqual({ unexplained: [other], outdated: [one] });
	expect(compare([], [])).toEqual({ unexplained: [], outdated: [] });
});

test("the score is rounded down, and knows of ends in no other way", () => {
	expect(scoreOf(["Killed", "Timeout", "Survived", "NoCoverage", "Ignored", "CompileError"])).toEqual({
		killed: 2,
		survived: 2,
		percent: 50,
	});
	expect(scoreOf([...Array(1999).fill("Killed"), "Survived"]).percent).toBe(99.9);
	expect(scoreOf([]).percent).toBe(0);
});

test("what is explained still stands in a file that is mutated", () => {
	const files = parts.flatMap((part) => filesOf(part));
	for (const [file, explained] of Object.entries(explanations)) {
		expect(files).toContain(file);
		const lines = readFileSync(join(root, file), "utf8")
			.split("\n")
			.map((line) => line.replace(/\s+/g, " ").trim());
		for (const { line, why } of explained) {
			expect(lines).toContain(line);
			expect(why).not.toBe("");
		}
	}
});

test("each part names files that exist, and none names a file of another", () => {
	const files = parts.flatMap((part) => filesOf(part));
	expect(new Set(files).size).toBe(files.length);
	for (const { of } of parts)
		for (const place of of) expect(files.some((file) => file === place || file.startsWith(`${place}/`))).toBe(true);
});
