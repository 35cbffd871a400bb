import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idsOfEachReplica, Load } from "./load";
import { LocalPlace, until } from "./place";

/** The processes of this machine that belong to a cluster, by their command lines. */
function processesOf(place: LocalPlace): string[] {
	const lines = execFileSync("ps", ["-eo", "pid,stat,args"], { encoding: "utf8" }).split("\n");
	return lines.filter((line) => line.includes(place.home) && !/^\s*\d+\s+Z/.test(line) && !line.includes("ps -eo"));
}

describe("a cluster whose processes are killed", () => {
	let place: LocalPlace;
	let load: Load;
	beforeEach(async () => {
		place = await LocalPlace.open();
		await place.started();
		await place.sql("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
		load = new Load(place, "t");
	});
	afterEach(async () => {
		await load?.stop();
		await place?.close();
	});

	/** Waits until more was written and read, so that each kill meets a cluster at work. */
	const working = async () => {
		const [written, read] = [load.acknowledged.length, load.selects.answered];
		await until("requests are answered again", 60, async () =>
			load.acknowledged.length > written + 2 && load.selects.answered > read + 2 ? true : undefined,
		);
	};

	/** Every row that was acknowledged is on every replica once, and nothing runs twice. */
	const whole = async () => {
		await place.until("Started");
		await load.stop();
		const replicas = await idsOfEachReplica(place, "t", 2);
		expect(replicas[0]).toEqual(replicas[1]);
		const ids = replicas[0] ?? [];
		expect(new Set(ids).size).toBe(ids.length);
		expect(load.acknowledged.filter((id) => !ids.includes(id))).toEqual([]);
		await until("one process of each kind runs", 20, async () => processesOf(place).length === 3 || undefined);
	};

	it("goes on when a replica is killed, without one failed SELECT", async () => {
		for (const replica of ["0-0", "0-1", "0-1", "0-0"]) {
			await working();
			place.kill(replica);
		}
		await working();
		await whole();
		expect(load.selects.failed).toEqual([]);
	});

	it("has its router back by itself", async () => {
		for (let round = 0; round < 3; round++) {
			await working();
			const before = place.processes().router;
			place.kill("router");
			await until("another router runs", 30, async () => {
				const { router } = place.processes();
				return (router !== undefined && router.pid !== before?.pid) || undefined;
			});
		}
		await working();
		await whole();
	});

	it("loses nothing when everything is killed at random moments", async () => {
		let seed = 20_261_123;
		const random = (below: number) => {
			seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
			return seed % below;
		};
		for (let round = 0; round < 6; round++) {
			await working();
			await sleep(random(60));
			const victims = [["router"], ["0-0", "0-1"], ["router", "0-0"], ["router", "0-0", "0-1"]][random(4)] ?? [];
			for (const victim of victims) place.kill(victim);
			if (victims.length === 3) {
				// Nobody is left to bring it back, as after a restart of the machine.
				await place.until("Stopped");
				await place.under((claim, control) => control.start(claim));
			}
		}
		await working();
		await whole();
	});

	it("is Stopped when nothing runs any more, and starts with all its rows", async () => {
		await working();
		for (const which of ["router", "0-0", "0-1"]) place.kill(which);
		const stopped = await place.until("Stopped");
		expect(stopped.replicas.map(({ serving }) => serving)).toEqual([false, false]);
		await place.under((claim, control) => control.start(claim));
		await working();
		await whole();
	});
});
