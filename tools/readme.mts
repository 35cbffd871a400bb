/**
 * Fills the marked blocks of documents with what was recorded under bench/results, so that every transcript and figure in
 * them was produced by this repository. With `--check` it only says whether they are the same.
 *
 * A block stands between `<!-- from FILE: PART -->` and `<!-- end -->`; of a transcript, PART names chapters (`3-4`), of
 * JSON, the rows of a table.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./environment.mts";
import { say } from "./terminal.mts";

const results = join(root, "bench", "results");
const quoting = ["README.md", "docs/scale.md"];
const block = /(<!-- from (\S+): (\S+) -->\n)[\s\S]*?(<!-- end -->)/g;

/** Chapters of the quickstart's output, as it was printed. */
function chapters(text: string, part: string): string {
	const [first = 0, last = first] = part.split("-").map(Number);
	const pieces = text.split(/^(?=\d+\. )/m).filter((piece) => {
		const number = Number.parseInt(piece, 10);
		return number >= first && number <= last;
	});
	return `\`\`\`\n${pieces.join("").trim()}\n\`\`\`\n`;
}

/** A list of flat objects as a Markdown table. */
function table(json: string, part: string): string {
	const data = JSON.parse(json) as Record<string, unknown>;
	const rows = data[part] as readonly Record<string, unknown>[];
	const [first = {}] = rows;
	const line = (cells: readonly unknown[]) => `| ${cells.join(" | ")} |`;
	const body = [
		line(Object.keys(first)),
		line(Object.keys(first).map(() => "---")),
		...rows.map((row) => line(Object.values(row))),
	];
	const measured = data.machine === undefined ? "" : `\nMeasured on ${data.machine}.\n`;
	return `${body.join("\n")}\n${measured}`;
}

for (const document of quoting) {
	const before = readFileSync(join(root, document), "utf8");
	const missing: string[] = [];
	const after = before.replaceAll(block, (whole, begin: string, file: string, part: string, end: string) => {
		const path = join(results, file);
		if (!existsSync(path)) {
			missing.push(file);
			return whole;
		}
		const text = readFileSync(path, "utf8");
		return `${begin}${file.endsWith(".json") ? table(text, part) : chapters(text, part)}${end}`;
	});
	if (missing.length > 0) {
		console.error(
			`${document} quotes ${missing.join(", ")}, which bench/results does not hold: run \`npm run figures\`, or the command that the document names.`,
		);
		process.exitCode = 1;
	} else if (!process.argv.includes("--check")) writeFileSync(join(root, document), after);
	else if (after !== before) {
		console.error(`${document} quotes other figures than bench/results holds: run \`node tools/readme.mts\`.`);
		process.exitCode = 1;
	}
}
if (process.exitCode === undefined) say(`${quoting.join(" and ")} quote what bench/results holds.`);
