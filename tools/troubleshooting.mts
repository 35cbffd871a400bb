/**
 * Holds docs/troubleshooting.md against the texts of the sources. Run by itself it prints what is missing there, ready to
 * be pasted.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./environment.mts";
import { say } from "./terminal.mts";
import { idleExceptions, type Text, textsOf, wordsOf } from "./texts.mts";

export const page = "docs/troubleshooting.md";

/** The page's texts as they are printed: its list items that are code as a whole, by their line in the file. */
export function entriesOf(markdown: string): { readonly line: number; readonly text: string }[] {
	return markdown.split("\n").flatMap((line, index) => {
		const [, text] = /^- `([^`]+)`$/.exec(line) ?? [];
		return text === undefined ? [] : [{ line: index + 1, text }];
	});
}

/** What is wrong with the page, with what to do about it; empty when all is well. */
export function complaint(markdown: string, texts: readonly Text[]): string {
	const entries = entriesOf(markdown);
	const covered = entries.map(({ text }) => new Array<boolean>(text.length).fill(false));
	const missing = texts.filter(({ parts }) => {
		const found = entries.map(({ text }) => [...text.matchAll(patternOf(parts))]);
		for (const [index, matches] of found.entries())
			for (const range of matches.flatMap(({ indices = [] }) => [...indices].slice(1)))
				if (range !== undefined) covered[index]?.fill(true, ...range);
		return found.flat().length === 0;
	});
	const all = texts.flatMap(({ parts }) => parts).join("\n");
	const stale = entries.flatMap(({ line, text }, index) =>
		[...text]
			.map((letter, at) => (covered[index]?.[at] ? "\n" : letter))
			.join("")
			.split(/\n|<[^>]*>|\.\.\./)
			.map((piece) => piece.trim())
			.filter((piece) => wordsOf(piece).length > mostJoined && !all.includes(piece))
			.map((piece) => `${page}:${line} says "${piece}", and no source does any more: mend or remove that line.`),
	);
	const idle = idleExceptions().map(
		(rule) => `notRead of tools/texts.mts names ${rule}: there is no such text, remove it.`,
	);
	return [...(missing.length === 0 ? [] : [missingText(missing)]), ...stale, ...idle].join("\n");
}

/** So many words may be put together of texts that are too short to be looked for. */
const mostJoined = 4;

function missingText(missing: readonly Text[]): string {
	return [
		`The sources print what ${page} lacks. Put each line below under the heading there that fits, and say what it means and`,
		"what to do. A part of a longer sentence stands best as the whole sentence; what is filled in stands in angle brackets,",
		"under any name; ... stands for what another line has. What no person ever reads, a file or a single text, is named in",
		"notRead of tools/texts.mts, with the reason.",
		...missing
			.filter(({ shown }, index) => missing.findIndex((other) => other.shown === shown) === index)
			.flatMap(({ at, shown }) => ["", at, `- \`${shown.trim()}\``]),
		"",
	].join("\n");
}

/** The fixed parts one after the other, with anything between. */
function patternOf(parts: readonly string[]): RegExp {
	const last = parts.length - 1;
	const trimmed = parts.map((part, index) => {
		const start = index === 0 ? part.trimStart() : part;
		return index === last ? start.trimEnd() : start;
	});
	return new RegExp(trimmed.map((part) => `(${part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")})`).join(".*?"), "dg");
}

if (import.meta.main) {
	const found = complaint(readFileSync(join(root, page), "utf8"), textsOf());
	say(found === "" ? `${page} has every text that the sources print.` : found);
	if (found !== "") process.exitCode = 1;
}
