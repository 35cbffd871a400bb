import { describe, expect, it } from "vitest";
import type { ReplicaView } from "../../src/control/port";
import type { QueryTally } from "../../src/core/canary-queries";
import type { DbVersion } from "../../src/core/version";
import { holdAfter } from "../../src/roll/canary-hold";
import type { RollEvent } from "../../src/roll/events";
import { type Ground, StepStopped } from "../../src/roll/ground";
import { cluster } from "../build";
import { VirtualClock } from "../scripted/clock";
import { v1, v2 } from "./build";

const observed = cluster("1.8.0 1.7.1 1.7.1 / 1.7.1");
const [first, second, third] = ["analytics-0-0", "analytics-0-1", "analytics-0-2"] as const;
const alike: QueryTally = { queries: 1000, failed: [] };

interface Shows {
	/** By replica and second. */
	readonly tally?: (replica: string, at: number) => QueryTally | undefined;
	readonly isDown?: (replica: string, at: number) => boolean;
	readonly seconds?: number;
	/** What each is about to start. */
	readonly starting?: (replica: string) => DbVersion | undefined;
	readonly stop?: AbortSignal;
}

/** Holds after the first replica; what was read of which replica's log, and how it ended. */
async function held({ tally = () => alike, isDown = () => false, seconds = 60, starting, stop }: Shows) {
	const clock = new VirtualClock();
	const start = clock.now();
	const at = () => (clock.now() - start) / 1000;
	const reads: (readonly [replica: string, at: number, of: number])[] = [];
	const events: RollEvent[] = [];
	let renewals = 0;
	const control = {
		async look(name: string): Promise<Partial<ReplicaView>> {
			const replica = observed.replicas.find((one) => one.name === name);
			if (replica === undefined) throw new Error(`there is no ${name}`);
			return { replica: { ...replica, serving: !isDown(name, at()) }, starting: starting?.(name) };
		},
		async tally(name: string, of: number) {
			reads.push([name, at(), of]);
			return tally(name, at());
		},
	};
	const ground = {
		control,
		clock,
		keeper: { renew: async () => void renewals++ },
		canary: { seconds, errors: 0.01 },
		to: v2,
		given: new Set(),
		stop,
		report: (event: RollEvent) => void events.push(event),
	} as unknown as Ground;
	const error: unknown = await holdAfter(ground, first, observed).catch((it: unknown) => it);
	return { reads, events, error: error as StepStopped | undefined, seconds: at(), renewals };
}

const worse: QueryTally = { queries: 1000, failed: [{ code: 241, queries: 40 }] };

describe("a hold", () => {
	it("reads the logs of all of its shard each five seconds, of the time since it began, and once more at its end", async () => {
		const { reads, seconds, events, renewals } = await held({ seconds: 17 });
		const of = [5, 10, 15, 17];
		expect(reads).toEqual(of.flatMap((at) => [first, second, third].map((name) => [name, at, at])));
		expect(seconds).toBe(17);
		expect(renewals).toBe(5);
		expect(events.map(({ event }) => event)).toEqual(["comparing", "compared"]);
		const sides = { canary: { failed: 0, of: 1000 }, others: { failed: 0, of: 2000 } };
		expect(events[1]).toMatchObject({ seconds: 17, others: [second, third], result: { verdict: "alike", ...sides } });
	});

	it("reads them less often the longer it lasts", async () => {
		const { reads } = await held({ seconds: 3600 });
		const times = reads.filter(([name]) => name === first).map(([, at]) => at);
		const pauses = times.slice(1, -1).map((at, index) => at - (times[index] ?? 0));
		for (const [index, pause] of pauses.entries())
			expect(pause).toBe(Math.max(5, Math.ceil((times[index] ?? 0) / 20 / 5) * 5));
		expect(times.at(-1)).toBe(3600);
	});

	it("asks at least for the last second", async () => {
		const { reads, seconds } = await held({ seconds: 0.2 });
		expect(reads.map(([, , of]) => of)).toEqual([1, 1, 1]);
		expect(seconds).toBe(0.2);
	});

	it("ends at the first look at which more fail than is allowed", async () => {
		const { error, seconds, events } = await held({
			tally: (name, at) => (name === first && at >= 20 ? worse : alike),
		});
		expect(seconds).toBe(20);
		expect(error).toBeInstanceOf(StepStopped);
		expect(error?.replica).toBe(first);
		expect(error?.why).toEqual({
			kind: "worse",
			verdict: "worse",
			code: 241,
			canary: { failed: 40, of: 1000 },
			others: { failed: 0, of: 2000 },
			than: [second, third],
			errors: 0.01,
		});
		expect(events.map(({ event }) => event)).toEqual(["comparing"]);
	});

	it("compares with those that can say how their queries ended", async () => {
		const { error } = await held({
			tally: (name) => (name === first ? worse : name === second ? undefined : alike),
			seconds: 5,
		});
		expect(error?.why).toMatchObject({ kind: "worse", others: { of: 1000 } });
	});

	it.each([
		["the first replica", (name: string) => name !== first],
		["none of the others", (name: string) => name === first],
	])("has no result where it is not known of %s", async (_, knows) => {
		const { error, events } = await held({ tally: (name) => (knows(name) ? worse : undefined), seconds: 5 });
		expect(error).toBeUndefined();
		expect(events[1]).not.toHaveProperty("result");
	});

	it("ends where one stops serving, and not for one that never did", async () => {
		const { error, seconds } = await held({ isDown: (name, at) => name === third && at > 12 });
		expect(error).toMatchObject({ replica: third, why: { kind: "stopped-serving" } });
		expect(error?.why).not.toHaveProperty("failure");
		expect(seconds).toBe(15);
		expect((await held({ isDown: (name) => name === first })).error).toMatchObject({ replica: first });
		expect((await held({ isDown: (name) => name === third })).error).toBeUndefined();
	});

	it("ends at once where it is asked to", async () => {
		const cancel = { kind: "interrupted", by: "cancel" } as const;
		const { error, seconds } = await held({ stop: AbortSignal.abort(cancel) });
		expect([error?.why, seconds]).toEqual([cancel, 0]);
	});

	it("ends where the first replica is about to start another version, but not for another replica", async () => {
		const { error } = await held({ starting: (name) => (name === first ? v1 : undefined) });
		expect(error).toMatchObject({ replica: first, why: { kind: "wrong-version", runs: v1 } });
		expect((await held({ starting: (name) => (name === first ? undefined : v1) })).error).toBeUndefined();
	});

	it("ends where one that came back stops serving again", async () => {
		const { error, seconds } = await held({ isDown: (name, at) => name === third && (at < 10 || at > 22) });
		expect([error?.replica, seconds]).toEqual([third, 25]);
	});
});
