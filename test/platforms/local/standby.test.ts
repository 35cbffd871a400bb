import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Claim } from "../../../src/control/port";
import { signal } from "../../../src/platforms/local/process-id";
import { engines, LocalPlace, until, versions } from "./place";

/** The processes that wait for their turn in a cluster, by their command lines. */
function standbys(place: LocalPlace): number[] {
	const lines = execFileSync("ps", ["-eo", "pid,stat,args"], { encoding: "utf8" }).split("\n");
	return lines
		.filter((line) => line.includes(place.home) && line.includes('"standby":true') && !/^\s*\d+\s+Z/.test(line))
		.map((line) => Number(line.trim().split(/\s+/)[0]));
}

describe("a replica's next process, started ahead of its turn", () => {
	let place: LocalPlace;
	beforeEach(async () => {
		place = await LocalPlace.open();
		await place.started();
	});
	afterEach(() => place?.close());

	const replica = async (name: string) => {
		const cluster = await place.control().observe();
		return cluster?.replicas.find((it) => it.name === name);
	};
	const comesUp = (name: string) =>
		until(`${name} serves`, 60, async () => ((await replica(name))?.serving ? replica(name) : undefined));
	const none = () => until("no process waits any more", 20, async () => standbys(place).length === 0 || undefined);

	it("takes it, and touches nothing before", async () => {
		await place.under(async (claim, control) => {
			const [before, old] = [await control.observe(), place.replicaProcess("0-1")];
			await control.prepare(claim, "db-0-1", versions.v2);
			await control.prepare(claim, "db-0-1", versions.v2);
			const [waiting, ...more] = standbys(place);
			expect(waiting).toBeDefined();
			expect(more).toEqual([]);
			expect(await control.observe()).toEqual(before);
			expect(place.replicaProcess("0-1")).toEqual(old);
			await control.drain(claim, "db-0-1");
			await control.restart(claim, "db-0-1", versions.v2);
			expect(await comesUp("db-0-1")).toMatchObject({ version: versions.v2, openedBy: versions.v2 });
			expect(place.replicaProcess("0-1")?.pid).toBe(waiting);
		});
		// It is the replica now, and outlives the router that it was started by.
		const pid = place.replicaProcess("0-1")?.pid;
		place.kill("router");
		await until("another router runs", 20, async () => place.processes().router !== undefined || undefined);
		await place.until("Started");
		expect(place.replicaProcess("0-1")?.pid).toBe(pid);
	});

	it("leaves a replica that crashes to its own version", async () => {
		await place.under(async (claim, control) => {
			await control.prepare(claim, "db-0-1", versions.v2);
			const old = place.replicaProcess("0-1")?.pid;
			place.kill("0-1");
			await until("another process serves", 60, async () => {
				const pid = place.replicaProcess("0-1")?.pid;
				return pid !== undefined && pid !== old && (await replica("db-0-1"))?.serving ? true : undefined;
			});
			expect(await replica("db-0-1")).toMatchObject({ version: versions.v1, openedBy: versions.v1 });
		});
	});

	it("is not needed: a restart does without one that was killed, or can't load its engine", async () => {
		await place.under(async (claim, control) => {
			await control.prepare(claim, "db-0-1", versions.broken);
			await control.prepare(claim, "db-0-1", versions.v2);
			for (const pid of standbys(place)) process.kill(pid, "SIGKILL");
			await control.restart(claim, "db-0-1", versions.v2);
			expect(await comesUp("db-0-1")).toMatchObject({ version: versions.v2 });
			await control.prepare(claim, "db-0-0", versions.broken);
			expect((await replica("db-0-0"))?.serving).toBe(true);
		});
		await none();
	});

	it("is ended, where it took its turn and hangs while it loads its engine, once another is wanted or none", async () => {
		// What is opened to be read waits for somebody to write.
		const hangs = join(place.root, "hangs");
		mkdirSync(hangs);
		execFileSync("mkfifo", [join(hangs, "libchdb.so")]);
		const control = place.control({ engines: { ...engines, [versions.broken]: hangs } });
		const hang = async (claim: Claim) => {
			await control.prepare(claim, "db-0-1", versions.broken);
			await control.restart(claim, "db-0-1", versions.broken);
			const turn = async () => (await control.look("db-0-1")).phase === "starting" || undefined;
			await until("it takes its turn", 30, turn);
			expect(standbys(place)).toHaveLength(1);
		};
		await place.under(async (claim) => {
			await hang(claim);
			await control.restart(claim, "db-0-1", versions.v1);
			expect(await comesUp("db-0-1")).toMatchObject({ version: versions.v1, openedBy: versions.v1 });
			await none();
			await hang(claim);
			await control.stop(claim);
		});
		await place.until("Stopped");
		await none();
	});

	it("ends when its turn does not come: the claim is given up, or the router ends", async () => {
		await place.under((claim, control) => control.prepare(claim, "db-0-1", versions.v2));
		await none();
		await place.under(async (claim, control) => {
			await control.prepare(claim, "db-0-1", versions.v2);
			expect(standbys(place)).toHaveLength(1);
			const { router } = place.processes();
			if (router !== undefined) signal(router, "SIGKILL");
			await none();
		});
		expect(await replica("db-0-1")).toMatchObject({ version: versions.v1, openedBy: versions.v1 });
	});
});
