import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type Trial, TrialEnded } from "../../../src/control/trial";
import { outcomeOf, type Rehearsal } from "../../../src/core/rehearsal";
import type { DbVersion } from "../../../src/core/version";
import { rehearsing } from "../../../src/rehearsal/rehearse";
import { LocalPlace, versions } from "./place";

const { v1, v2, broken } = versions;
const now = Date.parse("2026-11-29T00:00:00Z");

async function place() {
	const opened = await LocalPlace.open();
	onTestFinished(() => opened.close());
	await opened.started();
	return opened;
}

const rehearsed = (there: LocalPlace, to: DbVersion, more: { readonly now?: number; readonly again?: boolean } = {}) =>
	there.under((claim, control) =>
		control.rehearse(claim, to, 60, rehearsing({ from: v1, to, queries: 200, now, ...more })),
	);

it("loads the tables of the cluster, names what changes, is recorded, and leaves nothing", async () => {
	const there = await place();
	await there.sql("CREATE DATABASE other");
	await there.sql("CREATE TABLE t (x UInt32) ENGINE = MergeTree ORDER BY x");
	await there.sql("CREATE VIEW v AS SELECT x FROM t");
	await there.sql("CREATE MATERIALIZED VIEW other.m ENGINE = MergeTree ORDER BY x AS SELECT x FROM default.t");
	await there.sql("CREATE FUNCTION twice AS x -> 2 * x");
	await there.sql(
		"CREATE TABLE remote_l (x UInt32, `ENGINE = Replicated` String DEFAULT toString(twice(x))) ENGINE = MergeTree ORDER BY x",
	);
	const before = there.processes();
	const queries = async () => (await there.control().tally("db-0-0", 600))?.queries;
	const clients = await queries();
	const found = (await rehearsed(there, v2)) as Rehearsal;
	expect(await queries()).toBe(clients);
	expect(found.tables).toEqual({
		loaded: 5,
		refused: { count: 0, first: [] },
		notCreated: { count: 0, first: [] },
		skipped: 0,
	});
	expect(found.places).toEqual([{ name: "this machine", replicas: ["db-0-0", "db-0-1"] }]);
	expect(found.settings?.unknown.count).toBe(0);
	expect(found.settings?.defaults.first).toContainEqual({ name: "use_legacy_to_time", from: "1", to: "0" });
	expect(outcomeOf(found)).toBe("passed");
	expect((await there.control().record())?.rehearsed).toEqual(found);
	expect(existsSync(join(there.home, "trial"))).toBe(false);
	expect(there.processes()).toEqual(before);

	// It counts until something differs: the tables, or the day.
	expect(await rehearsed(there, v2)).toBeUndefined();
	expect((await rehearsed(there, v2, { again: true }))?.about).toBe(found.about);
	expect((await rehearsed(there, v2, { now: now + 25 * 3_600_000 }))?.about).toBe(found.about);
	await there.sql("CREATE TABLE later (x UInt32) ENGINE = MergeTree ORDER BY x");
	const after = await rehearsed(there, v2);
	expect(after?.about).not.toBe(found.about);
	expect(after?.tables?.loaded).toBe(6);
});

it("shows in its own words why a version does not start", async () => {
	const there = await place();
	const found = await rehearsed(there, broken);
	expect(found?.failure).toEqual({
		cause: "exits",
		words: expect.stringContaining("there is no engine in /no/such/engine"),
	});
	expect(found && outcomeOf(found)).toBe("failed");
});

it("of a stopped cluster tries only the start", async () => {
	const there = await place();
	await there.under((claim, control) => control.stop(claim));
	await there.until("Stopped");
	const found = await rehearsed(there, v2);
	expect(found?.tables).toBeUndefined();
	expect(found && outcomeOf(found)).toBe("passed");
});

it("an engine that ends while it is tried is the version's failure, and its folder goes", async () => {
	const there = await place();
	const use = async (trial: Trial) => {
		const { server } = await trial.start();
		const asked = server?.rows("SELECT sleepEachRow(3), number FROM numbers(20) SETTINGS max_block_size = 1");
		const [pid = ""] = execFileSync("pgrep", ["-f", join(there.home, "trial")], { encoding: "utf8" }).split("\n");
		process.kill(Number(pid), "SIGKILL");
		await expect(asked).rejects.toThrow(TrialEnded);
		await expect(server?.rows("SELECT 1")).rejects.toThrow(TrialEnded);
		return undefined;
	};
	await there.under((claim, control) => control.rehearse(claim, v2, 60, use));
	expect(existsSync(join(there.home, "trial"))).toBe(false);
});
