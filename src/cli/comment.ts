import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { missingText, postedText } from "../words/comment";
import { post } from "./comment/github";

interface Flags {
	readonly repository?: string;
	readonly pullRequest?: string;
	readonly updateOnly?: true;
}

/** `pulumi-dbcluster comment`: a report in a pull request on GitHub, once, and in its place again the next time. */
export function addComment(program: Command): void {
	program
		.command("comment")
		.summary("write a report into its pull request on GitHub")
		.description(
			"Writes a report as a comment of a pull request on GitHub, or updates the one that it wrote before. GITHUB_TOKEN in the environment must be allowed to (permissions: pull-requests: write).",
		)
		.argument("<file>", "what `pulumi-dbcluster report` wrote")
		.option("--repository <owner/name>", "where the pull request is (default: GITHUB_REPOSITORY)")
		.option("--pull-request <number>", "which one (default: the one of GITHUB_EVENT_PATH)")
		.option("--update-only", "writes no comment where there is none yet")
		.action(async (file: string, flags: Flags) => {
			const { GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_GRAPHQL_URL } = process.env;
			const repository = flags.repository || GITHUB_REPOSITORY;
			const number = flags.pullRequest ?? pullRequestOfEvent();
			if (!repository?.includes("/")) throw new Error(missingText("the repository", "--repository"));
			if (!/^\d+$/.test(number)) throw new Error(missingText("the pull request", "--pull-request"));
			if (!GITHUB_TOKEN) throw new Error(missingText("the token", "GITHUB_TOKEN in the environment"));
			const pullRequest = {
				api: GITHUB_GRAPHQL_URL || "https://api.github.com/graphql",
				token: GITHUB_TOKEN,
				repository,
				number: Number(number),
			};
			const posted = await post(pullRequest, readFileSync(file, "utf8"), flags.updateOnly);
			console.log(postedText(posted));
		});
}

function pullRequestOfEvent(): string {
	const { GITHUB_EVENT_PATH } = process.env;
	if (!GITHUB_EVENT_PATH) return "";
	const event = JSON.parse(readFileSync(GITHUB_EVENT_PATH, "utf8"));
	return String(event?.pull_request?.number ?? "");
}
