import { describe, expect, it } from "vitest";
import type { ReplicaView } from "../../src/control/port";
import type { ObservedCluster, ObservedReplica } from "../../src/core/cluster";
import { allServe, wakeUp } from "../../src/roll/all-serve";
import { type Ground, StepStopped } from "../../src/roll/ground";
import { RollStopped } from "../../src/roll/stopped";
import { cluster } from "../build";
import { VirtualClock } from "../scripted/clock";
import { v1, v2 } from "./build";

const [first, second] = ["analytics-0-0", "analytics-0-1"] as const;
const whole = cluster("1.8.0 1.8.0");
const failure = { cause: "exits", words: "it ended" } as const;

interface Shows {
	/** What differs from a replica that serves the target, by ordinal and second. */
	readonly replica?: (ordinal: number, at: number) => Partial<ObservedReplica>;
	readonly view?: (ordinal: number, at: number) => Partial<ReplicaView>;
	readonly isGone?: boolean;
	readonly stop?: AbortSignal;
}

function port({ replica = () => ({}), view = () => ({}), isGone = false, stop }: Shows) {
	const clock = new VirtualClock();
	const start = clock.now();
	const at = () => (clock.now() - start) / 1000;
	const told: string[] = [];
	const looked: string[] = [];
	const counts = { renewals: 0, wakes: 0 };
	const now = (): ObservedCluster => ({
		...whole,
		replicas: whole.replicas.map((one) => ({ ...one, ...replica(one.ordinal, at()) })),
	});
	const control = {
		observe: async () => (isGone ? undefined : now()),
		async look(name: string) {
			looked.push(name);
			const one = now().replicas.find((its) => its.name === name);
			return { replica: one, queries: 0, phase: "loading", ...view(one?.ordinal ?? 0, at()) };
		},
		wake: async () => void counts.wakes++,
	};
	const ground = {
		control,
		keeper: {
			renew: async () => void counts.renewals++,
			change: (call: (claim: unknown) => Promise<unknown>) => call({}),
		},
		clock,
		timing: { stallSeconds: 20 },
		to: v2,
		stop,
		given: new Set(),
		tell: ({ replica: { name }, phase }: ReplicaView) => void told.push(`${name} ${phase}`),
	} as unknown as Ground;
	return { ground, told, looked, counts, seconds: at };
}

const stopOf = (work: Promise<unknown>) =>
	work.then(
		() => undefined,
		(error: StepStopped) => ({ why: error.why, replica: error.replica }),
	);

describe("after the last step", () => {
	it("all serve the target at once", async () => {
		const { ground, looked, seconds, counts } = port({});
		await allServe(ground, whole);
		expect([looked, seconds(), counts.renewals]).toEqual([[], 0, 1]);
	});

	it.each<[string, Partial<ObservedReplica>]>([
		["is down", { serving: false }],
		["is read-only", { readOnly: true }],
		["is at another version", { version: v1 }],
		["is at none that is known", { version: undefined }],
	])("one that %s is waited for, and told of", async (_, its) => {
		const { ground, looked, told, seconds } = port({ replica: (ordinal, at) => (ordinal === 1 && at < 5 ? its : {}) });
		await allServe(ground, whole);
		expect(new Set(looked)).toEqual(new Set([second]));
		expect(new Set(told)).toEqual(new Set([`${second} loading`]));
		expect(seconds()).toBeGreaterThanOrEqual(5);
	});

	it("one that is behind for a moment, or whose settings are older, is not waited for", async () => {
		for (const its of [{ caughtUp: false }, { caughtUp: undefined }, { outdated: true }]) {
			const { ground, seconds } = port({ replica: () => its });
			await allServe(ground, whole);
			expect(seconds()).toBe(0);
		}
	});

	it("one that can't serve, or does not come, is where it stops", async () => {
		const down = (ordinal: number) => (ordinal === 1 ? { serving: false } : {});
		const failed = port({ replica: down, view: () => ({ failure }) });
		expect(await stopOf(allServe(failed.ground, whole))).toEqual({
			why: { kind: "failed", ...failure },
			replica: second,
		});
		const stalled = port({ replica: down });
		expect(await stopOf(allServe(stalled.ground, whole))).toEqual({
			why: { kind: "stalled", phase: "loading", seconds: 20 },
			replica: second,
		});
		expect(Math.floor(stalled.seconds())).toBe(20);
	});

	it("a shard that others changed is where it stops, at once", async () => {
		const asked = { object: "StatefulSet a-0", replicas: 1, of: 2 };
		const { ground, seconds } = port({ replica: (at) => ({ serving: at === 0 }), view: () => ({ asked }) });
		expect(await stopOf(allServe(ground, whole))).toMatchObject({ why: { kind: "resized" }, replica: second });
		expect(seconds()).toBe(0);
	});

	it("a cluster that is gone is judged by what was seen before", async () => {
		const { ground } = port({ isGone: true });
		await allServe(ground, whole);
		const before = cluster("1.8.0 1.7.1");
		expect(await stopOf(allServe(ground, before))).toMatchObject({ replica: second });
	});
});

describe("waking", () => {
	it("waits until all serve, and tells of those that do not yet", async () => {
		const { ground, told, counts, seconds } = port({ replica: (ordinal, at) => ({ serving: at >= 3 + 3 * ordinal }) });
		expect(await wakeUp(ground, whole, "version")).toBeUndefined();
		expect(counts.wakes).toBe(1);
		expect(counts.renewals).toBeGreaterThan(3);
		expect(seconds()).toBeGreaterThanOrEqual(6);
		expect(told[0]).toBe(`${first} loading`);
		expect(told.at(-1)).toBe(`${second} loading`);
	});

	it("waits for the others where one can't serve, and says of that one why", async () => {
		const { ground, seconds } = port({
			replica: (ordinal, at) => ({ serving: ordinal === 1 && at >= 5 }),
			view: (ordinal) => (ordinal === 0 ? { failure } : {}),
		});
		expect(await wakeUp(ground, whole, "version")).toEqual({ replica: first, cause: { kind: "failed", ...failure } });
		expect(seconds()).toBeGreaterThanOrEqual(5);
	});

	it("ends where nothing moves, and says which it waits for", async () => {
		const { ground, seconds } = port({ replica: (ordinal) => ({ serving: ordinal === 0 }) });
		expect(await wakeUp(ground, whole, "version")).toEqual({
			replica: second,
			cause: { kind: "stalled", phase: "loading", seconds: 20 },
		});
		expect(Math.floor(seconds())).toBe(20);
	});

	it("takes a change of any replica for progress", async () => {
		const { ground } = port({
			replica: (ordinal, at) => ({ serving: ordinal === 0 || at >= 35 }),
			view: (ordinal, at) => ({ phase: ordinal === 0 && at >= 18 ? "ready" : "loading" }),
		});
		expect(await wakeUp(ground, whole, "version")).toBeUndefined();
	});
});

describe("where it is asked to end", () => {
	const cancel = { kind: "interrupted", by: "cancel" } as const;
	const stop = AbortSignal.abort(cancel);
	const down = { stop, replica: (ordinal: number) => ({ serving: ordinal === 0 }) };

	it("neither waits for a replica that does not serve", async () => {
		const last = port(down);
		expect(await stopOf(allServe(last.ground, whole))).toMatchObject({ why: cancel });
		const first = port(down);
		const error: unknown = await wakeUp(first.ground, whole, "settings").catch((it: unknown) => it);
		expect(error).toBeInstanceOf(RollStopped);
		expect((error as RollStopped).stop).toMatchObject({ cause: cancel, change: "settings", step: 0, of: 0 });
		expect([last.seconds(), first.seconds()]).toEqual([0, 0]);
	});

	it("both are done where all serve", async () => {
		const { ground } = port({ stop });
		await allServe(ground, whole);
		expect(await wakeUp(ground, whole, "version")).toBeUndefined();
	});
});

it("a step that stopped says why in its message", () => {
	expect(new StepStopped({ kind: "stalled", phase: "loading", seconds: 1 }).message).toBe("stalled");
});
