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
import { Cli, type Ran } from "./cli.mts";
import { fleet } from "./previews.mts";
import { root } from "./project.mts";
import { newVersion, oldVersion } from "./stack.mts";

/** A run of the action's script in a folder, as GitHub's runner starts it. */
interface Job {
	readonly folder: string;
	run(env?: NodeJS.ProcessEnv): Promise<Ran>;
	/** What the next step writes into the pull request. */
	readonly report: () => string;
	readonly summary: () => string;
	readonly outputs: () => string;
}

async function job(program: string, environment: NodeJS.ProcessEnv): Promise<Job> {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), "dbc-")));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	for (const name of ["output", "summary"]) writeFileSync(join(folder, name), "");
	const env: NodeJS.ProcessEnv = {
		...environment,
		RUNNER_TEMP: folder,
		GITHUB_OUTPUT: join(folder, "output"),
		GITHUB_STEP_SUMMARY: join(folder, "summary"),
		DBCLUSTER_WORK_DIR: "infrastructure",
		DBCLUSTER_STACK: "test",
		DBCLUSTER_ARGS: "",
		DBCLUSTER_TITLE: "",
		DBCLUSTER_RUN: "https://github.com/acme/shop/actions/runs/1",
	};
	const outputs = () => readFileSync(join(folder, "output"), "utf8");
	return {
		folder,
		run: (more) => new Cli([join(root, "action/preview.sh")], program, { ...env, ...more }, "bash").ended,
		report: () => readFileSync(/^report=(.+)$/m.exec(outputs())?.[1] ?? "", "utf8"),
		summary: () => readFileSync(join(folder, "summary"), "utf8"),
		outputs,
	};
}

const previews = join(root, "test/cli/report/previews");

/** A program whose CLI prints a recorded preview: what the script makes of it needs no engine. */
function recorded(name: string, status: number): Promise<Job> {
	return printing(`cat '${join(previews, `${name}.json`)}'`, status);
}

/** A program whose CLI runs a command for a preview. */
async function printing(command: string, status: number): Promise<Job> {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), "dbc-")));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	mkdirSync(join(folder, "node_modules"));
	symlinkSync(root, join(folder, "node_modules/pulumi-dbcluster"));
	const stub = `#!/bin/sh
if [ "$1" = stack ]; then cp '${join(previews, "state.json")}' "$6"; exit; fi
printf '%s\\n' "$@" >'${folder}/arguments'
echo 'warning: the CLI is old' >&2
${command}
exit ${status}
`;
	writeFileSync(join(folder, "pulumi"), stub);
	chmodSync(join(folder, "pulumi"), 0o755);
	const made = await job(folder, {
		PATH: [folder, dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter),
	});
	return { ...made, folder };
}

test("reports what a preview means, for the summary and for the comment, and ends as the preview did", async () => {
	const db = await fleet();
	await (await db.cluster("analytics", { replicas: 2 })).upOk();

	await db.cluster("analytics", { version: newVersion });
	db.write();
	const good = await job(db.program, db.environment);
	const bump = await good.run();
	expect(bump.status, bump.output).toBe(0);
	expect(good.report()).toContain("### Database clusters of `test/test`\n\n**1 will be updated**");
	expect(good.report()).toContain("- **reads**: SELECT keeps working\n");
	expect(good.summary()).toBe(good.report());
	expect(good.outputs()).toMatch(/^exit-code=0\nreport=.+report\.md\nunchanged=false\n$/);

	await db.upOk();
	await db.cluster("analytics", { version: oldVersion });
	db.write();
	const bad = await job(db.program, db.environment);
	const downgrade = await bad.run();
	expect(downgrade.status, downgrade.output).not.toBe(0);
	expect(bad.report()).toContain("**The preview failed.** 1 refused.");
	expect(bad.report()).toContain("a DB version never goes back. Set version to");
	expect(bad.outputs()).toContain(`exit-code=${downgrade.status}\n`);
});

test("reports also when the preview fails, and ends with its exit status", async () => {
	const it = await recorded("one-refused", 255);
	const { status, output } = await it.run();
	expect(status).toBe(255);
	expect(output).toContain("warning: the CLI is old");
	expect(it.report()).toContain("1 refused, 3 not checked.");
	expect(it.report()).toContain("actions/runs/1");
	expect(it.summary()).toBe(it.report());
	expect(it.outputs()).toContain("exit-code=255\n");
	expect(it.outputs()).toContain("unchanged=false\n");
});

test("reports that the preview failed when it printed nothing", async () => {
	const it = await printing("true", 1);
	expect(await it.run()).toMatchObject({ status: 1 });
	expect(it.report()).toContain("**The preview failed before it reached any cluster.**");
	expect(it.outputs()).toContain("unchanged=false\n");
});

test("tells the comment that no cluster changes", async () => {
	const it = await recorded("same", 0);
	expect(await it.run()).toMatchObject({ status: 0 });
	expect(it.report()).toContain("1 unchanged");
	expect(it.outputs()).toContain("unchanged=true\n");
});

test.each([0, 7])("a report that can't be made leaves the preview's result as it is: %i", async (status) => {
	const it = await printing("echo no JSON", status);
	const ran = await it.run();
	expect(ran.status).toBe(status);
	expect(ran.output).toContain("it is not the output of pulumi preview --json");
	expect(ran.output).toContain("::warning title=pulumi-dbcluster::The report could not be made");
	expect(it.outputs()).toBe(`exit-code=${status}\n`);
});

test("passes arguments on as they are", async () => {
	const it = await recorded("bump", 0);
	await it.run({ DBCLUSTER_ARGS: "--message\nit's $(touch evil) `id`\n\n--refresh\n" });
	const preview = ["preview", "--json", "--show-sames", "--non-interactive", "--stack", "test"];
	expect(readFileSync(join(it.folder, "arguments"), "utf8").split("\n")).toEqual([
		...preview,
		"--message",
		"it's $(touch evil) `id`",
		"--refresh",
		"",
	]);
});

test("no word of a report is a command to the runner", async () => {
	const it = await recorded("bump", 0);
	const { output } = await it.run();
	const [, stop] = /^::stop-commands::(\S+)$/m.exec(output) ?? [];
	expect(output.indexOf("### Database clusters")).toBeGreaterThan(output.indexOf("::stop-commands::"));
	expect(output.indexOf(`::${stop}::`)).toBeGreaterThan(output.indexOf("- **reads**"));
});

test("says how to install the package where it is not there", async () => {
	const it = await recorded("bump", 0);
	rmSync(join(it.folder, "node_modules"), { recursive: true });
	const { status, output } = await it.run();
	expect(status).toBe(1);
	expect(output).toContain("pulumi-dbcluster is not installed in infrastructure. Install the program's packages");
});
