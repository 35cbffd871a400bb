import {
	chmodSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	realpathSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { address, type GitHub, github, token } from "../cli/comment/github.ts";
import { Cli, type Ran } from "./cli.mts";
import { fleet } from "./previews.mts";
import { root } from "./project.mts";
import { newVersion, oldVersion } from "./stack.mts";

/** A run of the action's script in a folder, as GitHub's runner starts it. */
interface Job {
	readonly folder: string;
	run(env?: NodeJS.ProcessEnv): Promise<Ran>;
	readonly summary: () => string;
	readonly outputs: () => string;
}

async function job(program: string, hub: GitHub, environment: NodeJS.ProcessEnv): Promise<Job> {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), "dbc-")));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	for (const name of ["output", "summary"]) writeFileSync(join(folder, name), "");
	writeFileSync(join(folder, "event.json"), JSON.stringify({ pull_request: { number: 12 } }));
	const env: NodeJS.ProcessEnv = {
		...environment,
		RUNNER_TEMP: folder,
		GITHUB_OUTPUT: join(folder, "output"),
		GITHUB_STEP_SUMMARY: join(folder, "summary"),
		GITHUB_EVENT_PATH: join(folder, "event.json"),
		GITHUB_REPOSITORY: "acme/shop",
		GITHUB_GRAPHQL_URL: hub.url,
		DBCLUSTER_WORK_DIR: "infrastructure",
		DBCLUSTER_STACK: "test",
		DBCLUSTER_ARGS: "",
		DBCLUSTER_COMMENT: "true",
		DBCLUSTER_TITLE: "",
		DBCLUSTER_MARKER: "",
		DBCLUSTER_TOKEN: token,
		DBCLUSTER_RUN: "https://github.com/acme/shop/actions/runs/1",
	};
	return {
		folder,
		run: (more) => new Cli([join(root, "action/preview.sh")], program, { ...env, ...more }, "bash").ended,
		summary: () => readFileSync(join(folder, "summary"), "utf8"),
		outputs: () => readFileSync(join(folder, "output"), "utf8"),
	};
}

const previews = join(root, "test/cli/report/previews");

/** A program whose CLI prints a recorded preview: what the script makes of it needs no engine. */
function recorded(name: string, status: number, hub: GitHub): Promise<Job> {
	return printing(`cat '${join(previews, `${name}.json`)}'`, status, hub);
}

/** A program whose CLI runs a command for a preview. */
async function printing(command: string, status: number, hub: GitHub): Promise<Job> {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), "dbc-")));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	mkdirSync(join(folder, "node_modules"));
	symlinkSync(root, join(folder, "node_modules/pulumi-dbcluster"));
	const stub = `#!/bin/sh
if [ "$1" = stack ]; then cp '${join(previews, "state.json")}' "$6"; exit; fi
printf '%s\\n' "$@" >'${folder}/arguments'
env >'${folder}/environment'
echo 'warning: the CLI is old' >&2
${command}
exit ${status}
`;
	writeFileSync(join(folder, "pulumi"), stub);
	chmodSync(join(folder, "pulumi"), 0o755);
	const made = await job(folder, hub, {
		PATH: [folder, dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter),
	});
	return { ...made, folder };
}

const marker = "<!-- pulumi-dbcluster: infrastructure-test -->";

test("writes what a preview means into the pull request, once, and goes on as the preview ended", async () => {
	const db = await fleet();
	const hub = await github();
	const it = await job(db.program, hub, db.environment);
	await (await db.cluster("analytics", { replicas: 2 })).upOk();

	await db.cluster("analytics", { version: newVersion });
	db.write();
	const good = await it.run();
	expect(good.status, good.output).toBe(0);
	expect(good.output).toContain(`Wrote ${address(0)}`);
	expect(hub.comments[0]?.body).toContain(
		`${marker}\n\n### Database clusters of \`test/test\`\n\n**1 will be updated**`,
	);
	expect(hub.comments[0]?.body).toContain("- **reads**: SELECT keeps working\n");
	expect(it.summary()).toBe(hub.comments[0]?.body);
	expect(it.outputs()).toMatch(/^exit-code=0\nreport=.+report\.md\n$/);

	await db.upOk();
	await db.cluster("analytics", { version: oldVersion });
	db.write();
	const bad = await it.run();
	expect(bad.status, bad.output).not.toBe(0);
	expect(bad.output).toContain(`Updated ${address(0)}`);
	expect(hub.comments).toHaveLength(1);
	expect(hub.comments[0]?.body).toContain("**The preview failed.** 1 refused.");
	expect(hub.comments[0]?.body).toContain("a DB version never goes back. Set version to");
	expect(it.outputs()).toContain(`exit-code=${bad.status}\n`);
});

test("comments also when the preview fails, and ends with its exit status", async () => {
	const hub = await github();
	const it = await recorded("one-refused", 255, hub);
	const { status, output } = await it.run();
	expect(status).toBe(255);
	expect(output).toContain("warning: the CLI is old");
	expect(hub.comments[0]?.body).toContain("1 refused, 3 not checked.");
	expect(hub.comments[0]?.body).toContain("actions/runs/1");
	expect(it.outputs()).toContain("exit-code=255\n");
});

test("comments that the preview failed when it printed nothing", async () => {
	const hub = await github();
	const it = await printing("true", 1, hub);
	expect(await it.run()).toMatchObject({ status: 1 });
	expect(hub.comments[0]?.body).toContain("**The preview failed before it reached any cluster.**");
});

test("says nothing where no cluster changes, and takes back what it said before", async () => {
	const hub = await github();
	const same = await recorded("same", 0, hub);
	expect(await same.run()).toMatchObject({ status: 0 });
	expect(hub.comments).toEqual([]);
	expect(same.summary()).toContain("1 unchanged");

	await (await recorded("bump", 0, hub)).run();
	await same.run();
	expect(hub.comments).toHaveLength(1);
	expect(hub.comments[0]?.body).toContain("1 unchanged");
});

test.each([
	["bump", 0],
	["one-refused", 255],
])("a comment that may not be written leaves the preview's result as it is: %s", async (name, status) => {
	const hub = await github();
	hub.mayWrite = false;
	const it = await recorded(name, status, hub);
	const { status: ended, output } = await it.run();
	expect(ended).toBe(status);
	expect(output).toContain("permissions: pull-requests: write");
	expect(output).toContain(`::warning title=pulumi-dbcluster::The report is not in the pull request`);
	expect(it.summary()).not.toBe("");
});

test.each([0, 7])("a report that can't be made leaves it as well: %i", async (status) => {
	const hub = await github();
	const it = await printing("echo no JSON", status, hub);
	const ran = await it.run();
	expect(ran.status).toBe(status);
	expect(ran.output).toContain("it is not the output of pulumi preview --json");
	expect(ran.output).toContain("::warning title=pulumi-dbcluster::The report could not be made");
	expect(hub.comments).toEqual([]);
});

test("gives the token to the comment alone, and passes arguments on as they are", async () => {
	const hub = await github();
	const it = await recorded("bump", 0, hub);
	await it.run({ DBCLUSTER_ARGS: "--message\nit's $(touch evil) `id`\n\n--refresh\n", DBCLUSTER_MARKER: "mine" });
	const read = (name: string) => readFileSync(join(it.folder, name), "utf8");
	expect(read("environment")).not.toContain(token);
	const preview = ["preview", "--json", "--show-sames", "--non-interactive", "--stack", "test"];
	expect(read("arguments").split("\n")).toEqual([...preview, "--message", "it's $(touch evil) `id`", "--refresh", ""]);
	expect(hub.comments[0]?.body).toMatch(/^<!-- pulumi-dbcluster: mine -->\n/);
});

test("writes no comment where none is wanted", async () => {
	const hub = await github();
	const it = await recorded("bump", 0, hub);
	expect(await it.run({ DBCLUSTER_COMMENT: "false" })).toMatchObject({ status: 0 });
	expect(hub.asked).toEqual([]);
	expect(it.summary()).toContain("1 will be updated");
});

test("no word of a report is a command to the runner", async () => {
	const it = await recorded("bump", 0, await github());
	const { output } = await it.run();
	const [, stop] = /^::stop-commands::(\S+)$/m.exec(output) ?? [];
	expect(output.indexOf("### Database clusters")).toBeGreaterThan(output.indexOf("::stop-commands::"));
	expect(output.indexOf(`::${stop}::`)).toBeGreaterThan(output.indexOf("- **reads**"));
});

test("says how to install the package where it is not there", async () => {
	const it = await recorded("bump", 0, await github());
	rmSync(join(it.folder, "node_modules"), { recursive: true });
	const { status, output } = await it.run();
	expect(status).toBe(1);
	expect(output).toContain("pulumi-dbcluster is not installed in infrastructure. Install the program's packages");
});
