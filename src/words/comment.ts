import { ended, oneLine } from "./text";

/** The token may not write there. */
export function deniedText(why: string): string {
	return `the token may not write the comment: ${ended(oneLine(why))} Give the job "permissions: pull-requests: write", or a token that may write comments. Pull requests from forks get no such token: skip them.`;
}

/** The API did not do it, for whatever reason. */
export function unansweredText(api: string, why: string): string {
	return `the comment was not written: ${oneLine(api, 200)} answers: ${ended(oneLine(why))}`;
}

/** A variable that every run on GitHub has. */
export function missingText(what: string, option: string): string {
	return `${what} is unknown: this run is not for a pull request on GitHub. Set it with ${option}.`;
}

/** What was done. */
export function postedText(posted: { readonly url: string; readonly updated: boolean } | undefined): string {
	if (posted === undefined) return "There is no comment to update, so none was written.";
	return `${posted.updated ? "Updated" : "Wrote"} ${posted.url}`;
}
