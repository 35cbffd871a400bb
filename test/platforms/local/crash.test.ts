import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { signal } from "../../../src/platforms/local/process-id";
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

describe.each([
	["one replica", ["0-1"]],
	["every replica", ["0-0", "0-1"]],
])("a write in whose middle %s is killed", (_, victims) => {
	let place: LocalPlace;
	let load: Load | undefined;
	beforeAll(async () => {
		place = await LocalPlace.open();
		await place.started();
	});
	afterEach(async () => {
		await load?.stop();
		load = undefined;
	});
	afterAll(() => place?.close());

	const tables = ["t", "u", "w", "m", "acknowledged"];
	const columns = "(id UInt64, p UInt8, s UInt64) ENGINE = MergeTree ORDER BY id PARTITION BY p";
	const lines = (from: number) =>
		Array.from({ length: 60_000 }, (_, k) => `${from + k},${k % 5},0`)
			.join("\n")
			.concat("\n");
	const statements: readonly [name: string, sql: string][] = [
		["INSERT of several partitions", `INSERT INTO t FORMAT CSV\n${lines(1_000_000)}`],
		["INSERT SELECT from its own table", "INSERT INTO t SELECT id + 2000000, p, s FROM t"],
		["ALTER UPDATE", "ALTER TABLE t UPDATE s = s + 1 WHERE 1"],
		["RENAME", "RENAME TABLE u TO w"],
		["MOVE PARTITION", "ALTER TABLE t MOVE PARTITION 1 TO TABLE m"],
	];

	const setUp = async () => {
		for (const table of tables) await place.sql(`DROP TABLE IF EXISTS ${table}`);
		for (const table of ["t", "u", "m"]) await place.sql(`CREATE TABLE ${table} ${columns}`);
		await place.sql("CREATE TABLE acknowledged (id UInt64) ENGINE = MergeTree ORDER BY id");
		await place.sql(`INSERT INTO t FORMAT CSV\n${lines(0)}`);
		await place.sql("INSERT INTO u VALUES (1, 1, 1)");
		for (let id = 0; id < 3; id++) await place.sql(`INSERT INTO acknowledged VALUES (${id})`);
	};

	/** All rows and names as one replica has them. */
	const everything = (replica: string) =>
		Promise.all(
			[
				"SELECT groupArray(name) FROM (SELECT name FROM system.tables WHERE database = 'default' ORDER BY name)",
				"SELECT count(), uniqExact(id), sum(id), sum(s), groupUniqArray(p) FROM (SELECT * FROM t ORDER BY p)",
				"SELECT count(), sum(id) FROM merge('default', '^(u|w)$')",
				"SELECT count(), sum(id), sum(s) FROM m",
				"SELECT groupArray(id) FROM (SELECT id FROM acknowledged ORDER BY id)",
			].map((sql) => place.ask(replica, sql)),
		);

	/** Both replicas hold the same: all that was acknowledged, once, and the write in question if that was. */
	const same = async (name: string, acknowledged: boolean) => {
		await place.until("Started");
		const [first, second] = [await everything("0-0"), await everything("0-1")];
		expect(second).toEqual(first);
		const [names, t, renamed, moved, ids] = first;
		expect(ids).toBe("[0,1,2]");
		expect(renamed).toBe("1\t1");
		if (!acknowledged) return;
		const [count, distinct, , changed] = (t ?? "").split("\t");
		expect(count).toBe(distinct);
		if (name.startsWith("INSERT")) expect(count).toBe("120000");
		if (name.startsWith("ALTER")) expect(changed).toBe("60000");
		if (name === "RENAME") expect(names).toContain("'w'");
		if (name === "MOVE PARTITION") expect([count, moved?.split("\t")[0]]).toEqual(["48000", "12000"]);
	};

	/** Sends a write, and kills the victims between its beginning and their answers. Resolves with what its client was told. */
	const killedIn = async (sql: string) => {
		const before = place.numbers("0-0").begun;
		let told: "acknowledged" | "refused" | undefined;
		const sent = place.sql(sql).then(
			() => (told = "acknowledged"),
			() => (told = "refused"),
		);
		const processes = place.processes();
		const left = new Set(victims);
		while (left.size > 0 && told === undefined) {
			for (const victim of left) {
				const { begun, answered } = place.numbers(victim);
				const id = processes[victim];
				if (begun <= before || answered >= begun || id === undefined) continue;
				signal(id, "SIGKILL");
				left.delete(victim);
			}
			await new Promise(setImmediate);
		}
		return { told: await sent, landed: left.size === 0 };
	};

	it.each(statements)("leaves the replicas equal: %s", async (name, sql) => {
		for (let round = 0; round < 5; round++) {
			await setUp();
			load = new Load(place, "acknowledged", 2, "reads");
			const { told, landed } = await killedIn(sql);
			await same(name, told === "acknowledged");
			await load.stop();
			if (victims.length === 1) {
				expect(load.selects.failed).toEqual([]);
				expect(told).toBe("acknowledged");
			}
			if (landed) return;
		}
		// What is over in a moment was not caught in its middle; the test below takes its end.
		expect(name).toMatch(/^(RENAME|MOVE PARTITION|ALTER UPDATE)$/);
	});

	it.each(statements)(
		"leaves the replicas equal when it was done, and only the answer was not noted: %s",
		async (name, sql) => {
			await setUp();
			await place.sql(sql);
			for (const which of ["router", "0-0", "0-1"]) place.kill(which);
			await place.until("Stopped");
			for (const victim of victims) place.forgetAnswer(victim);
			await place.under((claim, control) => control.start(claim));
			await same(name, true);
		},
	);
});
