import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { processesOf } from "../../tools/processes.mts";
import { expectRefused } from "./output.mts";
import { newVersion, oldVersion, stack } from "./stack.mts";

test("makes a cluster that answers, and says in its outputs what it runs and that there is something newer", async () => {
	const db = await stack();
	await db.upOk();

	expect(await db.query("SELECT version()")).toBe(oldVersion);
	expect(await db.outputs()).toMatchObject({
		endpoint: `http://127.0.0.1:${db.port}`,
		version: oldVersion,
		latestVersion: newVersion,
		updateAvailable: true,
		state: "Started",
	});
	expect(Buffer.byteLength((await db.resource()).outputs.__provider as string)).toBeLessThanOrEqual(2048);
});

test("shows no difference when nothing changes, and lets the stack go on", async () => {
	const db = await stack();
	await db.upOk();

	const preview = await db.preview("--expect-no-changes");
	expect(preview).toMatchObject({ status: 0, output: expect.stringContaining("2 unchanged") });
	expect(preview.output).not.toContain("caveats");
	expect(await db.upOk("--expect-no-changes")).toContain("2 unchanged");
});

test("keeps the data when the cluster is destroyed, and finds it again", async () => {
	const db = await stack();
	await db.upOk();
	await db.query("CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n");
	await db.query("INSERT INTO t SELECT number FROM numbers(1000)");

	expect(await db.run("destroy", "--yes", "--skip-preview")).toMatchObject({ status: 0 });
	expect(await processesOf(db.folder)).toEqual([]);
	await expect(db.query("SELECT 1")).rejects.toThrow();

	await db.upOk();
	expect(await db.query("SELECT count(), sum(n) FROM t")).toBe("1000\t499500");
});

test("deletes the data with the cluster where deletionPolicy says so", async () => {
	const db = await stack({ deletionPolicy: "Delete" });
	await db.upOk();

	expect(await db.run("destroy", "--yes", "--skip-preview")).toMatchObject({ status: 0 });
	expect(await processesOf(db.folder)).toEqual([]);
	expect(existsSync(db.cluster)).toBe(false);
});

test("keeps secret what is given as a secret, in the state and in what is printed", async () => {
	const db = await stack();
	db.set({ local: { port: { secret: db.port } } });
	const printed = [await db.upOk(), (await db.preview()).output, await db.exported()].join("\n");

	expect(await db.query("SELECT 1")).toBe("1");
	expect(printed).not.toContain(`127.0.0.1:${db.port}`);
	expect(printed).not.toMatch(new RegExp(`"?port"?\\s*: ${db.port}`));
	const { endpoint, __provider } = (await db.resource()).outputs;
	expect(endpoint).toHaveProperty("ciphertext");
	expect(__provider).not.toContain(String(db.port));
	expect(await db.outputs()).toMatchObject({ endpoint: `http://127.0.0.1:${db.port}` });
});

test("prints nothing of an argument that holds a secret where it refuses the whole of it", async () => {
	const db = await stack({ desiredState: "Stopped" });
	db.set({ local: { port: { secret: db.port } } });
	await db.upOk();

	const url = { secret: "https://example.com/versions.json?token=hunter2" };
	const moved = await db.set({ local: { directory: join(db.folder, "elsewhere") } }).preview();
	expectRefused(moved, "has a problem: local: the cluster is local:");
	const twice = await db.set({ versions: { list: [{ version: oldVersion }], url }, lokal: { url } }).preview();
	expectRefused(twice, "has a problem: versions: list and url are given", "there is no property lokal");
	const printed = [moved.output, twice.output].join("\n");
	expect(printed).not.toMatch(new RegExp(`\\b${db.port}\\b`));
	expect(printed).not.toContain("hunter2");
});
