import { readFileSync, writeFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { harmlessJson } from "../core/visible";
import { unreadableText } from "../words/report";
import { report, type StackReport } from "./report/clusters";
import { type Options, render } from "./report/markdown";
import { readPreview, readState } from "./report/preview";

interface Flags extends Options {
	readonly state?: string;
	readonly status?: number;
	readonly output?: string;
	readonly exitCode?: true;
	readonly json?: true;
}

export function addReport(program: Command): void {
	program
		.command("report")
		.summary("turn a preview into the Markdown of a pull request's comment")
		.description(
			"Turns the output of `pulumi preview --json --show-sames`, even of a failed one, into Markdown or JSON.",
		)
		.argument("[file]", "the output of the preview, or - for standard input", "-")
		.option(
			"--state <file>",
			"the output of `pulumi stack export`: adds the clusters that a failed preview did not reach",
		)
		.option("--status <number>", "the preview's exit status: some failures, such as policies, show only there", whole)
		.option("--title <text>", "the heading")
		.option("--marker <name>", "distinguishes this comment from others on the pull request (default: project/stack)")
		.option("--url <address>", "the URL of the run's log")
		.option("--limit <characters>", "the maximum length of the comment", whole, 65_536)
		.option("--json", "JSON instead of Markdown")
		.option("--output <file>", "the file to write to (default: standard output)")
		.option(
			"--exit-code",
			"exit with 0 if no cluster changes, 2 if one does, 3 if one is refused or the preview failed",
		)
		.action((file: string, flags: Flags) => {
			const preview = read(file, readPreview);
			const state = flags.state === undefined ? [] : read(flags.state, readState);
			const found = report(preview, state, flags.status);
			const text = flags.json ? `${harmlessJson({ format: 1, ...found })}\n` : render(found, flags);
			if (flags.output === undefined) process.stdout.write(text);
			else writeFileSync(flags.output, text);
			if (flags.exitCode) process.exitCode = exitCode(found);
		});
}

function exitCode({ failed, clusters }: StackReport): number {
	if (failed) return 3;
	return clusters.some(({ verdict }) => verdict !== "unchanged") ? 2 : 0;
}

function read<T>(file: string, parse: (text: string) => T): T {
	try {
		return parse(readFileSync(file === "-" ? 0 : file, "utf8"));
	} catch (error) {
		throw new Error(unreadableText(file === "-" ? "standard input" : file, (error as Error).message));
	}
}

function whole(text: string): number {
	if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
	return Number(text);
}
