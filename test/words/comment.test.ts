import { expect, test } from "vitest";
import { deniedText, missingText, postedText, unansweredText } from "../../src/words/comment";

test("who may not write is told which permission is missing", () => {
	expect(deniedText("Resource not accessible by integration")).toBe(
		'the comment may not be written: Resource not accessible by integration. Give the job "permissions: pull-requests: write", or a token that may write comments. For a pull request from a fork there is none: skip those.',
	);
});

test("other trouble names the API and what it says, as one line", () => {
	expect(unansweredText("https://api.github.com/graphql", "502 Bad\nGateway")).toBe(
		"the comment was not written: https://api.github.com/graphql answers: 502 Bad Gateway.",
	);
});

test("what the environment does not tell can be named", () => {
	expect(missingText("the pull request", "--pull-request")).toBe(
		"the pull request is not known: this is no run of a pull request on GitHub. Name it with --pull-request.",
	);
});

test("says what was done", () => {
	expect(postedText({ url: "https://github.com/o/r/pull/1#issuecomment-2", updated: false })).toBe(
		"Wrote https://github.com/o/r/pull/1#issuecomment-2",
	);
	expect(postedText({ url: "https://x", updated: true })).toBe("Updated https://x");
	expect(postedText(undefined)).toBe("There is no comment to update, and none was asked for.");
});
