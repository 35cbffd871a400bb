import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReplicaView } from "../../../src/control/port";
import { systemClock } from "../../../src/roll/clock";
import type { RollEvent } from "../../../src/roll/events";
import { roll } from "../../../src/roll/roll";
import { RollStopped } from "../../../src/roll/stopped";
import { idsOfEachReplica, Load } from "./load";
import { engines, LocalPlace, until, versions } from "./place";

describe("an update under load", () => {
	let place: LocalPlace;
	beforeEach(async () => {
		place = await LocalPlace.open();
		await place.started();
		await place.sql("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
	});
	afterEach(() => place?.close());

	const rollTo = (to: typeof versions.v2) =>
		roll({ control: place.control(), to, holder: "a test", clock: systemClock, report: () => {} });

	it("fails no SELECT, pauses writes with a reason, and loses no row", async () => {
		const load = new Load(place, "t");
		const { cluster } = await rollTo(versions.v2);
		await load.stop();
		expect(cluster.state).toBe("Started");
		expect(load.selects.failed).toEqual([]);
		expect(load.selects.answered).toBeGreaterThan(10);
		for (const words of load.refused) expect(words).toMatch(/^503 Code: 242\. .*db-0-[01] .*TABLE_IS_READ_ONLY/);
		for (const ids of await idsOfEachReplica(place, "t", 2)) expect(ids).toEqual(load.acknowledged);
		expect(await place.sql("SELECT version()")).toBe(versions.v2);
	});

	it("to an engine that is not there stops at the first replica, and reads go on", async () => {
		const load = new Load(place, "t");
		const error: unknown = await rollTo(versions.broken).catch((reason: unknown) => reason);
		await load.stop();
		expect(error).toBeInstanceOf(RollStopped);
		const { stop } = error as RollStopped;
		expect(stop).toMatchObject({ replica: "db-0-1", reads: true, writes: false });
		expect(JSON.stringify(stop.cause)).toContain("/no/such/engine");
		expect(load.selects.failed).toEqual([]);
		const { cluster } = await rollTo(versions.v2);
		expect(cluster.replicas.map(({ version, serving }) => [version, serving])).toEqual([
			[versions.v2, true],
			[versions.v2, true],
		]);
		for (const ids of await idsOfEachReplica(place, "t", 2)) expect(ids).toEqual(load.acknowledged);
	});

	it("repairs first what lacks a write that only an updated replica has; until then reads go on and writes pause", async () => {
		await place.sql("INSERT INTO t VALUES (1)");
		await place.under(async (claim, control) => {
			await control.begin(claim, { from: versions.v1, to: versions.v2, since: new Date().toISOString() });
			await control.restart(claim, "db-0-1", versions.v2);
		});
		const replica = (name: string, seen: (view: ReplicaView) => boolean) =>
			until(`${name} is as expected`, 60, async () => {
				const view = await place.control().look(name);
				return seen(view) ? view : undefined;
			});
		await replica("db-0-1", (view) => view.replica.serving && view.replica.version === versions.v2);
		// As if all had been killed at the end of a write, which the old replica had not answered yet.
		for (const which of ["router", "0-0", "0-1"]) place.kill(which);
		await place.until("Stopped");
		place.forgetAnswer("0-0");
		await place.under((claim, control) => control.start(claim));
		const load = new Load(place, "t", 2, "reads");
		const { failure } = await replica("db-0-0", (view) => view.failure !== undefined);
		expect(failure).toMatchObject({ cause: "version", words: expect.stringContaining(versions.v1) });
		await expect(place.sql("INSERT INTO t VALUES (2)")).rejects.toThrow(/^503 .*db-0-0 .*TABLE_IS_READ_ONLY/);

		const restarted: string[] = [];
		const report = (event: RollEvent) => {
			if (event.event === "restarting") restarted.push(event.replica);
		};
		const { cluster } = await roll({ control: place.control(), to: versions.v2, holder: "a test", report });
		expect(restarted).toEqual(["db-0-0"]);
		expect(cluster.replicas.map(({ version }) => version)).toEqual([versions.v2, versions.v2]);
		await place.sql("INSERT INTO t VALUES (3)");
		await load.stop();
		expect(load.selects.failed).toEqual([]);
		expect(load.selects.answered).toBeGreaterThan(10);
		for (const ids of await idsOfEachReplica(place, "t", 2)) expect(ids).toEqual([1, 3]);
	});

	it("to an engine that hangs stops at the first replica, and is given up without waiting for it any more", async () => {
		// What is opened to be read waits for somebody to write.
		const hangs = join(place.root, "hangs");
		mkdirSync(hangs);
		execFileSync("mkfifo", [join(hangs, "libchdb.so")]);
		const control = place.control({ engines: { ...engines, [versions.broken]: hangs } });
		const events: string[] = [];
		const report = ({ event }: { event: string }) => void events.push(event);
		const to = (version: typeof versions.v1, stallSeconds?: number) =>
			roll({ control, to: version, holder: "a test", timing: { stallSeconds }, report });
		await expect(to(versions.broken, 2)).rejects.toMatchObject({ stop: { reads: true, cause: { kind: "stalled" } } });
		events.length = 0;
		// The default of five minutes is longer than this test may take.
		const { cluster } = await to(versions.v1);
		expect(cluster).toMatchObject({ state: "Started", replicas: [{ version: versions.v1 }, { version: versions.v1 }] });
		expect(events.slice(0, 4)).toEqual(["began", "draining", "drained", "restarting"]);
	});
});
