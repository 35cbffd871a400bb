import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../../tools/processes.mts";
import { expectRefused } from "./output.mts";
import { engineFolders, newVersion, oldVersion, openStack, type Stack, stack } from "./stack.mts";

describe("a cluster that runs the newest version", () => {
	let db: Stack;
	beforeAll(async () => {
		db = await openStack({ version: newVersion });
		await db.upOk();
	});
	afterAll(() => db?.remove());

	test("refuses an older version in preview, and in up before anything is touched", async () => {
		const reason = `${oldVersion} is older than ${newVersion}, which the cluster runs, and a DB version never goes back. Set version to ${newVersion} or later.`;
		db.set({ version: oldVersion });
		expectRefused(await db.preview(), "property version", reason);
		expectRefused(await db.up(), "property version", reason);
		expect(await db.query("SELECT version()")).toBe(newVersion);
		expect(db.record().cluster?.mark).toBeUndefined();
	});

	test("refuses a version that is not known, and names the newest", async () => {
		db.set({ version: "27.1.1.1" });
		expectRefused(await db.preview(), "27.1.1.1 is not a known version; the newest", newVersion);
	});

	test("names all that is wrong with the input at once", async () => {
		const wrong = {
			version: "v26.7",
			replicas: 0,
			update: { policy: "newest", window: { schedule: "daily", minutes: 60 } },
			desiredState: "On",
			replcas: 3,
		};
		const ran = await db.set(wrong).preview();
		expectRefused(
			ran,
			"is not a DB version",
			"property replicas",
			"has a problem: update.policy: ",
			"has a problem: update.window.schedule: ",
			"property desiredState",
			"Did you mean replicas?",
		);
		db.set({ replicas: undefined, update: undefined, desiredState: undefined, replcas: undefined });
	});
});

test("refuses a version that is not the latest, and names the latest", async () => {
	const db = await stack();
	await db.upOk();

	db.set({ version: newVersion, local: { engines: { ...db.engines, "26.9.0.0": engineFolders.new } } });
	expectRefused(await db.preview(), `${newVersion} is neither the latest version, 26.9.0.0,`, "update.policy");

	// A user may take that upon himself.
	await db.set({ update: { policy: "any" } }).upOk();
	expect(await db.query("SELECT version()")).toBe(newVersion);
});

test("refuses to update what runs a version below 0.9.2.0, and says how to move instead", async () => {
	const db = await stack();
	await db.set({ desiredState: "Stopped" }).upOk();
	db.editRecord(({ cluster }) => {
		for (const replica of Object.values(cluster?.wanted ?? {})) replica.version = "0.9.1.4";
	});
	for (const replica of ["0-0", "0-1"]) {
		const opened = join(db.cluster, replica, "data", "opened");
		if (existsSync(opened)) writeFileSync(opened, "0.9.1.4\n");
	}

	expectRefused(
		await db.set({ version: newVersion }).preview(),
		"runs 0.9.1.4, and in-place updates are supported from 0.9.2.0 on. Create a new cluster with version",
		"INTO OUTFILE",
		"INSERT INTO FUNCTION s3(",
		"The vendor's support can help.",
	);
});

test("refuses an update while the cluster is Starting", async () => {
	// An engine that starts when the test lets it.
	const db = await stack({ local: { idleAfterSeconds: 1 } });
	const engine = join(db.folder, "engine");
	const library = join(engine, "libchdb.so");
	mkdirSync(engine);
	symlinkSync(join(engineFolders.old, "libchdb.so"), library);
	await db.set({ local: { engines: { [oldVersion]: engine, [newVersion]: engineFolders.new } } }).upOk();
	await until(() => db.record().cluster?.desired === "Idle");
	rmSync(library);
	execFileSync("mkfifo", [library]);
	const woken = db.query("SELECT 1").catch(() => {});
	await until(() => db.record().cluster?.desired === "Started");

	expectRefused(
		await db.set({ version: newVersion }).preview(),
		"the cluster is Starting",
		`an update to ${newVersion} can start only from Started, Stopped or Idle`,
	);
	await db.remove();
	await woken;
});
