import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Claimed, ClaimLost, RecordLost } from "../../src/control/errors.ts";
import { decide } from "../../src/core/rules/index.ts";
import { controlErrorText } from "../../src/words/errors.ts";
import { refusalText } from "../../src/words/refusals.ts";
import { root } from "../../tools/environment.mts";
import { type Text, textsOf } from "../../tools/texts.mts";
import { complaint, entriesOf, page } from "../../tools/troubleshooting.mts";
import { fc, questions } from "../arbitrary.ts";

const markdown = readFileSync(join(root, page), "utf8");
const texts = textsOf();

/** An entry as a pattern: anything stands for what is filled in or left out, and may end a sentence itself. */
const patterns = entriesOf(markdown).map(({ text }) => {
	const fixed = text.split(/<[^>]*>|\.\.\./).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
	return new RegExp(`^${fixed.join("[^]*").replaceAll("[^]*\\.", "[^]*\\.?")}$`);
});
const isOnPage = (sentence: string) => patterns.some((pattern) => pattern.test(sentence));

test("the page has every text that the sources print, and no other", () => {
	expect(texts.length).toBeGreaterThan(300);
	expect(complaint(markdown, texts)).toBe("");
});

describe("a person who searches the page finds", () => {
	test("every refusal of a version, as a whole sentence", () => {
		fc.assert(
			fc.property(questions, (question) => {
				for (const refusal of decide(question)) {
					const text = refusalText(refusal);
					if (!isOnPage(text)) throw new Error(`docs/troubleshooting.md has no line like: ${text}`);
				}
			}),
			{ numRuns: 1000 },
		);
	});

	test("who has the claim, as a whole sentence", () => {
		const errors = [
			new Claimed("ann@build-7, process 4711", "2026-11-23T10:05:00Z"),
			new ClaimLost("bob"),
			new ClaimLost(undefined),
			new RecordLost(),
		];
		expect(errors.map(controlErrorText).filter((text) => !isOnPage(text))).toEqual([]);
	});
});

describe("the check itself", () => {
	const source: Text = {
		at: "src/a.ts:7",
		parts: ["the disk of ", " is full: buy another"],
		shown: "the disk of <host> is full: buy another",
	};
	const saying = (line: string) => complaint(`# Page\n\n- \`${line}\`\n\nIt means.\n`, [source]);

	test("takes any name for what is filled in, and a longer sentence around", () => {
		expect(saying("the disk of <your machine> is full: buy another")).toBe("");
		expect(saying("update stopped. the disk of <x> is full: buy another.")).toBe("");
	});

	test("prints what is missing, where it comes from, and ready to be pasted", () => {
		const said = saying("the disk of <host> is full");
		expect(said).toContain("src/a.ts:7\n- `the disk of <host> is full: buy another`");
	});

	test("prints what no source says any more, with its line", () => {
		const said = saying("the disk of <host> is full: buy another`\n- `the disk of your aunt is full of pictures");
		expect(said).toContain(`${page}:4 says "the disk of your aunt is full of pictures"`);
	});

	test("finds a text in a branch, in an argument and in a template", () => {
		const found = textsOf(["src/words/refusals.ts"]).map(({ shown }) => shown);
		expect(found).toContain("it begins with a v");
		expect(found).toContain("<replica> does not serve");
	});
});
