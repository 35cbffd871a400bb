import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ran } from "./cli.mts";
import { midway } from "./midway.mts";
import { newVersion, oldVersion, openStack, type Stack, transition } from "./stack.mts";

describe("pulumi-dbcluster status, by a real stack and a real cluster", () => {
	let stack: Stack;
	const status = (...args: string[]): Promise<Ran> => stack.dbcluster(["status", ...args]).ended;

	beforeAll(async () => {
		stack = await openStack();
	});
	afterAll(async () => {
		await stack?.remove();
	});

	test("says that there is no cluster yet", async () => {
		const { status: code, output } = await status();
		expect(code).toBe(1);
		expect(output).toBe(
			"error: there is no DbCluster in test. Run pulumi up first, or name another stack with --stack.\n",
		);
	});

	test("lists what runs, what is newer and the one command, with an exit status for scripts", async () => {
		// A secret among the arguments is needed to ask the cluster, and is not to be seen.
		stack.set({ local: { directory: { secret: stack.cluster } } });
		await stack.upOk();
		const { status: code, output } = await status("--detailed-exitcode");
		expect(output).toBe(
			[
				"NAME   PLATFORM   VERSION    LATEST     UPDATE      STATE     SERVING",
				`db     local      ${oldVersion}   ${newVersion}   available   Started   2 of 2`,
				"",
				`db: to update, set version to ${newVersion}, then: pulumi up --stack test`,
				"",
			].join("\n"),
		);
		expect(code).toBe(2);
		expect((await status()).status).toBe(0);
	});

	test("--json says the same to programs", async () => {
		const { output } = await status("--json");
		expect(JSON.parse(output)).toMatchObject({
			format: 1,
			clusters: [
				{
					name: "db",
					project: "test",
					stack: "test",
					versions: [oldVersion],
					latest: newVersion,
					updateAvailable: true,
					replicas: [
						{ name: "db-0-0", version: oldVersion, serving: true },
						{ name: "db-0-1", version: oldVersion, serving: true },
					],
					source: "live",
					next: { version: newVersion, command: "pulumi up --stack test" },
				},
			],
		});
	});

	test("--recorded reads the state alone, and needs no passphrase", async () => {
		const env = { PULUMI_CONFIG_PASSPHRASE: "wrong" };
		const recorded = await stack.dbcluster(["status", "--recorded"], { env }).ended;
		expect(recorded.status).toBe(0);
		expect(recorded.output).toContain("the clusters themselves were not asked");
		const live = await stack.dbcluster(["status"], { env }).ended;
		expect(live.status).toBe(1);
		expect(live.output).toMatch(
			/^error: the secrets of the stack can't be read: .*--recorded, which does not read them\.\n$/,
		);
	});

	test("--all lists the stacks of the backend from anywhere, and --stack takes a full name", async () => {
		const all = await stack.dbcluster(["status", "--all"], { cwd: stack.folder }).ended;
		expect(all.output).toContain("pulumi up --stack organization/test/test");
		const named = await stack.dbcluster(["status", "--stack", "organization/test/test"], { cwd: stack.folder }).ended;
		expect(named).toMatchObject({ status: 0, output: expect.stringContaining("2 of 2") });
	});

	test("what is missing is said with the way out", async () => {
		const problem = async (args: string[], options: Parameters<Stack["dbcluster"]>[1]) => {
			const { status: code, output } = await stack.dbcluster(["status", ...args], options).ended;
			expect(code).toBe(1);
			expect(output.trimEnd().split("\n")).toHaveLength(1);
			return output;
		};
		expect(await problem([], { cwd: stack.folder })).toContain("there is no Pulumi project in");
		expect(await problem(["--stack", "none"], {})).toContain("there is no stack none in this backend");
		expect(await problem([], { env: { PATH: dirname(process.execPath) } })).toContain("there is no pulumi on PATH");
		const home = join(stack.folder, "nobody");
		const nobody = { PULUMI_BACKEND_URL: "", PULUMI_HOME: home, PULUMI_ACCESS_TOKEN: "" };
		expect(await problem([], { env: nobody })).toContain("Pulumi is not logged in");
		expect(await problem(["--cwd", "/none"], {})).toContain("/none is not a folder");
	});

	test("--watch waits for an update, shows it replica by replica, and lists what came of it", async () => {
		const watch = stack.dbcluster(["status", "--watch", "--detailed-exitcode"]);
		await watch.printed("No update of db is under way.");
		const { cli, query } = await midway(stack);
		await watch.printed(`db: the update ${transition} is under way, by `);
		await watch.printed(`db: db-0-1 serves ${newVersion}; 1 of 2 done`);
		await watch.printed("db: db-0-0: removed from the endpoints for clients");
		const during = await status("--detailed-exitcode");
		expect(during.output).toContain(`db     local      ${oldVersion}, ${newVersion}   ${newVersion}   under way`);
		expect(during.output).toContain("To follow it, add --watch");
		expect(during.status).toBe(2);
		await query.close();
		expect((await cli.ended).status).toBe(0);
		const { status: code, output } = await watch.ended;
		expect(output).toContain(`db: done, every replica serves ${newVersion}\n`);
		expect(output).toMatch(new RegExp(`db +local +${newVersion} +${newVersion} +none +Started +2 of 2\n$`));
		expect(code).toBe(0);
	});

	test("a stopped cluster is shown as stopped, and is not woken", async () => {
		await stack.set({ desiredState: "Stopped" }).upOk();
		const { status: code, output } = await status("--detailed-exitcode");
		expect(output).toMatch(/none +Stopped +0 of 2\n$/);
		expect(code).toBe(0);
		expect((await status()).output).toMatch(/none +Stopped +0 of 2\n$/);
	});

	test("a cluster that is gone is said to be, and that is an error", async () => {
		rmSync(stack.cluster, { recursive: true });
		const { status: code, output } = await status("--detailed-exitcode");
		expect(code).toBe(1);
		expect(output).toContain("db: there is no cluster local:");
		expect(output).toContain("Run pulumi refresh");
	});
});
