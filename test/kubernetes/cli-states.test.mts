import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../../tools/processes.mts";
import { expectRefused } from "../engine/output.mts";
import { holdPod, replacePod, runningVersions, setImage } from "./by-hand.ts";
import { environment, Space, unavailable } from "./harness.ts";
import { caveatsOf, KubernetesProject } from "./projects.mts";

/** One cluster of one replica: each test goes on where the one before ended. */
describe.skipIf(unavailable !== undefined)("the CLI on a cluster in each of its states", () => {
	let space: Space;
	let project: KubernetesProject;

	beforeAll(async () => {
		space = await Space.open();
		project = await new KubernetesProject(space).set({ version: "1.7.1", replicas: 1 }).init();
		await project.upOk();
	});
	afterAll(async () => {
		await project?.remove();
		await space?.close();
	});

	test("a version that the catalogue lacks is refused in preview, and so is one without an image", async () => {
		expectRefused(await project.set({ version: "1.9.9" }).preview(), "1.9.9 is not a known version");

		expectRefused(
			await project.set({ version: "1.7.5" }).preview(),
			"property version",
			`image ${environment.image}:1.7.5 does not exist: its registry has no such tag. Push it, or set another version`,
		);
		expect(await runningVersions(space)).toEqual(["1.7.1"]);
		expect((await project.set({ version: "1.7.1" }).preview("--expect-no-changes")).status).toBe(0);
	});

	test("an idle cluster is not woken by a preview, which says that the update will; it is left Started", async () => {
		await space.idle("db");
		await until(async () => (await runningVersions(space)).length === 0);

		const { output } = await project.set({ version: "1.8.0" }).preview();
		expect(caveatsOf(output, "1.8.0")).toEqual([
			"+ 1.7.1 -> 1.8.0: {",
			expect.stringMatching(/^\+ notes *: "2024-09-24, https:/),
			'+ order: "db-0-0"',
			'+ reads: "may fail for a while as the replica restarts"',
			'+ rehearsed: "no; pulumi up does that before it changes anything"',
			'+ resets: "each keep-alive connection may be reset once per replica"',
			'+ return: "not possible, because a DB version is never downgraded"',
			'+ writes: "may fail for a while as the replica restarts"',
		]);
		expect(output).toContain("db is Idle: the update wakes it first.");
		// Its kubeconfig is a secret in the state.
		const status = await project.dbcluster(["status", "--detailed-exitcode"]).ended;
		expect(status).toMatchObject({
			status: 2,
			output: expect.stringMatching(/db +kubernetes +1\.7\.1 +1\.8\.2 +available +Idle +0 of 1\n/),
		});
		expect(status.output).toContain("db: to update, set version to 1.8.2, then: pulumi up --stack test");
		expect(await runningVersions(space)).toEqual([]);
		expect(await project.upOk()).toContain("woke the cluster");
		expect(await project.outputs()).toMatchObject({ version: "1.8.0", state: "Started" });
		expect(await runningVersions(space)).toEqual(["1.8.0"]);
	});

	test("a cluster that is Stopping is refused, and once it is stopped it is updated stopped", async () => {
		await holdPod(space, "db-0-0", true);
		await space.idle("db");
		expectRefused(
			await project.set({ version: "1.8.1" }).preview(),
			"the cluster is Stopping; an update to 1.8.1 can start only from Started, Stopped or Idle. Preview again once it has reached one of these states.",
		);
		await holdPod(space, "db-0-0", false);
		await project.set({ version: "1.8.0", desiredState: "Stopped" }).upOk();
		expect(await project.outputs()).toMatchObject({ state: "Stopped" });

		const { output } = await project.set({ version: "1.8.1" }).preview();
		expect(caveatsOf(output, "1.8.1")).toEqual([
			"+ 1.8.0 -> 1.8.1: {",
			'+ order: "db-0-0"',
			'+ reads: "unavailable, because the cluster is stopped"',
			'+ rehearsed: "no; pulumi up does that before it changes anything"',
			'+ return: "not possible, because a DB version is never downgraded"',
			'+ state: "Stopped, and stays so"',
			'+ writes: "unavailable, because the cluster is stopped"',
		]);
		await project.upOk();
		expect(await project.outputs()).toMatchObject({ version: "1.8.1", state: "Stopped" });
		expect(await runningVersions(space)).toEqual([]);
		await project.set({ desiredState: "Started" }).upOk();
		expect(await runningVersions(space)).toEqual(["1.8.1"]);
		expect(await space.queryPod("db-0-0", "SELECT 1")).toBe("1");
	});

	test("a broken cluster is refused with its replica's own last words", async () => {
		await setImage(space, "db-0", "1.7.9");
		await replacePod(space, "db-0-0", "crashed");
		expectRefused(
			await project.set({ version: "1.8.2" }).preview(),
			"the cluster is Degraded (db-0-0: exit",
			"cannot load metadata written by an older server",
			"Repair the cluster first, then preview again.",
		);
	});

	test("below 0.9.2.0 the preview says how to move the data instead", async () => {
		const old = await new KubernetesProject(space).set({ name: "old", version: "0.9.1.4", replicas: 1 }).init();
		try {
			await old.upOk();
			expectRefused(
				await old.set({ version: "1.8.0" }).preview(),
				"old-0-0 runs 0.9.1.4, and in-place updates are supported from 0.9.2.0 on. Create a new cluster with version 1.8.0",
				"INTO OUTFILE",
				"INSERT INTO FUNCTION s3(",
				"The vendor's support can help.",
			);
		} finally {
			await old.remove();
		}
	});
});
