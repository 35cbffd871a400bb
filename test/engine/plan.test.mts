import { join } from "node:path";
import { expect, test } from "vitest";
import { Cli, type Ran } from "./cli.mts";
import { caveats, expectRefused } from "./output.mts";
import { newVersion, oldVersion, type Stack, stack } from "./stack.mts";

const halfDay = 43_200_000;

/** A window of eight hours a day, in whose middle the clock is now or in half a day. */
function daily(isOpenNow: boolean) {
	const opens = new Date(Date.now() + (isOpenNow ? 0 : halfDay) - 4 * 3_600_000);
	return { schedule: `${opens.getUTCMinutes()} ${opens.getUTCHours()} * * *`, minutes: 480 };
}

/** Saves a plan, as it would be some time later. */
async function save(db: Stack, shift = 0): Promise<string> {
	const plan = join(db.folder, "plan.json");
	const flags = ["--diff", "--save-plan", plan, "--non-interactive", "--color", "never"];
	const clock = join(import.meta.dirname, "shifted-clock.cjs");
	const env = { NODE_OPTIONS: `--require ${clock}`, DBCLUSTER_TEST_SHIFT: String(shift) };
	db.write();
	const { status, output } = await new Cli(["preview", ...flags], db.program, { ...db.environment, ...env }).ended;
	expect(status, output).toBe(0);
	return output;
}

const carryOut = (db: Stack): Promise<Ran> => db.up("--plan", join(db.folder, "plan.json"));

test("a plan that was saved while the window was closed is carried out while it is open, and only then", async () => {
	const db = await stack();
	await db.upOk();
	const shut = daily(false);
	await save(db.set({ version: newVersion, update: { window: shut } }), halfDay);
	expectRefused(await carryOut(db), "the maintenance window is closed until", "update.ignoreWindow");
	expect(await db.query("SELECT version()")).toBe(oldVersion);

	const window = daily(true);
	const preview = await save(db.set({ version: newVersion, update: { window } }), halfDay);
	expect(preview).toContain("the maintenance window of db is closed until");
	expect(caveats(preview)).toContain(
		`+ window: "opens at ${window.schedule} (cron, UTC) for 480 minutes; no update starts outside the window"`,
	);
	const { status, output } = await carryOut(db);
	expect(status, output).toBe(0);
	expect(await db.query("SELECT version()")).toBe(newVersion);
});

test('a plan holds with judge: "recorded", and what can\'t be updated fails before there is one', async () => {
	const db = await stack({ update: { judge: "recorded" } });
	await db.upOk();
	await db.upOk();
	await save(db.set({ version: newVersion }));
	await db.query("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a");
	await db.query("INSERT INTO t VALUES (1)");
	const { status, output } = await carryOut(db);
	expect(status, output).toBe(0);
	expect(await db.query("SELECT version()")).toBe(newVersion);
	expectRefused(await db.set({ version: oldVersion }).preview(), "a DB version never goes back");
});
