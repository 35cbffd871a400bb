import { join } from "node:path";
import { Explained } from "../cli/program.mts";
import type { PulumiCli } from "../pulumi-cli.mts";
import { paint, say } from "../terminal.mts";
import { Clients, Database } from "./clients.mts";
import { bareRestarts } from "./restarts.mts";
import { RollTimes } from "./roll.mts";
import type { PulumiOptions, PulumiRun, Stage } from "./stage.mts";
import { type Figures, summary } from "./summary.mts";

const from = "26.5.1.1";
const to = "26.7.2.1";
const rows = 500_000;

let chapters = 0;
const chapter = (title: string) => say(`\n${paint(["bold", "cyan"], `${++chapters}. ${title}`)}`);
const remark = (text: string) => say(paint("dim", `  ${text}`));

/** Tells the story, a chapter at a time; `good` says whether all that it promises came true. */
export async function story(stage: Stage, cli: PulumiCli): Promise<{ figures: Figures; good: boolean }> {
	const must = async (command: string, options?: PulumiOptions): Promise<PulumiRun> => {
		const run = await stage.pulumi(command, options);
		if (run.status !== 0)
			throw new Explained(`pulumi ${command} failed${options?.quiet ? `:\n${run.output}` : ", see above"}`);
		return run;
	};
	const directory = join(stage.folder, "cluster");
	const database = new Database(stage.port);

	say(paint("bold", "A rolling version update of a real ClickHouse, under live reads and writes."));
	remark(`Pulumi CLI ${cli.version}, ${cli.source}. All is kept in ${stage.folder} and removed at the end.`);

	chapter(`Create a cluster of two replicas that runs ${from}`);
	remark("The program is examples/quickstart/index.ts: one DbCluster.");
	await must("stack init", { quiet: true });
	await must(`config set directory ${directory}`, { quiet: true });
	await must(`config set port ${stage.port}`, { quiet: true });
	await must("up --yes", { flags: ["--skip-preview"] });

	chapter("Fill a table, and let clients use it");
	await database.fill(rows);
	say(
		`  ${rows.toLocaleString("en")} rows are in. SELECT version() answers ${await database.run("SELECT version()")}.`,
	);
	const clients = new Clients(database, rows);
	clients.start();
	say("  From now on one client reads and one writes, without a break.");

	chapter(`Ask for ${to}, and see what that will do before it is done`);
	await must(`config set version ${to}`);
	await must("preview --diff");
	remark(
		"The lines under `caveats` are what a reviewer reads: the order, what reads and writes will see, no way back.",
	);

	chapter("Do it");
	const times = new RollTimes();
	await must("up --yes", { flags: ["--skip-preview"], onLine: times.onLine });
	remark("For comparison, each replica is now restarted once more, bare, while the clients go on.");
	const restartSeconds = await bareRestarts("quickstart", { directory, port: stage.port });
	await clients.stop();

	chapter("What the clients saw, from the beginning to here");
	const figures: Figures = {
		counts: {
			...clients.counts,
			problems: [...clients.counts.problems].map(([problem, times]) => `${problem} (${times} times)`),
		},
		rowsBefore: rows,
		rowsExpected: clients.rows,
		rowsAfter: await database.count(),
		intact: await database.holdsExactly(clients.rows),
		out: [...times.out].map(([replica, seconds]) => ({ replica, seconds })),
		updateSeconds: times.total ?? Number.NaN,
		restartSeconds,
	};
	for (const line of summary(figures)) say(line);
	say(`  SELECT version() answers ${await database.run("SELECT version()")}.`);

	chapter(`Try to go back to ${from}`);
	await must(`config set version ${from}`);
	const back = await stage.pulumi("preview");
	const refused = back.status !== 0 && back.output.includes("never goes back");
	if (refused)
		say(
			paint(
				"green",
				`  Refused before anything was touched, exit status ${back.status}: a DB version never goes back.`,
			),
		);
	else say(paint("red", "  It should have been refused, and was not."));

	chapter("Clean up");
	await must("destroy --yes", { flags: ["--skip-preview"] });
	const good = refused && figures.intact && figures.counts.failed === 0;
	say(
		`\n${good ? paint(["bold", "green"], "Done.") : paint(["bold", "red"], "That did not go as promised, see above.")} To try it by hand: npm run pulumi -- up`,
	);
	return { figures, good };
}
