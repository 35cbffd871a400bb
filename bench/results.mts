import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";

/** The middle one; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const at = (index: number): number => sorted[index] ?? Number.NaN;
	const middle = (sorted.length - 1) / 2;
	return rounded((at(Math.floor(middle)) + at(Math.ceil(middle))) / 2);
}

/** To hundredths. */
export const rounded = (value: number): number => Math.round(value * 100) / 100;

/** What the figures were measured on. */
export function machine(): string {
	return `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.versions.node}, ${process.platform}-${process.arch}`;
}

/** Where figures are kept. */
export const results = join(import.meta.dirname, "results");

/** Keeps a bench's figures there, where the README's are taken from. */
export function saveResults(bench: string, figures: object): void {
	mkdirSync(results, { recursive: true });
	writeFileSync(join(results, `${bench}.json`), `${JSON.stringify(figures, undefined, "\t")}\n`);
}
