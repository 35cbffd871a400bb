import { describe, expect, test } from "vitest";
import { Recorder } from "../../src/roll/recorder";
import { summaryOf, type Timeline, timelineFormat } from "../../src/roll/timeline";
import type { Fault } from "../scripted/control";
import type { World } from "../scripted/world";
import { type Given, given, type RunOptions, run, v1, v2 } from "./build";

const nothing = "nothing was recorded";

/** Rolls in a scripted world and keeps how it went. */
async function recorded(world: World, options: RunOptions = {}): Promise<Timeline> {
	const recorder = new Recorder({
		platform: "scripted",
		to: v2,
		writesNeed: options.writesNeed,
		clock: world.clock,
	});
	const { error } = await run(world, v2, {
		...options,
		judge: (observed) => recorder.see(observed),
		report: (event) => {
			recorder.note(event);
			options.report?.(event);
		},
	});
	const timeline = recorder.end(error);
	if (timeline === undefined) throw new Error(nothing);
	return timeline;
}

const is = ({ replicas }: Timeline, name: string) =>
	replicas.find((replica) => replica.name === name)?.intervals.map((it) => it.doing ?? `${it.is}${it.version ?? ""}`);

describe("the timeline of a roll", () => {
	test("tells of each replica what it was in, one after the other and without a gap", async () => {
		const world = given([[{}, {}]]);
		const timeline = await recorded(world);
		expect(timeline).toMatchObject({
			format: 1,
			cluster: "a",
			from: v1,
			to: v2,
			outcome: "finished",
			writesNeed: "one",
		});
		expect(timeline.stop).toBeUndefined();
		for (const { intervals } of timeline.replicas) {
			expect(intervals[0]?.from).toBe(0);
			expect(intervals.at(-1)?.to).toBe(timeline.seconds);
			for (const [index, { from, to }] of intervals.entries()) {
				expect(to).toBeGreaterThan(from);
				if (index > 0) expect(from).toBe(intervals[index - 1]?.to);
			}
		}
		const [first, ...rest] = is(timeline, "a-0-1") ?? [];
		expect(first).toBe("serving1.7.1");
		expect(rest.at(-1)).toBe("serving1.8.0");
		expect(rest).toContain("loading tables");
	});

	test("shows the hold after the first replica as a part of its serving, and why it stopped there", async () => {
		const canary = { seconds: 60, errors: 0.01 };
		const world = given([[{}, {}]]);
		const held = (await recorded(world, { canary })).replicas.find(({ name }) => name === "a-0-1")?.intervals ?? [];
		const at = held.findIndex(({ doing }) => doing === "hold");
		const [hold, after] = held.slice(at);
		expect(hold).toMatchObject({ is: "serving", version: v2 });
		expect((hold?.to ?? 0) - (hold?.from ?? 0)).toBeGreaterThanOrEqual(60);
		expect(after).toEqual({ from: hold?.to, to: expect.any(Number), is: "serving", version: v2 });

		const worse = given([[{}, {}]], { engines: { [v2]: { fails: { code: 241, share: 1 } } } });
		worse.queries.perSecond = 100;
		const stopped = await recorded(worse, { canary });
		expect(stopped).toMatchObject({ outcome: "stopped", stop: { replica: "a-0-1", why: "worse" } });
		expect(timelineFormat.parse(stopped)).toEqual(stopped);
		expect(stopped.available).toEqual([{ at: 0, reads: true, writes: true }]);
	});

	test("reads stay available with two replicas, writes as the platform takes them", async () => {
		const one = await recorded(given([[{}, {}]]));
		expect(one.available).toEqual([{ at: 0, reads: true, writes: true }]);
		// Without a pause both serve for less than the 10 ms that a timeline tells apart.
		const all = await recorded(given([[{}, {}]]), { writesNeed: "all", canary: { seconds: 1, errors: 1 } });
		expect(all.available.map(({ reads, writes }) => [reads, writes])).toEqual([
			[true, true],
			[true, false],
			[true, true],
			[true, false],
			[true, true],
		]);
	});

	test("reads and writes fail while the only replica of a shard is out, though others serve", async () => {
		const { available } = await recorded(given([[{}], [{ version: v2 }]]));
		expect(available.map(({ reads, writes }) => [reads, writes])).toEqual([
			[true, true],
			[false, false],
			[true, true],
		]);
	});

	test("of a roll that stopped it tells where and why, and keeps nothing of what the server said", async () => {
		const world = given([[{}, {}]], { engines: { "1.8.0": { fate: "exits" } } });
		const timeline = await recorded(world);
		expect(timeline).toMatchObject({ outcome: "stopped", stop: { replica: "a-0-1", why: "failed" } });
		expect(is(timeline, "a-0-0")).toEqual(["serving1.7.1"]);
		expect(is(timeline, "a-0-1")?.at(-1)).not.toContain("serving");
		expect(JSON.stringify(timeline)).not.toContain("Code: 1000");
	});

	test("what was taken out and let back again served meanwhile", async () => {
		const world = given([[{}, {}]]);
		world.unit("a-0-1").queries = [world.clock.now() + 20_000];
		let drains = 0;
		const timeline = await recorded(world, {
			report: ({ event }) => {
				if (event !== "draining" || ++drains > 1) return;
				world.unit("a-0-0").behindUntil = world.clock.now() + 25_000;
			},
		});
		expect(drains).toBeGreaterThan(2);
		const ways = is(timeline, "a-0-1") ?? [];
		// That the other can't take over is asked once it is drained: for about the 10 ms that a timeline tells apart.
		const seen = ways.filter((way) => way !== "drained");
		expect(seen.slice(0, 3)).toEqual(["serving1.7.1", "draining", "serving1.7.1"]);
	});

	test("an idle cluster is down until it woke", async () => {
		const timeline = await recorded(given([[{}, {}]], { mode: "idle" }));
		expect(timeline.available[0]).toEqual({ at: 0, reads: false, writes: false });
		expect(timeline.available.at(-1)).toMatchObject({ reads: true, writes: true });
	});

	const faults: Fault[] = [
		{ kind: "unreachable", calls: 1000 },
		{ kind: "refuse", words: "no" },
		{ kind: "kill", replica: "a-0-0" },
		{ kind: "kill", replica: "a-0-1" },
		{ kind: "steal", seconds: 3600 },
	];
	test.each(faults)("holds together when %j comes at any call", async (fault) => {
		let stopped = 0;
		for (let call = 0; call < 60; call++) {
			const timeline = await recorded(given([[{}, {}]]), { faults: { [call]: fault } }).catch((error: Error) => {
				// It came before anything was touched.
				if (error.message !== nothing) throw error;
			});
			if (timeline === undefined) continue;
			const { replicas, seconds, outcome, available } = timeline;
			if (outcome === "stopped") stopped++;
			for (const { intervals } of replicas) {
				expect([intervals[0]?.from, intervals.at(-1)?.to]).toEqual([0, seconds]);
				expect(intervals.slice(1).map(({ from }) => from)).toEqual(intervals.slice(0, -1).map(({ to }) => to));
			}
			expect(available[0]?.at).toBe(0);
			expect(timelineFormat.safeParse(timeline).success).toBe(true);
		}
		expect(stopped).toBeGreaterThan(0);
	});

	test("is what its format says, also after a way through JSON", async () => {
		const timeline = await recorded(
			given([
				[{}, {}],
				[{}, {}],
			]),
		);
		expect(timelineFormat.parse(JSON.parse(JSON.stringify(timeline)))).toEqual(timeline);
	});

	test("there is none where nothing was to do", async () => {
		const atTarget: Given = { version: v2 };
		await expect(recorded(given([[atTarget, atTarget]]))).rejects.toThrow(nothing);
	});
});

describe("the summary of a timeline", () => {
	test("says how long each replica was out, in the order in which they went", async () => {
		const timeline = await recorded(given([[{}, {}]]));
		const { replicas, ...rest } = summaryOf(timeline);
		expect(rest).toEqual({
			from: v1,
			to: v2,
			started: timeline.started,
			seconds: timeline.seconds,
			outcome: "finished",
		});
		expect(replicas.map(({ name }) => name)).toEqual(["a-0-1", "a-0-0"]);
		for (const { outSeconds } of replicas) {
			// The scripted engine needs 2 seconds for a start.
			expect(outSeconds).toBeGreaterThanOrEqual(2);
			expect(outSeconds).toBeLessThan(timeline.seconds);
		}
	});

	test("is bounded", async () => {
		const many = Array.from({ length: 70 }, () => [{}, {}]);
		expect(summaryOf(await recorded(given(many))).replicas).toHaveLength(64);
	});
});
