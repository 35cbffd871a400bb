import { ended, oneLine } from "./text";

/** The token may not write there. */
export function deniedText(why: string): string {
	return `the comment may not be written: ${ended(oneLine(why))} Give the job "permissions: pull-requests: write", or a token that may write comments. For a pull request from a fork there is none: skip those.`;
}

/** The API did not do it, for whatever reason. */
export function unansweredText(api: string, why: string): string {
	return `the comment was not written: ${oneLine(api, 200)} answers: ${ended(oneLine(why))}`;
}

/** A variable that every run on GitHub has. */
export function missingText(what: string, option: string): string {
	return `${what} is not known: this is no run of a pull request on GitHub. Name it with ${option}.`;
}

/** What was done. */
export function postedText(posted: { readonly url: string; readonly updated: boolean } | undefined): string {
	if (posted === undefined) return "There is no comment to update, and none was asked for.";
	return `${posted.updated ? "Updated" : "Wrote"} ${posted.url}`;
}
