import { describe, expect, it } from "vitest";
import { ClaimLost, ControlError } from "../../src/control/errors";
import type { ReplicaView } from "../../src/control/port";
import type { HeldDigest } from "../../src/control/record";
import type { Holdings } from "../../src/core/holdings";
import { compared, isWhole, lossWatch, othersHold, remember, remembered } from "../../src/roll/data-loss";
import type { RollEvent } from "../../src/roll/events";
import { type PlannedGround, StepStopped } from "../../src/roll/ground";
import { digestOf } from "../../src/roll/missing-tables";
import { cluster, tables } from "../build";
import { VirtualClock } from "../scripted/clock";
import { v2 } from "./build";

const [a, b, c] = ["analytics-0-0", "analytics-0-1", "analytics-0-2"] as const;
const of = (text: string, at?: string): Holdings => ({ tables: tables(text), ...(at !== undefined && { at }) });

interface Shows {
	/** What each replica holds after how many seconds; `undefined` if it can't be asked. */
	readonly holds: (replica: string, at: number) => Holdings | undefined;
	readonly views?: Readonly<Record<string, Partial<ReplicaView>>>;
	readonly down?: readonly string[];
	readonly held?: Readonly<Record<string, HeldDigest>>;
	readonly stallSeconds?: number;
	readonly localTables?: readonly string[];
	/** Names of changes that the platform refuses. */
	readonly refuses?: string;
}

/** A port of three replicas; what was changed, as `drain analytics-0-1`. */
function port({ holds, views = {}, down = [], held, stallSeconds = 300, localTables, refuses }: Shows) {
	const clock = new VirtualClock();
	const start = clock.now();
	const at = () => (clock.now() - start) / 1000;
	const changes: string[] = [];
	const events: RollEvent[] = [];
	const counts = { renewals: 0, records: 0, looks: 0 };
	const change = (what: string) => async (_: unknown, replica: string, digest?: HeldDigest) => {
		if (refuses === what) throw new ControlError("no");
		changes.push([what, replica, digest?.digest].filter((word) => word !== undefined).join(" "));
	};
	const control = {
		holds: async (name: string) => holds(name, at()),
		async look(name: string) {
			counts.looks++;
			const replica = cluster("1.8.0 1.8.0 1.8.0").replicas.find((one) => one.name === name);
			return { replica: { ...replica, serving: !down.includes(name) }, phase: "", ...views[name] };
		},
		async record() {
			counts.records++;
			return { held };
		},
		remember: change("remember"),
		drain: change("drain"),
	};
	const keeper = {
		renew: async () => void counts.renewals++,
		change: (call: (claim: unknown) => Promise<unknown>) => call({}),
	};
	const ground = {
		control,
		keeper,
		clock,
		timing: { stallSeconds },
		to: v2,
		given: new Set(),
		unchecked: new Map(),
		report: (event: RollEvent) => void events.push(event),
		localTables,
	} as unknown as PlannedGround;
	return { ground, changes, events, counts, seconds: at, clock };
}

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
	work.then(() => undefined).catch((error: unknown) => error);
const whyOf = async (work: Promise<unknown>) => {
	const error = await errorOf(work);
	expect(error).toBeInstanceOf(StepStopped);
	return { ...(error as StepStopped).why, replica: (error as StepStopped).replica };
};
const go = () => {};

describe("what others hold of a replica", () => {
	it.each<[string, Record<string, string>, boolean, unknown[]]>([
		["all of it", { [a]: "t@/t", [b]: "t@/t u@/u", [c]: "t@/t" }, true, []],
		["not all", { [a]: "t@/t u@/u", [b]: "t@/t", [c]: "t@/t u@/u" }, true, [{ replica: b, problem: "lacks" }]],
		["one can't be asked", { [a]: "t@/t", [b]: "t@/t" }, true, [{ replica: c, problem: "unknown" }]],
		["one can't be asked, and may need it back", { [a]: "t@/t", [b]: "" }, false, [{ replica: b, problem: "lacks" }]],
		[
			"it can't be asked itself",
			{ [b]: "t@/t", [c]: "" },
			true,
			[b, c].map((replica) => ({ replica, problem: "unknown" })),
		],
		["it can't be asked, and serves nobody", { [b]: "t@/t", [c]: "" }, false, []],
	])("%s", async (_, held, serves, lacking) => {
		const { ground } = port({ holds: (name) => (held[name] === undefined ? undefined : of(held[name])) });
		const own = held[a] === undefined ? undefined : of(held[a]);
		const theirs = [b, c].flatMap((name) => (held[name] === undefined ? [] : [{ name, holds: of(held[name]) }]));
		expect(await compared(ground, a, [b, c], serves)).toEqual({ own, theirs, lacking });
	});

	it("is waited for a while, and told once for each change", async () => {
		const { ground, events, seconds, counts } = port({
			holds: (name, at) => of(name === a || at > 8 ? "t@/t" : at > 4 ? "x" : ""),
		});
		expect(await othersHold(ground, a, [b], true, go)).toBe(true);
		expect(events).toEqual([{ event: "holding", replica: a, others: [{ replica: b, problem: "lacks" }] }]);
		expect(seconds()).toBeGreaterThan(8);
		expect(seconds()).toBeLessThan(10);
		expect(counts.looks).toBe(0);
	});

	it.each([
		[300, 15],
		[5, 5],
	])(
		"ends the wait (stall: %d) after %d seconds without a change, naming those that lack something",
		async (stallSeconds, most) => {
			const { ground, seconds, counts } = port({ stallSeconds, holds: (name) => of(name === b ? "" : "t@/t") });
			const why = await whyOf(othersHold(ground, a, [b, c], true, go));
			expect(why).toMatchObject({ kind: "not-safe", others: [{ replica: b, problem: "lacks" }] });
			expect(Math.floor(seconds())).toBe(most);
			expect(counts.renewals).toBeGreaterThan(5);
		},
	);

	it("needs no look where there are no others, or where all was just seen", async () => {
		const never = () => expect.unreachable();
		const { ground } = port({ holds: never });
		expect(await othersHold(ground, a, [], true, never)).toBe(false);
		expect(await othersHold(ground, a, [b], true, never, { own: undefined, theirs: [], lacking: [] })).toBe(false);
		const { ground: asked, counts } = port({ holds: () => of("t@/t") });
		await othersHold(asked, a, [b], true, go, {
			own: undefined,
			theirs: [],
			lacking: [{ replica: b, problem: "lacks" }],
		});
		expect(counts.renewals).toBe(1);
	});

	it("ends at once where others changed the shard of one that can't be asked, or the rollout has stopped", async () => {
		const asked = { object: "StatefulSet a-0", replicas: 1, of: 3 };
		const { ground, seconds } = port({ holds: (name) => (name === a ? of("") : undefined), views: { [b]: { asked } } });
		expect(await whyOf(othersHold(ground, a, [b], true, go))).toMatchObject({ kind: "resized", replica: b });
		expect(seconds()).toBe(0);
		const stop = () => {
			throw new Error("stopped");
		};
		await expect(othersHold(ground, a, [b], true, stop)).rejects.toThrow("stopped");
	});
});

describe("a replica that came back", () => {
	it("is whole where it has all that it had and all that the others hold, and is not asked again", async () => {
		let asked = 0;
		const { ground, counts } = port({
			holds: () => {
				asked++;
				return of("t@/t");
			},
		});
		const look = lossWatch(ground, a, of("t@/t"), [b]);
		expect([await look(), await look()]).toEqual([true, true]);
		expect(asked).toBe(2);
		// What this process asked it needs no record.
		expect(counts.records).toBe(0);
	});

	it("is looked at again where it does not answer", async () => {
		const { ground, clock } = port({ holds: (name, at) => (name === a && at < 5 ? undefined : of("t@/t")) });
		const look = lossWatch(ground, a, of("t@/t"), [b]);
		expect(await look()).toBe(false);
		await clock.sleep(6000);
		expect(await look()).toBe(true);
	});

	it("has lost something once it says so for three seconds, and is kept out while another serves it", async () => {
		const { ground, clock, changes } = port({ holds: (name) => (name === a ? of("", "/data on a disk") : of("t@/t")) });
		const look = lossWatch(ground, a, of("t@/t"), [b]);
		expect(await look()).toBe(false);
		await clock.sleep(2999);
		expect(await look()).toBe(false);
		await clock.sleep(1);
		expect(await whyOf(look())).toEqual({
			kind: "data-missing",
			tables: ["default.t"],
			count: 1,
			elsewhere: b,
			at: "/data on a disk",
			replica: a,
		});
		expect(changes).toEqual([`remember ${a} ${digestOf(of("t@/t")).digest}`, `drain ${a}`]);
	});

	it("has another three seconds where it lacks something else now", async () => {
		const { ground, clock } = port({
			holds: (name, at) => of(name === b ? "t@/t u@/u" : at < 2 ? "" : at < 6 ? "t@/t" : "t@/t u@/u"),
		});
		const look = lossWatch(ground, a, undefined, [b]);
		for (const pause of [0, 2900, 1900, 2000]) {
			await clock.sleep(pause);
			expect(await look()).toBe(pause === 2000);
		}
	});

	it("that has what another lacks is none that lost something, but the other is", async () => {
		const { ground, clock, changes } = port({ holds: (name) => of(name === c ? "t@/t" : "t@/t u@/u") });
		const look = lossWatch(ground, a, undefined, [b, c]);
		await look();
		await clock.sleep(3000);
		const why = await whyOf(look());
		expect(why).toStrictEqual({ kind: "data-missing", tables: ["default.u"], count: 1, elsewhere: a, replica: c });
		expect(changes.at(-1)).toBe(`drain ${c}`);
	});

	it("is compared with what an earlier process stored of it", async () => {
		const { ground, clock } = port({ holds: () => of("t@/t"), held: { [a]: digestOf(of("t@/t u@/u")) } });
		const look = lossWatch(ground, a, undefined, []);
		await look();
		await clock.sleep(3000);
		expect(await whyOf(look())).toMatchObject({ kind: "data-missing", tables: [], count: 1 });
	});

	it("does not lack what differs on purpose", async () => {
		const { ground } = port({ holds: (name) => of(name === a ? "" : "loc@/l"), localTables: ["default.loc"] });
		expect(await lossWatch(ground, a, of("loc@/l"), [b])()).toBe(true);
	});

	it.each<[string, Partial<Shows>]>([
		["none serves what it lacks", { down: [b] }],
		["none has all that it has", { holds: (name) => of(name === a ? "own@/own" : "t@/t") }],
		["another serves the same", { holds: () => of("") }],
		["none can be asked", { holds: (name) => (name === a ? of("") : undefined) }],
	])("is not kept out where %s", async (_, more) => {
		const shows = { holds: (name: string) => of(name === a ? "" : "t@/t"), ...more };
		const { ground, clock, changes } = port(shows);
		const look = lossWatch(ground, a, of("x@/x own@/own"), [b]);
		await look();
		await clock.sleep(3000);
		expect(await whyOf(look())).toMatchObject({ kind: "data-missing", replica: a });
		expect(changes).toEqual([]);
	});

	it("is not kept out where it can't be asked any more", async () => {
		let asked = 0;
		const { ground, clock, changes } = port({
			holds: (name) => (name === b ? of("t@/t") : ++asked === 3 ? undefined : of("")),
		});
		const look = lossWatch(ground, a, undefined, [b]);
		await look();
		await clock.sleep(3000);
		expect(await whyOf(look())).toMatchObject({ kind: "data-missing", replica: a });
		expect(changes).toEqual([]);
	});

	it("is kept out by what is stored of it already, and its own error stays where that is refused", async () => {
		for (const [more, expected] of [
			[{ held: { [a]: digestOf(of("t@/t")) } }, [`drain ${a}`]],
			[{ refuses: "remember" }, []],
			[{ refuses: "drain" }, [`remember ${a} ${digestOf(of("t@/t")).digest}`]],
		] as const) {
			const { ground, clock, changes } = port({ holds: (name) => of(name === a ? "" : "t@/t"), ...more });
			const look = lossWatch(ground, a, of("t@/t"), [b]);
			await look();
			await clock.sleep(3000);
			expect(await whyOf(look())).toMatchObject({ kind: "data-missing", replica: a });
			expect(changes).toEqual(expected);
		}
	});
});

describe("making sure that it is whole", () => {
	it("waits for its list of tables, and forgets what was stored of it", async () => {
		const { ground, changes, counts, seconds } = port({ holds: () => of("") });
		let looks = 0;
		await isWhole(ground, a, async () => ++looks > 3);
		expect(changes).toEqual([`remember ${a}`]);
		expect(counts.renewals).toBe(4);
		expect(seconds()).toBeGreaterThan(0);
	});

	it.each<[string, Partial<ReplicaView>, object]>([
		["nothing moves", {}, { kind: "stalled", phase: "reporting its list of tables", seconds: 20 }],
		[
			"it ends",
			{ failure: { cause: "exits", words: "it ended" } },
			{ kind: "failed", cause: "exits", words: "it ended" },
		],
	])("ends where %s", async (_, view, why) => {
		const { ground, changes } = port({ holds: () => undefined, views: { [a]: view }, stallSeconds: 20 });
		expect(await whyOf(isWhole(ground, a, async () => false))).toEqual({ ...why, replica: a });
		expect(changes).toEqual([]);
	});

	it("waits on while it is busy, and ends at once where others changed its shard", async () => {
		const busy = port({ holds: () => undefined, views: { [a]: { busy: true } }, stallSeconds: 20 });
		await isWhole(busy.ground, a, async () => busy.seconds() > 100);
		const asked = { object: "StatefulSet a-0", replicas: 1, of: 3 };
		const { ground, seconds } = port({ holds: () => undefined, views: { [a]: { asked } } });
		expect(await whyOf(isWhole(ground, a, async () => false))).toMatchObject({ kind: "resized" });
		expect(seconds()).toBe(0);
		const starting = port({
			holds: () => undefined,
			views: { [a]: { starting: cluster("1.7.1").replicas[0]?.version } },
		});
		expect(await whyOf(isWhole(starting.ground, a, async () => false))).toMatchObject({ kind: "wrong-version" });
	});
});

describe("what an earlier process stored", () => {
	const held = { [a]: digestOf(of("t@/t")), [b]: digestOf(of("t@/t")) };
	const others = (replica: string) => [a, b].filter((name) => name !== replica);

	it("is forgotten of those that are whole, and kept of those that can't be asked", async () => {
		const { ground, changes } = port({ holds: (name) => (name === a ? undefined : of("t@/t")) });
		ground.unchecked.set(b, held[b]);
		await remembered(ground, held, others);
		expect(changes).toEqual([`remember ${b}`]);
		expect([...ground.unchecked]).toEqual([[a, held[a]]]);
	});

	it("shows at once what is missing", async () => {
		const { ground, changes } = port({ holds: (name) => of(name === b ? "" : "t@/t", "/data") });
		expect(await whyOf(remembered(ground, held, others))).toEqual({
			kind: "data-missing",
			tables: ["default.t"],
			count: 1,
			elsewhere: a,
			at: "/data",
			replica: b,
		});
		expect(changes[0]).toBe(`remember ${a}`);
		expect(changes.at(-1)).toBe(`drain ${b}`);
	});

	it("is a digest of what it holds, but for what differs on purpose", async () => {
		const { ground, changes } = port({ holds: () => undefined, localTables: ["default.loc"] });
		await remember(ground, a, of("t@/t loc=1"));
		expect(changes).toEqual([`remember ${a} ${digestOf(of("t@/t")).digest}`]);
	});
});

it("a claim that is lost is the error, and not what is missing", async () => {
	const { ground } = port({ holds: () => of("") });
	const lost = { ...ground, keeper: { ...ground.keeper, renew: () => Promise.reject(new ClaimLost("ben")) } };
	expect(await errorOf(isWhole(lost, a, async () => true))).toBeInstanceOf(ClaimLost);
	expect(await errorOf(othersHold(lost, a, [b], true, go))).toBeInstanceOf(ClaimLost);
});
