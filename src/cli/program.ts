import { Command } from "commander";
import { print } from "./print";
import { addRehearse } from "./rehearse";
import { addReport } from "./report";
import { addStatus } from "./status";
import { addTimeline } from "./timeline";

const { version } = require("../../package.json") as { version: string };

/**
 * `npx pulumi-dbcluster`: complements `pulumi preview` and `pulumi up`, for people and pipelines. Each command is a
 * file in this folder and changes no replica: only Pulumi does.
 */
export function commandLine(): Command {
	const program = new Command("pulumi-dbcluster")
		.description(
			"Shows the versions and updates of database clusters, from Pulumi and from the clusters; changes no replica.",
		)
		.version(version)
		// It repeats what was typed. Commands take this over when they are added.
		.configureOutput({ writeErr: (text) => print(text, process.stderr) });
	addStatus(program);
	addTimeline(program);
	addReport(program);
	addRehearse(program);
	return program;
}
