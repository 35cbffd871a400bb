/**
 * What the quickstart's update costs: runs `npm start` some times, keeps the last one's output for the README, and prints
 * the medians: total time of the update against the sum of the replicas' bare restarts in the same run, and what clients
 * lost.
 *
 * Usage: node bench/update.mts [runs]        writes bench/results/quickstart.txt and quickstart.json
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../tools/environment.mts";
import { type Figures, ratio } from "../tools/quickstart/summary.mts";
import { machine, median, results, saveResults } from "./results.mts";

const runs = Number(process.argv[2] ?? 3);
const scratch = mkdtempSync(join(tmpdir(), "dbcluster-bench-"));

/** Runs the quickstart, showing what it prints; returns that and its figures. */
async function quickstart(): Promise<{ output: string; figures: Figures }> {
	const file = join(scratch, "figures.json");
	const child = spawn(process.execPath, [join(root, "tools", "quickstart.mts"), "--figures", file], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	let output = "";
	for await (const chunk of child.stdout.setEncoding("utf8")) {
		output += chunk;
		process.stdout.write(chunk);
	}
	const status = child.exitCode ?? (await new Promise((resolve) => child.on("close", resolve)));
	if (status !== 0) throw new Error(`the quickstart failed with exit status ${status}`);
	return { output, figures: JSON.parse(readFileSync(file, "utf8")) as Figures };
}

try {
	const done: Awaited<ReturnType<typeof quickstart>>[] = [];
	for (let i = 0; i < runs; i++) done.push(await quickstart());
	const of = (figure: (figures: Figures) => number) => median(done.map(({ figures }) => figure(figures)));
	const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
	const rows = [
		{
			"update, s": of((it) => it.updateSeconds),
			"bare restarts of both replicas, s": of((it) => sum(it.restartSeconds)),
			ratio: of(ratio),
			"SELECTs answered": of((it) => it.counts.answered),
			"SELECTs failed": Math.max(...done.map(({ figures }) => figures.counts.failed)),
			"INSERTs acknowledged": of((it) => it.counts.acknowledged),
			"acknowledged rows lost": Math.max(...done.map(({ figures: it }) => it.rowsExpected - it.rowsAfter)),
		},
	];
	console.table(rows);
	saveResults("quickstart", { machine: machine(), runs, rows });
	writeFileSync(join(results, "quickstart.txt"), done.at(-1)?.output ?? "");
} finally {
	rmSync(scratch, { recursive: true, force: true });
}
