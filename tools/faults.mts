/**
 * Fills the tables of docs/faults.md with what `npm run faults` has seen and recorded under bench/results. With `--check`
 * it only says whether they are the same.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Cell, type Fault, faultNames, faults, type Outcome, steps } from "../test/kubernetes/faults/cells.mts";
import { root } from "./environment.mts";
import { say } from "./terminal.mts";

interface Seen extends Cell {
	readonly outcome: Outcome;
	readonly runs: number;
	readonly selects: number;
	readonly failedSelects: number;
	readonly rows: number;
	readonly lost: number;
	readonly seconds: number;
}

const document = join(root, "docs", "faults.md");
const recorded = readFileSync(join(root, "bench", "results", "faults.json"), "utf8");
const { cells, machine } = JSON.parse(recorded) as { readonly cells: readonly Seen[]; readonly machine: string };

const line = (entries: readonly string[]) => `| ${entries.join(" | ")} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
	[line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
const signs: Record<Outcome, string> = { through: "", resumed: "↻ ", refused: "✋ " };

const outcomes = faultNames.map((fault) => [
	faults[fault].title,
	...steps.map((step) => {
		const seen = cells.find((it) => it.fault === fault && it.step === step);
		return seen === undefined ? "not run" : `${signs[seen.outcome]}${Math.round(seen.seconds)} s`;
	}),
]);
const clients = faultNames.map((fault) => {
	const its = cells.filter((it) => it.fault === fault);
	const { title, mayFail }: Fault = faults[fault];
	const number = (of: (seen: Seen) => number) => sum(its.map(of)).toLocaleString("en");
	const failed = number(({ failedSelects }) => failedSelects);
	return [
		title,
		number(({ selects, failedSelects }) => selects + failedSelects),
		mayFail === undefined ? failed : `${failed} (${mayFail})`,
		number(({ rows }) => rows),
		number(({ lost }) => lost),
	];
});

const before = readFileSync(document, "utf8");
const made = [
	table(["fault", ...steps], outcomes),
	table(["fault", "SELECTs", "failed", "rows acknowledged", "rows lost"], clients),
	`${cells.length} of ${faultNames.length * steps.length} cells, on ${machine}.`,
].join("\n\n");
const after = before.replace(/(<!-- faults -->\n)[\s\S]*?(<!-- end -->)/, (_, begin, end) => `${begin}${made}\n${end}`);
if (!process.argv.includes("--check")) {
	writeFileSync(document, after);
	say("docs/faults.md shows what bench/results holds.");
} else if (after === before) say("docs/faults.md shows what bench/results holds.");
else {
	console.error("docs/faults.md shows other cells than bench/results holds: run `node tools/faults.mts`.");
	process.exitCode = 1;
}
