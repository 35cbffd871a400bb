import { describe, expect, it } from "vitest";
import { ControlError } from "../../src/control/errors";
import type { HeldTable } from "../../src/core/holdings";
import type { RollEvent } from "../../src/roll/events";
import { digestOf } from "../../src/roll/missing-tables";
import { rows, type World } from "../scripted/world";
import { given, run, shown, v1, v2, v3 } from "./build";

const more: HeldTable = { database: "default", name: "more", engine: "ReplicatedMergeTree", path: "/more" };
const log: HeldTable = { database: "default", name: "log", engine: "Log", rows: 3 };
const whole = { tables: [rows, more] };
const restarts = (world: World) => world.log.filter((line) => line.startsWith("restart"));
const stops = (cause: object, more: object = {}) => ({ error: { stop: { cause, ...more } } });

/** At the moment in which a roll restarts a replica for the first time. */
const once = (replica: string, act: () => void) => {
	let done = false;
	return (event: RollEvent) => {
		if (event.event !== "restarting" || event.replica !== replica || done) return;
		done = true;
		act();
	};
};

describe("a replica that comes back with less", () => {
	it.each([
		["a-0-1", "all", ["default.more", "default.rows"], ["restart a-0-1 1.8.0"]],
		["a-0-1", "a table", ["default.more"], ["restart a-0-1 1.8.0"]],
		["a-0-0", "all", ["default.more", "default.rows"], ["restart a-0-1 1.8.0", "restart a-0-0 1.8.0"]],
	] as const)("stops the roll at %s, which lost %s, and serves nobody", async (replica, what, tables, restarted) => {
		const world = given([[whole, whole]]);
		world.unit(replica).loses = what;
		const elsewhere = replica === "a-0-1" ? "a-0-0" : "a-0-1";
		const ended = await run(world, v2);
		const cause = { kind: "data-missing", tables, count: tables.length, elsewhere };
		expect(ended).toMatchObject(stops(cause, { replica, reads: true, step: restarted.length, of: 2 }));
		expect(restarts(world)).toEqual(restarted);
		expect(world.condition(world.unit(replica)).serving).toBe(false);
		expect(world.condition(world.unit(elsewhere)).serving).toBe(true);

		const atOnce = { replica, change: "version", step: 0, of: 0 };
		expect(await run(world, v2)).toMatchObject(stops(cause, atOnce));
		expect(restarts(world)).toEqual(restarted);

		world.data.setTables(world.unit(replica), whole.tables);
		expect((await run(world, v2)).error).toBeUndefined();
		expect(shown(world)).toEqual(["a-0-0 1.8.0 serves", "a-0-1 1.8.0 serves"]);
		expect(world.record()?.held ?? {}).toEqual({});
		expect(world.violations).toEqual([]);
	});

	it("is found out where it is the only one of its shard, whose tables nobody else can tell of", async () => {
		const world = given([[whole]]);
		world.unit("a-0-0").loses = "a table";
		expect(await run(world, v2)).toMatchObject(stops({ kind: "data-missing", tables: ["default.more"], count: 1 }));
	});

	it("is found out by rows of its own that are gone", async () => {
		const world = given([[{ tables: [rows, log] }, { tables: [rows, log] }]]);
		const report = once("a-0-1", () => world.data.setTables(world.unit("a-0-1"), [rows, { ...log, rows: 1 }]));
		expect(await run(world, v2, { report })).toMatchObject(stops({ kind: "data-missing", tables: ["default.log"] }));
	});

	it("is found out where all were down, so that nobody could tell when it came back", async () => {
		const world = given([
			[
				{ is: "killed", ...whole },
				{ is: "killed", tables: [] },
			],
		]);
		const cause = { kind: "data-missing", count: 2, elsewhere: "a-0-0" };
		expect(await run(world, v2)).toMatchObject(stops(cause, { replica: "a-0-1" }));
		expect(world.condition(world.unit("a-0-1")).serving).toBe(false);
	});

	it("goes on serving where no other has all that it has", async () => {
		const own = { tables: [rows, { ...more, path: "/more-1" }] };
		const world = given([[whole, { is: "killed", ...own }]]);
		expect(await run(world, v2)).toMatchObject(stops({ kind: "data-missing" }, { replica: "a-0-1" }));
		expect(shown(world)).toEqual(["a-0-0 1.7.1 serves", "a-0-1 1.8.0 serves"]);
		expect(world.violations).toEqual([]);
	});

	it("is accepted where what it lost is named as local", async () => {
		const world = given([[whole, whole]]);
		world.unit("a-0-1").loses = "a table";
		expect((await run(world, v2, { localTables: ["default.more"] })).error).toBeUndefined();
		expect(world.violations).toEqual([]);
	});

	it("does not stop the roll where somebody drops a table on all while it is drained", async () => {
		const world = given([[whole, whole]]);
		world.unit("a-0-1").queries = [world.clock.now() + 10_000];
		const report = (event: RollEvent) => {
			if (event.event === "draining" && event.replica === "a-0-1")
				for (const unit of world.present().units) world.data.setTables(unit, [rows]);
		};
		expect((await run(world, v2, { report })).error).toBeUndefined();
	});

	it("does not stop the roll where somebody drops a table on all while it restarts, nor the next one after a crash", async () => {
		const dropping = () => {
			const world = given([[whole, whole]]);
			const report = once("a-0-1", () => {
				for (const unit of world.present().units) world.data.setTables(unit, [rows]);
			});
			return { world, report };
		};
		const { world, report } = dropping();
		let restarted = 0;
		const noted = (event: RollEvent) => {
			report(event);
			if (event.event === "restarting" && event.replica === "a-0-1") restarted = world.calls;
		};
		expect((await run(world, v2, { report: noted })).error).toBeUndefined();
		expect(world.violations).toEqual([]);

		const killed = dropping();
		const faults = { [restarted + 1]: { kind: "crash", when: "after" } } as const;
		expect((await run(killed.world, v2, { faults, report: killed.report })).crashed).toBe(true);
		expect(killed.world.record()?.held).toMatchObject({ "a-0-1": { tables: 2, others: ["a-0-0"] } });
		expect((await run(killed.world, v2)).error).toBeUndefined();
		expect(shown(killed.world)).toEqual(["a-0-0 1.8.0 serves", "a-0-1 1.8.0 serves"]);
	});

	it("does not stop the roll where its restart brings back a table that was detached on all", async () => {
		const world = given([[{ tables: [rows] }, { tables: [rows] }]]);
		const report = (event: RollEvent) => {
			if (event.event === "restarting") world.data.setTables(world.unit(event.replica), whole.tables);
		};
		expect((await run(world, v2, { report })).error).toBeUndefined();
		expect(shown(world)).toEqual(["a-0-0 1.8.0 serves", "a-0-1 1.8.0 serves"]);
	});

	it("serves nobody, whatever its restart brings back", async () => {
		const world = given([[whole, whole]]);
		const report = once("a-0-1", () => world.data.setTables(world.unit("a-0-1"), [rows, log]));
		const cause = { kind: "data-missing", tables: ["default.more"], count: 1, elsewhere: "a-0-0" };
		expect(await run(world, v2, { report })).toMatchObject(stops(cause, { replica: "a-0-1" }));
		expect(world.condition(world.unit("a-0-1")).serving).toBe(false);
	});
});

describe("after a crash of this process", () => {
	it.each([
		["by those that serve", [[whole, whole]], "a-0-1", { tables: ["default.more"], count: 1, elsewhere: "a-0-0" }],
		["by their number", [[whole]], "a-0-0", { tables: [], count: 1 }],
	] as const)(
		"what did not come back is found %s, at whatever call it crashed",
		async (_, shards, replica, missing) => {
			const calls = async (crash?: number) => {
				const world = given(shards);
				world.unit(replica).loses = "a table";
				let restarted = Number.POSITIVE_INFINITY;
				const report = once(replica, () => {
					restarted = world.calls;
				});
				const faults = crash === undefined ? {} : ({ [crash]: { kind: "crash", when: "after" } } as const);
				const ended = await run(world, v2, { faults, report });
				return { world, restarted, ended };
			};
			const { world: first, restarted } = await calls();
			for (let call = restarted; call < first.calls - 1; call += 7) {
				const { world, ended } = await calls(call);
				expect(ended.crashed, `call ${call}`).toBe(true);
				// The mark keeps the next from taking it for a new update, and what it held was noted before the restart.
				expect(await run(world, v2), `call ${call}`).toMatchObject(
					stops({ kind: "data-missing", ...missing }, { replica }),
				);
				expect(world.log, `call ${call}`).not.toContain(`undrain ${replica}`);
				expect(restarts(world), `call ${call}`).toEqual([`restart ${replica} 1.8.0`]);
				expect(world.violations, `call ${call}`).toEqual([]);
			}
		},
	);
});

it("what an earlier process stored of a replica is compared with what its restart brings, also if it answers before", async () => {
	const world = given([[{ is: "killed", tables: [rows] }]], {
		mark: { from: v1, to: v2, since: "2025-12-31T00:00:00.000Z" },
		engines: { "1.7.1": { boots: 0 } },
	});
	world.remember("a-0-0", digestOf(whole));
	const report = ({ event }: RollEvent) => event === "draining" && world.boot(world.unit("a-0-0"));
	expect(await run(world, v2, { report })).toMatchObject(stops({ kind: "data-missing", tables: [], count: 1 }));
	expect(restarts(world)).toEqual(["restart a-0-0 1.8.0"]);
	expect(world.record()?.held).toEqual({ "a-0-0": digestOf(whole) });
});

describe("a replica that was kept out and restarts while the next process asks", () => {
	/** It came back with less, at the target; the update stopped, and its server is just being started once more. */
	async function keptOut() {
		// Servers answer some time before clients reach them.
		const world = given([[whole, whole]], { engines: { "1.8.0": { lags: 10_000 } } });
		world.unit("a-0-1").loses = "a table";
		await run(world, v2);
		Object.assign(world.unit("a-0-1").process ?? {}, { since: world.clock.now() });
		world.log.length = 0;
		return world;
	}

	it("serves nobody as long as it has less", async () => {
		const world = await keptOut();
		expect(await run(world, v2)).toMatchObject(stops({ kind: "data-missing" }, { replica: "a-0-1" }));
		expect(world.log).not.toContain("undrain a-0-1");
		expect(world.violations).toEqual([]);
	});

	it("serves nobody where it can't be restarted either", async () => {
		const world = await keptOut();
		const { error } = await run(world, v3, {
			through: (control) => ({
				...control,
				holds: async (name) => (name === "a-0-1" ? undefined : control.holds(name)),
				restart: async () => {
					throw new ControlError("no such image");
				},
			}),
		});
		expect(error).toMatchObject({ stop: { replica: "a-0-1", cause: { words: "no such image" } } });
		expect(world.log).not.toContain("undrain a-0-1");
	});

	it("is let back once, and not restarted, where it has all again", async () => {
		const world = await keptOut();
		world.data.setTables(world.unit("a-0-1"), whole.tables);
		expect((await run(world, v2)).error).toBeUndefined();
		expect(world.log.filter((line) => line.endsWith("drain a-0-1") || line.includes("restart a-0-1"))).toEqual([
			"undrain a-0-1",
		]);
		expect(shown(world)).toEqual(["a-0-0 1.8.0 serves", "a-0-1 1.8.0 serves"]);
	});
});

it("what an earlier process stored of a replica that answers again is compared before it is restarted", async () => {
	const world = given([[whole, { is: "killed", tables: [rows] }]], {
		mark: { from: v1, to: v2, since: "2025-12-31T00:00:00.000Z" },
		engines: { "1.7.1": { boots: 0 } },
	});
	world.remember("a-0-1", digestOf(whole));
	const report = ({ event }: RollEvent) => event === "began" && world.boot(world.unit("a-0-1"));
	const cause = { kind: "data-missing", tables: ["default.more"], elsewhere: "a-0-0" };
	expect(await run(world, v2, { report })).toMatchObject(stops(cause, { replica: "a-0-1" }));
	expect(restarts(world)).toEqual([]);
});

describe("a replica that holds what another lacks", () => {
	it("is not taken down", async () => {
		const world = given([[{ tables: [rows] }, whole]]);
		const others = [{ replica: "a-0-0", problem: "lacks" }];
		const ended = await run(world, v2);
		expect(ended).toMatchObject(stops({ kind: "not-safe", others }, { replica: "a-0-1" }));
		expect(ended.events).toContainEqual({ event: "holding", replica: "a-0-1", others });
		expect(world.log).toEqual(["begin"]);
	});

	it("is not taken down for a table of the same name that does not replicate with it", async () => {
		const world = given([[whole, { tables: [rows, { ...more, path: "/more-1" }] }]]);
		expect(await run(world, v2)).toMatchObject(stops({ kind: "not-safe" }));
		expect(world.log).toEqual(["begin"]);
	});

	it("waits for a table that another is about to get", async () => {
		const world = given([[{ tables: [rows] }, whole]]);
		const report = ({ event }: RollEvent) => {
			if (event === "holding")
				void world.clock.sleep(5000).then(() => world.data.setTables(world.unit("a-0-0"), whole.tables));
		};
		const { error, events } = await run(world, v2, { report });
		expect(error).toBeUndefined();
		expect(events.filter(({ event }) => event === "holding")).toHaveLength(1);
		expect(world.violations).toEqual([]);
	});

	it("is taken down where that is named as local", async () => {
		const world = given([[{ tables: [rows] }, whole]]);
		expect((await run(world, v2, { localTables: ["default.*"] })).error).toBeUndefined();
	});

	it.each([0, 5])("is let back where the other lost its volume %d s after it was drained", async (seconds) => {
		const world = given([[whole, whole]]);
		world.unit("a-0-1").queries = [world.clock.now() + 20_000];
		const report = (event: RollEvent) => {
			if (event.event !== "draining") return;
			void world.clock.sleep(seconds * 1000).then(() => {
				world.unit("a-0-0").loses = "all";
				world.boot(world.unit("a-0-0"));
			});
		};
		expect(await run(world, v2, { report })).toMatchObject(stops({ kind: "not-safe" }, { replica: "a-0-1" }));
		expect(shown(world)).toContain("a-0-1 1.7.1 serves");
		expect(restarts(world)).toEqual([]);
		expect(world.violations).toEqual([]);
	});
});

it("what is remembered of a replica that the cluster has no more is nobody's", async () => {
	const world = given([[whole, whole]]);
	world.remember("a-0-9", digestOf(whole));
	expect((await run(world, v2)).error).toBeUndefined();
});

it("a replica whose data would end with its process is let back instead of restarted", async () => {
	const world = given([[{ volatile: "its volume is an emptyDir" }]]);
	const cause = { kind: "volatile", words: "its volume is an emptyDir" };
	expect(await run(world, v2)).toMatchObject(stops(cause, { replica: "a-0-0", reads: true }));
	expect(world.log).toEqual(["begin", "drain a-0-0", "undrain a-0-0"]);
	expect(world.record()?.mark).toMatchObject({ from: v1 });
});
