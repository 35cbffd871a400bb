/** Draws the pictures of docs/scale.md from what was recorded under bench/results; `--check` only says if they are the same. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawPanels, type Panel } from "./chart.mts";
import { root } from "./environment.mts";
import { say } from "./terminal.mts";

type Row = Readonly<Record<string, string | number>>;

function rowsOf(bench: string): readonly Row[] {
	return JSON.parse(readFileSync(join(root, "bench", "results", `${bench}.json`), "utf8")).rows;
}

/** How one column of some rows grows with another, a line for each value of a third. */
function panel(title: string, rows: readonly Row[], [x, y, by]: readonly [string, string, string]): Panel {
	const lines: Record<string, [number, number][]> = {};
	for (const row of rows) {
		const name = by === "" ? y : `${row[by]}`;
		lines[name] ??= [];
		if (Number(row[y]) > 0) lines[name].push([Number(row[x]), Number(row[y])]);
	}
	return { title, x, lines };
}

function clusters(): string {
	const rows = rowsOf("scale-clusters");
	const of = (command: RegExp) => rows.filter((row) => command.test(String(row.command)));
	const by = (y: string) => ["clusters", y, "as"] as const;
	return drawPanels("Clusters in one stack", [
		panel("preview, unchanged: seconds computed", of(/^preview, unchanged/), by("CPU s")),
		panel("up, unchanged: seconds computed", of(/^up, unchanged/), by("CPU s")),
		panel("preview, up to 10 to update: seconds computed", of(/^preview, \d/), by("CPU s")),
		panel("up, up to 10 updated: seconds computed", of(/^up, \d/), by("CPU s")),
		panel("preview, unchanged: calls of the engine", of(/^preview, unchanged/), by("calls of the engine")),
		panel("the stack's state: kB", of(/^preview, unchanged/), by("state, kB")),
		panel("preview, unchanged: the provider's memory, MiB", of(/^preview, unchanged/), by("provider, MiB")),
		panel("up, up to 10 updated: the provider's memory, MiB", of(/^up, \d/), by("provider, MiB")),
	]);
}

function shards(): string {
	const rows = rowsOf("scale-shards").map((row) => ({ ...row, lanes: `${row["at once"]} at once` }));
	const by = (y: string) => ["shards", y, "lanes"] as const;
	return drawPanels("Shards of three replicas in one rollout", [
		panel("the rollout on the world's own clock: seconds", rows, by("rollout, s")),
		panel("calls of the platform", rows, by("calls of the platform")),
		panel("what the process holds at the end: MiB", rows, by("heap, MiB")),
		panel("events", rows, by("events")),
	]);
}

function tables(): string {
	const rows = rowsOf("scale-tables");
	const by = (y: string) => ["tables", y, "command"] as const;
	return drawPanels("Tables in one cluster", [
		panel("seconds", rows, by("s")),
		panel("the provider's memory, MiB", rows, by("provider, MiB")),
		panel("requests of the provider", rows, by("requests of the provider")),
		panel("seconds that the provider computed", rows, by("provider's CPU s")),
	]);
}

for (const [name, draw] of Object.entries({ clusters, shards, tables })) {
	const picture = join(root, "docs", `scale-${name}.svg`);
	const drawn = draw();
	if (!process.argv.includes("--check")) writeFileSync(picture, drawn);
	else if (!existsSync(picture) || readFileSync(picture, "utf8") !== drawn) {
		console.error(
			`docs/scale-${name}.svg shows other figures than bench/results holds: run \`node tools/charts.mts\`.`,
		);
		process.exitCode = 1;
	}
}
if (process.exitCode === undefined) say("The diagrams in docs show what bench/results holds.");
