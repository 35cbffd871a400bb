import { describe, expect, it } from "vitest";
import type { ClusterControl } from "../../src/control/port";
import type { RollEvent } from "../../src/roll/events";
import { rows, type World } from "../scripted/world";
import { given, run, shows, v1, v2 } from "./build";

describe("a replica that is out", () => {
	it("is let back three times where another can't take over each time, and then it is not tried again", async () => {
		const world = given([[{}, {}]]);
		const { error, events } = await run(world, v2, {
			report: ({ event }) => {
				if (event === "draining") world.unit("a-0-0").behindUntil = world.clock.now() + 5000;
			},
		});
		expect(error).toMatchObject({
			stop: { replica: "a-0-1", cause: { kind: "not-safe", others: [{ replica: "a-0-0", problem: "behind" }] } },
		});
		const outAndBack = ["drain a-0-1", "undrain a-0-1"];
		expect(world.log).toEqual(["begin", ...outAndBack, ...outAndBack, ...outAndBack]);
		expect(events.filter(({ event }) => event === "returned")).toEqual([
			{ event: "returned", replica: "a-0-1" },
			{ event: "returned", replica: "a-0-1" },
		]);
	});

	it("is drained again where others restarted it, three times at most", async () => {
		const world = given([[{}, {}]], { engines: { "1.7.1": { boots: 0 } } });
		const { events, rolled } = await run(world, v2, {
			report: (event) => {
				if (event.event === "draining" && event.replica === "a-0-1")
					void world.clock.sleep(10).then(() => world.boot(world.unit("a-0-1")));
			},
		});
		expect(rolled?.steps).toBe(2);
		const out = events.filter((event) => "replica" in event && event.replica === "a-0-1");
		expect(out.map(({ event }) => event).filter((event) => event !== "progress")).toEqual([
			"draining",
			"draining",
			"draining",
			"drained",
			"restarting",
			"serving",
		]);
		const again = ["drain a-0-1", "undrain a-0-1"];
		expect(world.log.slice(0, 7)).toEqual(["begin", ...again, ...again, "drain a-0-1", "restart a-0-1 1.8.0"]);
	});

	it("and is drained again needs the others as long as it answers, though clients do not reach it yet", async () => {
		const world = given([[{}, {}]]);
		let returned = 0;
		await run(world, v2, {
			report: ({ event }) => {
				if (event === "draining" && returned === 0) world.unit("a-0-0").behindUntil = world.clock.now() + 5000;
				if (event === "returned") returned++;
			},
			through: (control) => ({
				...control,
				look: async (name, care) => {
					const view = await control.look(name, care);
					const isLate = name === "a-0-1" && returned === 1 && world.log.at(-1) === "undrain a-0-1";
					return isLate ? { ...view, replica: { ...view.replica, serving: false } } : view;
				},
			}),
		});
		expect(returned).toBe(1);
		expect(world.violations).toEqual([]);
	});

	it("and died before it is drained again needs no others", async () => {
		const world = given([[{}, {}]]);
		await run(world, v2, {
			report: ({ event }) => {
				if (event === "draining") world.unit("a-0-0").behindUntil = Number.POSITIVE_INFINITY;
				if (event === "returned") world.kill("a-0-1");
			},
		});
		expect(world.log).toContain("restart a-0-1 1.8.0");
	});

	it("and those of its shard are asked once what they hold before, and once more if no query ran there", async () => {
		const world = given([[{}, {}, {}]]);
		const asked: Record<string, string[]> = {};
		let phase = "";
		const through = (control: ClusterControl): ClusterControl => ({
			...control,
			holds: (name) => {
				asked[phase] = [...(asked[phase] ?? []), name].sort();
				return control.holds(name);
			},
			look: (name, care) => {
				if (phase === "began") asked.looks = [...(asked.looks ?? []), name].sort();
				return control.look(name, care);
			},
		});
		await run(world, v2, {
			through,
			report: ({ event }) => {
				if (event !== "progress" && event !== "drained") phase = event;
			},
		});
		const all = ["a-0-0", "a-0-1", "a-0-2"];
		expect(asked).toMatchObject({ looks: all, began: all });
		// The other two steps are alike.
		expect(asked.draining).toHaveLength(3 * all.length);
	});

	it("is let back where others lack something after its queries, three times at most", async () => {
		const more = { ...rows, name: "more", path: "/more" };
		const world = given([[{ tables: [rows, more] }, { tables: [rows, more] }]]);
		const other = world.unit("a-0-0");
		world.unit("a-0-1").queries = [Number.POSITIVE_INFINITY];
		const { error } = await run(world, v2, {
			timing: { drainSeconds: 3 },
			report: ({ event }) => {
				if (event === "draining") void world.clock.sleep(1000).then(() => world.data.setTables(other, [rows]));
				if (event === "returned") world.data.setTables(other, [rows, more]);
			},
		});
		const others = [{ replica: "a-0-0", problem: "lacks" }];
		expect(error).toMatchObject({ stop: { replica: "a-0-1", cause: { kind: "not-safe", others } } });
		expect(world.log.filter((line) => line.startsWith("drain"))).toHaveLength(3);
	});

	it("is not taken out while another that serves can't be asked what it holds", async () => {
		const world = given([[{}, {}]]);
		const start = world.clock.now();
		const through = (control: ClusterControl): ClusterControl => ({
			...control,
			holds: async (name) => {
				const holds = await control.holds(name);
				return name === "a-0-0" && world.clock.now() < start + 5000 ? undefined : holds;
			},
		});
		await run(world, v2, { through });
		expect(world.log.slice(0, 3)).toEqual(["begin", "drain a-0-1", "restart a-0-1 1.8.0"]);
	});

	it("is asked for its tables once it answers, before clients reach it, and not while it starts", async () => {
		const more = { ...rows, name: "more", path: "/more" };
		const engines = { "1.8.0": { boots: 10_000, lags: 60_000 } };
		const world = given([[{ tables: [rows, more] }, { tables: [rows, more] }]], { engines });
		world.unit("a-0-1").loses = "a table";
		let restartedAt = Number.POSITIVE_INFINITY;
		let early = 0;
		const through = (control: ClusterControl, world: World): ClusterControl => ({
			...control,
			holds: (name) => {
				if (name === "a-0-1" && world.clock.now() > restartedAt && world.clock.now() < restartedAt + 9000) early++;
				return control.holds(name);
			},
		});
		const { error } = await run(world, v2, {
			through,
			report: ({ event }) => {
				if (event === "restarting") restartedAt = world.clock.now();
			},
		});
		expect(error).toMatchObject({ stop: { cause: { kind: "data-missing", tables: ["default.more"] } } });
		expect(world.clock.now() - restartedAt).toBeLessThan(20_000);
		expect(early).toBe(0);
	});

	it("is not taken out before another serves that had to get a table, and was restarted meanwhile", async () => {
		const more = { ...rows, name: "more", path: "/more" };
		const world = given([[{ tables: [rows] }, { tables: [rows, more] }]]);
		const other = world.unit("a-0-0");
		const { rolled } = await run(world, v2, {
			report: ({ event }) => {
				if (event !== "holding" || other.drained) return;
				void world.clock.sleep(3000).then(() => {
					world.data.setTables(other, [rows, more]);
					other.drained = true;
					void world.clock.sleep(20_000).then(() => Object.assign(other, { drained: false }));
				});
			},
		});
		expect(rolled?.seconds).toBeGreaterThan(23);
		expect(world.log.slice(0, 3)).toEqual(["begin", "drain a-0-1", "restart a-0-1 1.8.0"]);
		expect(world.violations).toEqual([]);
	});

	it("still shows what it ran for a while after it was told to restart", async () => {
		const world = given([[{}, {}]]);
		let until = Number.POSITIVE_INFINITY;
		const through = shows(({ replica }) => {
			const stops = replica.name === "a-0-1" && !replica.serving && until > world.clock.now();
			return stops ? { replica: { ...replica, version: v1, readOnly: undefined }, phase: "stopping" } : {};
		});
		const report = ({ event }: RollEvent) => {
			if (event === "restarting") until = Math.min(until, world.clock.now() + 1500);
		};
		expect((await run(world, v2, { through, report })).rolled?.steps).toBe(2);
	});

	it("that serves and fails, its version unknown, failed", async () => {
		const failure = { cause: "container", words: "the sidecar ended" } as const;
		let restarted = false;
		const through = shows(({ replica }) =>
			restarted && replica.serving ? { replica: { ...replica, version: undefined }, failure } : {},
		);
		const report = ({ event }: RollEvent) => {
			if (event === "restarting") restarted = true;
		};
		const { error } = await run(given([[{}]]), v2, { through, report });
		expect(error).toMatchObject({ stop: { cause: { kind: "failed", ...failure } } });
	});

	it("that can't start on an emptied volume is told by what it has lost", async () => {
		const world = given([[{}, {}]], { engines: { "1.8.0": { fate: "exits", boots: 0 } } });
		const failure = { cause: "emptied", words: "its volume is empty" } as const;
		const through = (control: ClusterControl, world: World): ClusterControl => ({
			...shows((view) => (view.failure === undefined ? {} : { failure }))(control),
			holds: async (name) => (world.unit(name).version === v2 ? { tables: [] } : control.holds(name)),
		});
		const { error } = await run(world, v2, { through });
		expect(error).toMatchObject({
			stop: { replica: "a-0-1", cause: { kind: "data-missing", tables: ["default.rows"], elsewhere: "a-0-0" } },
		});
	});
});

it("one on an emptied volume that never answers stands still where it is", async () => {
	const world = given([[{}, {}]], { engines: { "1.8.0": { fate: "exits", boots: 0 } } });
	const failure = { cause: "emptied", words: "its volume is empty" } as const;
	const through = shows((view) => (view.failure === undefined ? {} : { failure }));
	const { error } = await run(world, v2, { through });
	expect(error).toMatchObject({ stop: { replica: "a-0-1", cause: { kind: "stalled", phase: "ended" } } });
});

describe("queries that run on a replica that is next", () => {
	it("are waited for", async () => {
		const world = given([[{}, {}]]);
		world.unit("a-0-1").queries = [world.clock.now() + 20_000];
		const { events } = await run(world, v2);
		const drained = events.find(({ event }) => event === "drained");
		expect(events.find(({ event }) => event === "draining")).toMatchObject({ queries: 1 });
		expect(drained).toMatchObject({ cut: 0 });
		expect(drained && "seconds" in drained && drained.seconds).toBeGreaterThan(19);
		expect(drained && "seconds" in drained && drained.seconds).toBeLessThan(22);
	});

	it("have written what the others must have fetched before it is restarted", async () => {
		const world = given([[{}, {}]]);
		world.data.traffic = { every: 60_000, lag: 900 };
		world.unit("a-0-1").queries = [world.clock.now() + 3000];
		const { error } = await run(world, v2);
		expect(error).toBeUndefined();
		expect(world.violations).toEqual([]);
		expect(world.log.slice(0, 5)).toEqual([
			"begin",
			"drain a-0-1",
			"undrain a-0-1",
			"drain a-0-1",
			"restart a-0-1 1.8.0",
		]);
	});

	it("let the others be asked for less than all that is written until it is out, unless that was too little", async () => {
		const asked = async (lag: number, behind = 0) => {
			const world = given([[{}, {}]]);
			world.unit("a-0-0").behindUntil = world.clock.now() + behind;
			world.data.traffic = { every: 60_000, lag };
			world.unit("a-0-1").queries = [world.clock.now() + 3000];
			const calls: string[] = [];
			const through = (control: ClusterControl): ClusterControl => ({
				...control,
				look: async (name, care) => {
					if (name === "a-0-0" && !world.log.some((line) => line.startsWith("restart"))) {
						const drains = world.log.filter((line) => line.startsWith("drain")).length;
						calls.push(`${care === "exact" ? "all" : "some"} in try ${drains}`);
					}
					return control.look(name, care);
				},
			});
			await run(world, v2, { through });
			return [...new Set(calls)];
		};
		expect(await asked(0)).toEqual(["some in try 0", "all in try 1"]);
		expect(await asked(0, 10_000)).toEqual(["some in try 0", "all in try 1"]);
		expect(await asked(900)).toEqual(["some in try 0", "all in try 1", "all in try 2"]);
	});

	it("let the others be asked as soon as it is out if none is left, and again if some turn out to run", async () => {
		for (const { runs, answers, timing } of [
			{ runs: 0, answers: 1 },
			{ runs: 3000, answers: 2 },
			// It is cut, and what ended just before is in no earlier answer.
			{ runs: 600_000, answers: 2, timing: { drainSeconds: 0 } },
		]) {
			const world = given([[{}, {}]]);
			const start = world.clock.now();
			world.data.traffic = { every: 60_000, lag: 900 };
			world.unit("a-0-1").queries = runs === 0 ? [] : [start + runs];
			const asked: number[] = [];
			const out: number[] = [];
			const through = (control: ClusterControl): ClusterControl => ({
				...control,
				drain: async (claim, replica, next) => {
					await control.drain(claim, replica, next);
					return 0;
				},
				look: async (name, care) => {
					if (name === "a-0-0" && care === "exact") asked.push(world.clock.now());
					if (name === "a-0-1" && world.log.includes("drain a-0-1")) out.push(world.clock.now());
					return control.look(name, care);
				},
			});
			await run(world, v2, { timing, through });
			expect(world.violations).toEqual([]);
			expect(asked[0], "at the same time").toBe(out[0]);
			expect(asked.length).toBeGreaterThanOrEqual(answers);
			if (timing === undefined) expect(asked.at(-1)).toBeGreaterThanOrEqual(start + runs);
		}
	});

	it("let the others be asked once for all that is written, when none is left", async () => {
		for (const seconds of [0, 3]) {
			const world = given([[{}, {}]]);
			world.unit("a-0-1").queries = seconds === 0 ? [] : [world.clock.now() + seconds * 1000];
			const asked: string[] = [];
			await run(world, v2, {
				through: (control) => ({
					...control,
					look: async (name, care) => {
						if (!world.log.includes("restart a-0-1 1.8.0")) asked.push(`${name} ${care}`);
						return control.look(name, care);
					},
				}),
			});
			expect(asked.filter((look) => look.endsWith("exact"))).toEqual(["a-0-0 exact"]);
			expect(asked[0]).toBe("a-0-1 brief");
		}
	});

	it("are cut when they last longer than told", async () => {
		const world = given([[{}, {}]]);
		world.unit("a-0-1").queries = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
		const { events } = await run(world, v2, { timing: { drainSeconds: 12 } });
		expect(events.find(({ event }) => event === "drained")).toMatchObject({ cut: 2, seconds: 12 });
	});

	it("are noticed to have ended soon, and looked for less and less often", async () => {
		for (const [seconds, most] of [
			[0.3, 8],
			[20, 35],
		] as const) {
			const world = given([[{}]]);
			world.unit("a-0-0").queries = [world.clock.now() + seconds * 1000];
			const calls: number[] = [];
			const { events } = await run(world, v2, {
				report: ({ event }) => (event === "draining" || event === "drained") && calls.push(world.calls),
			});
			const drained = events.find((event) => event.event === "drained");
			expect(drained?.seconds).toBeLessThan(1.3 * seconds);
			// What is asked at each look, and what the drain itself asks.
			expect((calls[1] ?? 0) - (calls[0] ?? 0)).toBeLessThan(most + 10);
		}
	});

	it("may still run on one that can't be asked any more", async () => {
		const world = given([[{}, {}]]);
		const { events } = await run(world, v2, {
			timing: { drainSeconds: 12 },
			report: (event) => {
				if (event.event === "draining" && event.replica === "a-0-1") world.kill("a-0-1");
			},
		});
		expect(events.find(({ event }) => event === "drained")).toMatchObject({ cut: 0, seconds: 12 });
	});

	it("of a replica that is down are not waited for", async () => {
		const world = given([[{}, { is: "killed" }]]);
		const { events } = await run(world, v2);
		const drained = events.find(({ event }) => event === "drained");
		expect(drained && "seconds" in drained && drained.seconds).toBeLessThan(1);
	});
});
