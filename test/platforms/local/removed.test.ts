import { spawnSync } from "node:child_process";
import { existsSync, rmSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { RecordLost } from "../../../src/control/errors";
import { paths } from "../../../src/platforms/local/home";
import { isAlive, type ProcessId } from "../../../src/platforms/local/process-id";
import { Load } from "./load";
import { LocalPlace, until } from "./place";

let place: LocalPlace;
let load: Load | undefined;
beforeEach(async () => {
	place = await LocalPlace.open();
	await place.started();
	await place.sql("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
});
afterEach(async () => {
	await load?.stop();
	load = undefined;
	await place?.close();
});

const ended = (all: readonly ProcessId[]) => until("they have ended", 60, async () => !all.some(isAlive) || undefined);

/** As a user does it: again, where `rm` says that something was made in a folder meanwhile. */
const remove = (folder: string) =>
	until(`${folder} is removed`, 60, async () => spawnSync("rm", ["-rf", folder]).status === 0 || undefined);

it("ends with its folder, brings nothing of it back, and is made anew in the same place", async () => {
	const processes = Object.values(place.processes());
	expect(processes).toHaveLength(3);
	await remove(place.home);
	await ended(processes);
	expect(existsSync(place.home)).toBe(false);
	await place.started();
	expect(await place.sql("SHOW TABLES")).toBe("");
	expect(Object.keys(place.processes())).toHaveLength(3);
});

it("ends with its folder under load, too, and nobody is left who would write to the next one", async () => {
	const processes = Object.values(place.processes());
	load = new Load(place, "t");
	await until("it is written to", 60, async () => (load?.acknowledged.length ?? 0) > 20 || undefined);
	await remove(place.home);
	await ended(processes);
	await load.stop();
	// What a merge made that ran just then.
	await remove(place.home);
	await place.started();
	expect(await place.sql("SHOW TABLES")).toBe("");
	expect(Object.keys(place.processes())).toHaveLength(3);
});

it("leaves a run that changes it with words about the record", async () => {
	const control = place.control();
	const claim = await control.claim("a test", 600);
	await remove(place.home);
	await expect(control.extend(claim, 600)).rejects.toThrow(RecordLost);
	await expect(control.drain(claim, "db-0-1")).rejects.toThrow("the record of this cluster was deleted");
	// As good as deleted: the claim is not in the new one.
	await place.store.change((record) => record, "make");
	await expect(control.extend(claim, 600)).rejects.toThrow(RecordLost);
	const next = await place.control().claim("the next one", 600);
	const error = await control.extend(claim, 600).catch((reason: unknown) => reason);
	expect(error).toMatchObject({ name: "ClaimLost", by: "the next one" });
	expect(next.fence).toBeGreaterThan(claim.fence);
});

it("has a replica whose folder was removed back, and nothing of its process before", async () => {
	await place.sql("INSERT INTO t VALUES (1), (2)");
	const before = place.replicaProcess("0-1") as ProcessId;
	await remove(join(place.home, "0-1"));
	await ended([before]);
	await place.until("Started");
	expect(await place.ask("0-1", "SELECT sum(id) FROM t")).toBe("3");
	await place.sql("INSERT INTO t VALUES (3)");
	expect(await place.ask("0-1", "SELECT sum(id) FROM t")).toBe("6");
});

it("has one router, also where the lock of the first one was removed", async () => {
	const before = place.processes().router as ProcessId;
	unlinkSync(paths.routerLock(place.home));
	await ended([before]);
	await place.until("Started");
	expect(await place.sql("SELECT count() FROM t")).toBe("0");
});

it("ends where only its record was removed, and keeps the data", async () => {
	await place.sql("INSERT INTO t VALUES (1)");
	const processes = Object.values(place.processes());
	rmSync(join(place.home, "cluster.json"));
	await ended(processes);
	expect(existsSync(join(place.home, "0-0/data"))).toBe(true);
});
