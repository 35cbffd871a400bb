/**
 * `npm start`: the whole story in a minute. A two-replica ClickHouse on this machine, a rolling version update under live
 * reads and writes, previewed first, and a downgrade that is refused. Everything is gone afterwards.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Explained } from "./cli/program.mts";
import { pulumiCli } from "./pulumi-cli.mts";
import { openStage, type Stage } from "./quickstart/stage.mts";
import { story } from "./quickstart/story.mts";
import { say } from "./terminal.mts";

const { values: flags } = parseArgs({ options: { figures: { type: "string" } } });

let stage: Stage | undefined;
let ending = false;

/** Ends everything early, once, and then this process. */
async function end(why: string, status: number): Promise<void> {
	if (ending) return;
	ending = true;
	say(`\n${why}: ending all that was started ...`);
	await stage?.clear();
	say("Nothing is left: no process, no folder.");
	process.exit(status);
}

process.on("SIGINT", () => end("Interrupted", 130));
process.on("SIGTERM", () => end("Asked to end", 143));
process.on("SIGHUP", () => end("The terminal is gone", 129));
// Whoever reads the output has gone, as with `npm start | head`.
process.stdout.on("error", () => end("Nobody reads this any more", 141));

try {
	const cli = await pulumiCli();
	stage = await openStage(cli);
	const { figures, good } = await story(stage, cli);
	if (flags.figures !== undefined) writeFileSync(flags.figures, `${JSON.stringify(figures, undefined, "\t")}\n`);
	process.exitCode = good ? 0 : 1;
} catch (error) {
	// What fails because everything is being ended is nobody's concern.
	if (!ending) console.error(error instanceof Explained ? `\n${error.message}` : error);
	process.exitCode = 1;
}
// What still waits for an answer is not waited for.
if (!ending) {
	await stage?.clear();
	process.exit();
}
