import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kill, processesOf, until } from "../../tools/processes.mts";
import { midway } from "./midway.mts";
import { expectNoStackTrace } from "./output.mts";
import { engineFolders, newVersion, oldVersion, type Stack, stack, transition } from "./stack.mts";

/**
 * A cluster on the old version with some rows, whose new engine does not start until it is mended. A rehearsal would find
 * that out before the first replica.
 */
async function filled(args: Parameters<Stack["set"]>[0] = {}) {
	const db = await stack({ update: { rehearsal: { policy: "off" } }, ...args });
	const engine = join(db.folder, "engine");
	mkdirSync(engine);
	writeFileSync(join(engine, "libchdb.so"), "no library\n");
	const mend = () => {
		rmSync(engine, { recursive: true });
		symlinkSync(engineFolders.new, engine);
	};
	db.set({ local: { engines: { [oldVersion]: engineFolders.old, [newVersion]: engine } } });
	await db.upOk();
	await db.query("CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n");
	await db.query("INSERT INTO t SELECT number FROM numbers(1000)");
	return { db, engine, mend };
}

const rows = (db: Stack) => db.query("SELECT count(), sum(n) FROM t");
const whole = "1000\t499500";

function expectStoppedAtFirst(output: string): void {
	expect(output).toContain(`update of 'db' to ${newVersion} stopped at the first of 2 replicas. db-0-1 did not start`);
	expect(output).toContain(`db-0-0 was not touched and serves ${oldVersion}: reads work, writes fail.`);
	expect(output).toContain(`Next: fix the engine of ${newVersion}, or set a later version`);
	expectNoStackTrace(output);
}

test("stops at a replica whose engine ends at start, with its last words, goes on serving, and resumes once it is mended", async () => {
	const { db, mend } = await filled();

	const failed = await db.set({ version: newVersion }).up();
	expect(failed.status).not.toBe(0);
	expectStoppedAtFirst(failed.output);
	expect(failed.output).toContain("exits at start");
	expect(failed.output).toContain("libchdb.so");
	expect(await rows(db)).toBe(whole);
	expect(db.record().cluster?.mark).toMatchObject({ from: oldVersion, to: newVersion });

	mend();
	const preview = await db.preview();
	expect(preview.output).toContain(transition);
	expect(preview.output).toContain("an update that stopped midway");
	// The cluster tries to start its replica all the while, so that one may be done already.
	expect(await db.upOk()).toContain(`resuming ${transition}: `);
	expect(await db.query("SELECT version()")).toBe(newVersion);
	expect(await rows(db)).toBe(whole);
	expect(db.record().cluster?.mark).toBeUndefined();
	expect((await db.preview("--expect-no-changes")).status).toBe(0);
});

test("a version that nothing ever ran may be given up", async () => {
	const { db } = await filled();
	const failed = await db.set({ version: newVersion }).up();
	expect(failed.status).not.toBe(0);
	expectStoppedAtFirst(failed.output);
	expect(await rows(db)).toBe(whole);

	await db.set({ version: oldVersion }).upOk();
	expect(await db.query("SELECT version()")).toBe(oldVersion);
	expect(await rows(db)).toBe(whole);
	// Writes need every replica.
	await db.query("INSERT INTO t VALUES (1000)");
	expect(db.record().cluster?.mark).toBeUndefined();
});

test("stops when the engine that comes up is not the version that was asked for", async () => {
	const { db } = await filled();
	const later = "26.9.0.0";
	db.set({ version: later, local: { engines: { [oldVersion]: engineFolders.old, [later]: engineFolders.new } } });

	const failed = await db.up();
	expect(failed.status).not.toBe(0);
	expect(failed.output).toContain(`update of 'db' to ${later} stopped at the first of 2 replicas`);
	expect(failed.output).toContain(newVersion);
	expect(await rows(db)).toBe(whole);
});

test("goes on where a killed provider left off, and refuses to go back from there", async () => {
	const { db, mend } = await filled();
	mend();
	const { cli, query } = await midway(db);

	kill(await cli.provider());
	expect((await cli.ended).status).not.toBe(0);
	await query.close();
	expect(await rows(db)).toBe(whole);

	const back = await db.set({ version: oldVersion }).preview();
	expect(back.status).not.toBe(0);
	expect(back.output).toContain(`the update from ${oldVersion} to ${newVersion}, begun at`);
	expect(back.output).toContain(`Set version to ${newVersion} to resume, or to a later version.`);

	expect(await db.set({ version: newVersion }).upOk()).toContain(`resuming ${transition}: 1 replica left`);
	expect(await db.query("SELECT version()")).toBe(newVersion);
	expect(await rows(db)).toBe(whole);
	expect(db.record().cluster?.mark).toBeUndefined();
});

test("loses nothing to a killed CLI: once its lock is cancelled, the next up ends what it began", async () => {
	const { db, mend } = await filled();
	mend();
	const { cli, query } = await midway(db);

	cli.kill();
	await cli.ended;
	expect((await db.up()).output).toContain("locked");
	expect(await db.run("cancel", "--yes")).toMatchObject({ status: 0 });
	// The provider that lost its CLI may still be at it: then the next one waits for it.
	const next = db.startUp();
	await query.close();
	const { status, output } = await next.ended;
	expect({ status, output }).toMatchObject({ status: 0 });
	expect(await db.query("SELECT version()")).toBe(newVersion);
	expect(await rows(db)).toBe(whole);
	expect(db.record().cluster?.mark).toBeUndefined();
	// One router and two replicas, and nobody else.
	await until(async () => (await processesOf(db.cluster)).length === 3);
});

test("takes up a create that was killed", async () => {
	const db = await stack();
	const cli = db.startUp();
	await until(() => db.record().cluster !== undefined);
	kill(await cli.provider());
	await cli.ended;

	await db.upOk();
	expect(await db.query("SELECT version()")).toBe(oldVersion);
});

test("goes on to a later version when the one that was begun can't be made to start", async () => {
	const { db, engine } = await filled();
	const broken = "26.6.0.0";
	db.set({
		version: broken,
		local: { engines: { [oldVersion]: engineFolders.old, [broken]: engine } },
	});
	expect((await db.up()).output).toContain(`update of 'db' to ${broken} stopped at the first of 2 replicas`);

	db.set({ version: newVersion, local: { engines: { ...db.engines, [newVersion]: engineFolders.new } } });
	await db.upOk();
	expect(await db.query("SELECT version()")).toBe(newVersion);
	expect(await rows(db)).toBe(whole);
});
