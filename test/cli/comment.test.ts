import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { address, github, itself, token } from "./comment/github";
import { cli } from "./run";

const report = "<!-- pulumi-dbcluster: shop/production -->\n\n### Database clusters\n";
const other = "<!-- pulumi-dbcluster: shop/staging -->\n\n### Database clusters\n";

/** What a run on GitHub has in its environment, and a report to write. */
function run(api: string, body = report): { file: string; env: Record<string, string> } {
	const folder = mkdtempSync(join(tmpdir(), "dbc-"));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const [file, event] = [join(folder, "report.md"), join(folder, "event.json")];
	writeFileSync(file, body);
	writeFileSync(event, JSON.stringify({ action: "synchronize", pull_request: { number: 12 } }));
	const env = {
		GITHUB_TOKEN: token,
		GITHUB_REPOSITORY: "acme/shop",
		GITHUB_EVENT_PATH: event,
		GITHUB_GRAPHQL_URL: api,
	};
	return { file, env };
}

test("writes the comment once, and then in its place again", async () => {
	const hub = (await github()).wrote("ann", "Looks good.");
	const { file, env } = run(hub.url);
	expect(await cli(["comment", file], env)).toEqual({ status: 0, stdout: `Wrote ${address(1)}\n`, stderr: "" });

	writeFileSync(file, `${report}now with more in it\n`);
	expect(await cli(["comment", file], env)).toMatchObject({ status: 0, stdout: `Updated ${address(1)}\n` });
	expect(hub.comments.map(({ body }) => body)).toEqual(["Looks good.", `${report}now with more in it\n`]);
});

test("finds its comment behind hundreds of others, and knows it from those of other stacks", async () => {
	const chat = Array.from({ length: 150 }, (_, index) => `comment ${index}`);
	const hub = (await github())
		.wrote("ann", ...chat)
		.wrote(itself, other)
		.wrote("bob", ...chat)
		.wrote(itself, report);
	const { file, env } = run(hub.url, `${report}new\n`);
	expect(await cli(["comment", file], env)).toMatchObject({ status: 0, stdout: `Updated ${address(301)}\n` });
	expect(hub.asked).toEqual(["comments", "comments", "comments", "comments", "updateIssueComment"]);
	expect(hub.comments).toHaveLength(302);
	expect(hub.comments[150]?.body).toBe(other);
});

test("leaves alone what somebody else wrote under its marker, and what quotes it", async () => {
	const hub = (await github()).wrote("mallory", report).wrote(itself, `> ${report}`);
	const { file, env } = run(hub.url);
	expect(await cli(["comment", file], env)).toMatchObject({ status: 0, stdout: `Wrote ${address(2)}\n` });
	expect(hub.comments.map(({ body }) => body)).toEqual([report, `> ${report}`, report]);
});

test("writes none where it is only to update", async () => {
	const hub = await github();
	const { file, env } = run(hub.url);
	expect(await cli(["comment", file, "--update-only"], env)).toMatchObject({ status: 0 });
	expect(hub.comments).toEqual([]);
	await cli(["comment", file], env);
	writeFileSync(file, `${report}all is done\n`);
	expect(await cli(["comment", file, "--update-only"], env)).toMatchObject({ status: 0 });
	expect(hub.comments.map(({ body }) => body)).toEqual([`${report}all is done\n`]);
});

test("says which permission is missing, and never shows the token", async () => {
	const hub = await github();
	const { file, env } = run(hub.url);
	hub.mayWrite = false;
	const denied = await cli(["comment", file], env);
	expect(denied.status).toBe(1);
	expect(denied.stderr).toContain("Resource not accessible by integration. Give the job");
	expect(denied.stderr).toContain("permissions: pull-requests: write");

	const wrong = await cli(["comment", file], { ...env, GITHUB_TOKEN: "ghs_wrong" });
	expect(wrong).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining("401 Unauthorized. Give") });
	expect(wrong.stderr).not.toContain("ghs_wrong");
});

test.each([
	[{ status: 502, body: "<html>Bad Gateway</html>" }, "502 Bad Gateway"],
	[{ status: 200, body: "{}" }, "200 OK"],
	[{ status: 200, body: '{"errors":[{"message":"Something went wrong"}]}' }, "Something went wrong"],
])("says what the API answers when it can't: %j", async (broken, words) => {
	const hub = await github();
	hub.broken = broken;
	const { file, env } = run(hub.url);
	expect(await cli(["comment", file], env)).toMatchObject({
		status: 1,
		stderr: `error: the comment was not written: ${hub.url} answers: ${words}.\n`,
	});
});

test("says that nobody answers", async () => {
	const { file, env } = run("http://127.0.0.1:9/graphql");
	const { status, stderr } = await cli(["comment", file], env);
	expect(status).toBe(1);
	expect(stderr).toMatch(/^error: the comment was not written: http:\/\/127.0.0.1:9\/graphql answers: .+\n$/);
});

test.each([
	["GITHUB_EVENT_PATH", "the pull request is unknown", "--pull-request"],
	["GITHUB_REPOSITORY", "the repository is unknown", "--repository"],
	["GITHUB_TOKEN", "the token is unknown", "GITHUB_TOKEN"],
])("needs %s, and says what else to name", async (variable, words, option) => {
	const { file, env } = run("http://127.0.0.1:9/graphql");
	const { status, stderr } = await cli(["comment", file], { ...env, [variable]: "" });
	expect(status).toBe(1);
	expect(stderr).toContain(words);
	expect(stderr).toContain(option);
});

test("takes repository and pull request by name, outside of GitHub's own runs", async () => {
	const hub = await github();
	const { file, env } = run(hub.url);
	const elsewhere = { ...env, GITHUB_REPOSITORY: "", GITHUB_EVENT_PATH: "" };
	const named = ["--repository", "acme/shop", "--pull-request", "12"];
	expect(await cli(["comment", file, ...named], elsewhere)).toMatchObject({ status: 0 });
	expect(hub.comments).toHaveLength(1);
});
