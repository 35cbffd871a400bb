import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { caveats, expectNoStackTrace, expectRefused } from "./output.mts";
import { engineFolders, newVersion, oldVersion, type Stack, stack, transition } from "./stack.mts";

const policy = (name: string) => ({ update: { rehearsal: { policy: name } } });

/** A cluster on the old version whose new engine does not start, until it is replaced. */
async function broken(): Promise<{ db: Stack; mend: () => void }> {
	const db = await stack({});
	const engine = join(db.folder, "engine");
	mkdirSync(engine);
	writeFileSync(join(engine, "libchdb.so"), "no library\n");
	db.set({ local: { engines: { [oldVersion]: engineFolders.old, [newVersion]: engine } } });
	await db.upOk();
	await db.query("CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n");
	await db.query("INSERT INTO t SELECT number FROM numbers(1000)");
	return {
		db,
		mend: () => {
			rmSync(engine, { recursive: true });
			symlinkSync(engineFolders.new, engine);
		},
	};
}

test("an engine that does not start is found out before a replica is touched; once it starts, the update goes through", async () => {
	const { db, mend } = await broken();
	const preview = await db.set({ version: newVersion }).preview("--diff");
	expect(caveats(preview.output)).toContainEqual(
		expect.stringContaining("no; pulumi up does that before it changes anything"),
	);

	const before = db.record().cluster;
	db.set({ local: { idleAfterSeconds: 900, engines: { ...db.engines, "26.4.0.0": engineFolders.old } } });
	const failed = await db.up();
	expectRefused(failed, `${newVersion} was rehearsed beside the cluster, and failed: on this machine:`, "[rehearsal]");
	expect(failed.output).toContain("No replica was touched.");
	expect(failed.output).not.toContain("draining");
	// What was refused has left nothing but its result.
	expect(db.record().cluster).toEqual({ ...before, rehearsed: expect.anything() });
	expect(await db.query("SELECT version(), count() FROM t")).toBe(`${oldVersion}\t1000`);
	// Both replicas: an INSERT needs them.
	await db.query("INSERT INTO t VALUES (1000)");
	expect(existsSync(join(db.cluster, "trial"))).toBe(false);
	const told = await db.preview("--diff");
	expect(caveats(told.output)).toContainEqual(
		expect.stringContaining("failed; pulumi up tries again: on this machine"),
	);

	mend();
	const output = await db.upOk();
	expect(output).toContain(`rehearsing ${newVersion} beside the cluster; no replica is touched`);
	expect(output).toContain(`rehearsed ${newVersion}: starts on this machine, loads 1 of 1 table`);
	expect(await db.query("SELECT version(), count() FROM t")).toBe(`${newVersion}\t1001`);
	expect((await db.preview("--expect-no-changes")).status).toBe(0);
});

test("where a rehearsal is required, a preview passes once the command has passed, and the update does not repeat it", async () => {
	const { db, mend } = await broken();
	db.set({ version: newVersion, ...policy("required") });
	expectRefused(await db.preview(), `${newVersion} was not rehearsed on this cluster`, "[rehearsal]");

	const failed = await db.dbcluster(["rehearse", newVersion]).ended;
	expect(failed.status).toBe(1);
	expect(failed.output).toContain(`db: ${transition}: failed\n`);
	expect(failed.output).toContain("Next: ");
	expectNoStackTrace(failed.output);
	expectRefused(await db.preview(), `the last rehearsal of ${newVersion} failed`);

	mend();
	const { status, output } = await db.dbcluster(["rehearse", "db", newVersion, "--json"]).ended;
	expect(status).toBe(0);
	const found = JSON.parse(output.slice(output.indexOf("{")));
	expect(found).toMatchObject({
		format: 1,
		outcome: "passed",
		from: oldVersion,
		to: newVersion,
		tables: { loaded: 1 },
	});
	const preview = await db.preview("--diff");
	expect(preview.status).toBe(0);
	expect(caveats(preview.output)).toContainEqual(
		expect.stringContaining(`${found.at.slice(0, 10)}: starts on this machine, loads 1 of 1 table`),
	);
	const up = await db.upOk();
	expect(up).not.toContain("rehearsing");
	expect(await db.query("SELECT version()")).toBe(newVersion);
});

test("the command says why it can't begin", async () => {
	const db = await stack({});
	await db.upOk();
	const problem = async (...args: string[]) => {
		const { status, output } = await db.dbcluster(["rehearse", ...args]).ended;
		expect(status).toBe(1);
		expect(output.trimEnd().split("\n")).toHaveLength(1);
		return output;
	};
	expect(await problem("other")).toBe("error: this stack has no cluster other. It has db.\n");
	expect(await problem(oldVersion)).toContain(`the cluster runs ${oldVersion}, and ${oldVersion} is not newer`);
	expect(await problem("db", "x")).toContain("x is not a DB version");
});
