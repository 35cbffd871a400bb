import { expect, test } from "vitest";
import { until } from "../../tools/processes.mts";
import { caveats, inOrder } from "./output.mts";
import { newVersion, oldVersion, type Stack, stack, transition } from "./stack.mts";

async function filled(db: Stack): Promise<void> {
	await db.query("CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n");
	await db.query("INSERT INTO t SELECT number FROM numbers(1000)");
}

test("shows in the diff what an update will do, then does it replica by replica and keeps the data", async () => {
	const db = await stack();
	await db.upOk();
	await filled(db);

	const preview = await db.set({ version: newVersion }).preview();
	expect(preview.status).toBe(0);
	expect(preview.output).toContain(`${oldVersion}" => "${newVersion}`);
	expect(caveats(preview.output)).toEqual([
		`+ ${transition}: {`,
		'+ order: "db-0-1, then db-0-0"',
		'+ reads: "SELECT keeps working"',
		'+ rehearsed: "no; pulumi up does that before it changes anything"',
		'+ return: "not possible, because a DB version is never downgraded"',
		'+ writes: "may fail for a while as each replica restarts"',
	]);

	const printed = await db.upOk();
	const steps = [
		`updating ${transition}: 2 replicas`,
		"draining db-0-1",
		"restarting db-0-1",
		`db-0-1 serves ${newVersion}`,
	];
	expect(inOrder(printed, [...steps, "draining db-0-0", `db-0-0 serves ${newVersion}`, `updated ${transition}`])).toBe(
		true,
	);
	expect(await db.query("SELECT version(), count(), sum(n) FROM t")).toBe(`${newVersion}\t1000\t499500`);
	expect(await db.outputs()).toMatchObject({
		version: newVersion,
		previousVersion: oldVersion,
		updateAvailable: false,
		state: "Started",
	});
	expect((await db.preview("--expect-no-changes")).status).toBe(0);
});

test("goes to the newest version that there is, and shows which that is, when asked for latest", async () => {
	const db = await stack();
	await db.upOk();

	const preview = await db.set({ version: "latest" }).preview();
	expect(preview.output).toContain(`${oldVersion}" => "${newVersion}`);
	await db.upOk();
	expect(await db.query("SELECT version()")).toBe(newVersion);
	expect((await db.preview("--expect-no-changes")).status).toBe(0);
});

test("says of one replica that reads and writes may fail", async () => {
	const db = await stack({ replicas: 1 });
	await db.upOk();

	const { output } = await db.set({ version: newVersion }).preview();
	expect(caveats(output)).toEqual(
		expect.arrayContaining([
			'+ reads: "may fail for a while as the replica restarts"',
			'+ writes: "may fail for a while as the replica restarts"',
		]),
	);
	await db.upOk();
	expect(await db.query("SELECT version()")).toBe(newVersion);
});

test("updates a stopped cluster while it is stopped, says so before, and leaves it stopped", async () => {
	const db = await stack();
	await db.upOk();
	await filled(db);
	await db.set({ desiredState: "Stopped" }).upOk();
	await expect(db.query("SELECT 1")).rejects.toThrow();

	const { output } = await db.set({ version: newVersion }).preview();
	expect(caveats(output)).toEqual(
		expect.arrayContaining([
			'+ reads: "unavailable, because the cluster is stopped"',
			'+ state: "Stopped, and stays so"',
			'+ writes: "unavailable, because the cluster is stopped"',
		]),
	);
	await db.upOk();
	expect(await db.outputs()).toMatchObject({ version: newVersion, state: "Stopped" });

	await db.set({ desiredState: "Started" }).upOk();
	expect(await db.query("SELECT version(), count() FROM t")).toBe(`${newVersion}\t1000`);
});

test("wakes an idle cluster for its update, says so before, and leaves it started", async () => {
	const db = await stack({ local: { idleAfterSeconds: 1 } });
	await db.upOk();
	await until(() => db.record().cluster?.desired === "Idle");

	const { output } = await db.set({ version: newVersion, local: { idleAfterSeconds: 0 } }).preview();
	expect(output).toContain("db is Idle: the update wakes it first.");
	expect(caveats(output)).toContain('+ reads: "SELECT keeps working"');
	expect(await db.upOk()).toContain("woke the cluster");
	expect(await db.outputs()).toMatchObject({ version: newVersion, state: "Started" });
});
