/**
 * Draws the pictures of docs from the timelines that were recorded under bench/results, by the command that users have.
 * With `--check` it only says whether they are the same.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./cli/program.mts";
import { root } from "./environment.mts";
import { say } from "./terminal.mts";

for (const name of ["timeline", "timeline-stopped"]) {
	const picture = join(root, "docs", `${name}.svg`);
	const recorded = join(root, "bench", "results", `${name}.json`);
	const { status, stdout, stderr } = await run(
		process.execPath,
		[join(root, "dist/cli/main.js"), "timeline", recorded],
		{
			cwd: root,
			seconds: 60,
		},
	);
	if (status !== 0) {
		console.error(stderr);
		process.exitCode = 1;
	} else if (!process.argv.includes("--check")) writeFileSync(picture, stdout);
	else if (!existsSync(picture) || readFileSync(picture, "utf8") !== stdout) {
		console.error(
			`docs/${name}.svg shows another timeline than bench/results holds: run \`node tools/timelines.mts\`.`,
		);
		process.exitCode = 1;
	}
}
if (process.exitCode === undefined) say("The pictures in docs show what bench/results holds.");
