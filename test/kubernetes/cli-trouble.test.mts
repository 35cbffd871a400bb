import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { kill } from "../../tools/processes.mts";
import { expectNoStackTrace, expectRefused } from "../engine/output.mts";
import { runningVersions } from "./by-hand.ts";
import { Space, unavailable } from "./harness.ts";
import { type Load, startLoad } from "./load.ts";
import { caveatsOf, KubernetesProject, unrehearsed, updates } from "./projects.mts";
import { makeRows } from "./tables.ts";

const minute = 60_000;
const replicas = ["db-0-0", "db-0-1"];

/** Two replicas under load all the time: each test goes on where the one before ended. */
describe.skipIf(unavailable !== undefined)("the CLI on an update that goes wrong", () => {
	let space: Space;
	let project: KubernetesProject;
	let load: Load;

	beforeAll(async () => {
		space = await Space.open();
		project = await new KubernetesProject(space).set({ version: "1.7.1" }).init();
		await project.upOk();
		await makeRows(space, replicas);
		const endpoint = await space.endpoint("db");
		await space.reachable("db");
		load = startLoad({ endpoint, table: "rows", loops: 1, pause: 100 });
	});
	afterAll(async () => {
		await load?.stop();
		await project?.remove();
		await space?.close();
	});

	test("an image that exits at start stops it at the first replica, in one block that says what serves and what to do", async () => {
		const failed = await project.set({ version: "1.7.9", update: unrehearsed }).up();
		expect(failed.status).not.toBe(0);
		expect(failed.output).toContain(
			"update of 'db' to 1.7.9 stopped at the first of 2 replicas. db-0-1 did not start: exits at start (exit code 1); " +
				'its last words: "Code: 1000. DB::Exception: cannot load metadata written by an older server". ' +
				"db-0-0 was not touched and serves 1.7.1: reads and writes work. " +
				"Next: fix the image of 1.7.9, or set a later version, and run pulumi up again: it resumes from here.",
		);
		expectNoStackTrace(failed.output);
		const { output: listed } = await project.dbcluster(["status"]).ended;
		expect(listed).toContain("unfinished");
		expect(listed).toContain("stopped midway. To resume: pulumi up --stack test");
		expect((await project.resource()).outputs.lastUpdate).toMatchObject({
			from: "1.7.1",
			to: "1.7.9",
			outcome: "stopped",
			replicas: [{ name: "db-0-1" }],
		});

		expectRefused(
			await project.set({ version: "1.7.1" }).preview(),
			"the update from 1.7.1 to 1.7.9, begun at",
			"Set version to 1.7.9 to resume, or to a later version.",
		);
		const { output } = await project.set({ version: "1.8.0", update: updates }).preview();
		expect(caveatsOf(output, "1.8.0")).toEqual([
			"+ 1.7.1 -> 1.8.0: {",
			expect.stringMatching(/^\+ notes *: "2024-09-24, https:/),
			'+ order: "db-0-1, then db-0-0"',
			'+ reads: "SELECT keeps working"',
			'+ resets: "each keep-alive connection may be reset once per replica"',
			'+ resumes: "an update that stopped midway"',
			'+ return: "not possible, because a DB version is never downgraded"',
			'+ writes: "may fail for a while as each replica restarts"',
		]);
	});

	test("the next up goes on with a later version, through a killed provider and a killed CLI", async () => {
		const first = project.startUp();
		await first.printed("restarting db-0-1");
		kill(await first.provider());
		expect((await first.ended).status).not.toBe(0);

		const second = project.startUp();
		await second.printed("draining db-0-0");
		second.kill();
		await second.ended;
		expect((await project.up()).output).toContain("locked");
		expect(await project.run("cancel", "--yes")).toMatchObject({ status: 0 });
		// The provider that lost its CLI may still be at it: then this one waits for it.
		await project.upOk();

		expect(await runningVersions(space)).toEqual(["1.8.0", "1.8.0"]);
		expect(await project.outputs()).toMatchObject({ version: "1.8.0", state: "Started" });
		expect((await project.preview("--expect-no-changes")).status).toBe(0);
	});

	test("all the while every SELECT was answered, and no acknowledged row is lost", async () => {
		const { failedSelects, selects, acknowledged } = await load.stop();
		expect(failedSelects).toEqual([]);
		expect(selects).toBeGreaterThan(50);
		const rows = [...acknowledged].sort((a, b) => a - b);
		for (const pod of replicas)
			await vi.waitFor(
				async () => {
					const held = new Set((await space.queryPod(pod, "SELECT n FROM rows")).split("\n").map(Number));
					expect(rows.filter((n) => !held.has(n))).toEqual([]);
				},
				{ timeout: minute, interval: 500 },
			);
	});
});
