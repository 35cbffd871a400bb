import { describe, expect, it } from "vitest";
import { PlatformError } from "../../src/control/errors";
import type { Observation, ReplicaView } from "../../src/control/port";
import type { State } from "../../src/core/state";
import type { Interruption, RollEvent } from "../../src/roll/events";
import { WaitStopped } from "../../src/roll/stopped";
import { untilState, type WaitOptions } from "../../src/roll/until-state";
import { cluster } from "../build";
import { VirtualClock } from "../scripted/clock";

/** What the platform shows of a cluster of two at one moment: its state, and of those that are down more than that. */
interface Shows {
	readonly state: State;
	readonly down?: Readonly<Record<string, Partial<ReplicaView>>>;
}

/** Waits for a state of a cluster, given what it shows after how many seconds. */
async function waited(wanted: State, shows: (seconds: number) => Shows, options: WaitOptions = {}) {
	const clock = new VirtualClock();
	const start = clock.now();
	const now = () => shows((clock.now() - start) / 1000);
	const events: RollEvent[] = [];
	const looked: string[] = [];
	const port = {
		async observe(): Promise<Observation> {
			const { state, down = {} } = now();
			const serves = (place: string) => [place, { serving: state !== "Stopped" && !(place in down) }];
			return cluster("1.8.0 1.8.0", { state, but: Object.fromEntries(["0-0", "0-1"].map(serves)) });
		},
		async look(name: string): Promise<ReplicaView> {
			looked.push(name);
			const replica = (await this.observe()).replicas.find((one) => one.name === name);
			if (replica === undefined) throw new Error(`there is no ${name}`);
			return { replica, queries: 0, phase: "loading", ...now().down?.[name.replace("analytics-", "")] };
		},
	};
	const report = (event: RollEvent) => void events.push(event);
	const ended: unknown = await untilState(port, wanted, { clock, report, ...options }).catch((it: unknown) => it);
	const stop = ended instanceof WaitStopped ? ended.stop : undefined;
	return { ended, stop, events, looked, seconds: (clock.now() - start) / 1000 };
}

const failure = { cause: "exits", words: "it ended" } as const;

describe("waiting for a state", () => {
	it("looks at those that are down, and at no others, and reports each phase once", async () => {
		const { ended, looked, events } = await waited("Started", (at) =>
			at < 5
				? { state: "Starting", down: { "0-1": { phase: at < 2 ? "loading" : "starting" } } }
				: { state: "Started" },
		);
		expect(ended).toMatchObject({ name: "analytics", state: "Started" });
		expect(new Set(looked)).toEqual(new Set(["analytics-0-1"]));
		expect(events).toEqual(
			["loading", "starting"].map((phase) => ({ event: "progress", replica: "analytics-0-1", phase })),
		);
	});

	it("ends after 300 seconds without progress, unless told otherwise, with the replica that it waits for", async () => {
		const hangs = (): Shows => ({ state: "Starting", down: { "0-1": { phase: "loading", cause: "volume" } } });
		const { stop, seconds } = await waited("Started", hangs);
		expect(stop).toEqual({
			cluster: "analytics",
			wanted: "Started",
			state: "Starting",
			replica: "analytics-0-1",
			cause: { kind: "stalled", phase: "loading", seconds: 300, cause: "volume" },
		});
		expect(Math.floor(seconds)).toBe(300);
		expect(Math.floor((await waited("Started", hangs, { stallSeconds: 20 })).seconds)).toBe(20);
	});

	it("is called by the cluster's state where no replica is down", async () => {
		const { stop } = await waited("Started", () => ({ state: "Restoring" }), { stallSeconds: 5 });
		expect(stop).toMatchObject({ state: "Restoring", cause: { kind: "stalled", phase: "Restoring" } });
		expect(stop?.replica).toBeUndefined();
	});

	it("is no standstill while the state, a replica or its phase changes, or one has time to stop", async () => {
		const slow = { stallSeconds: 10 };
		for (const shows of [
			(at: number): Shows => ({ state: at < 8 ? "Starting" : at < 16 ? "Degraded" : "Started" }),
			(at: number): Shows =>
				at < 16 ? { state: "Starting", down: { "0-1": {}, ...(at < 8 && { "0-0": {} }) } } : { state: "Started" },
			(at: number): Shows =>
				at < 16 ? { state: "Starting", down: { "0-1": { phase: String(at < 8) } } } : { state: "Started" },
			(at: number): Shows => (at < 60 ? { state: "Starting", down: { "0-1": { busy: true } } } : { state: "Started" }),
		])
			expect((await waited("Started", shows, slow)).ended).toMatchObject({ state: "Started" });
	});

	it("ends at once where a replica can't start, or its shard was made smaller", async () => {
		const failed = await waited("Started", () => ({ state: "Degraded", down: { "0-0": {}, "0-1": { failure } } }));
		expect(failed.stop).toMatchObject({ replica: "analytics-0-1", cause: { kind: "failed", ...failure } });
		expect(failed.seconds).toBe(0);
		const asked = { object: "StatefulSet a-0", of: 2 };
		for (const replicas of [1, undefined]) {
			const smaller = await waited("Started", () => ({
				state: "Degraded",
				down: { "0-1": { asked: { ...asked, replicas } } },
			}));
			expect(smaller.stop).toMatchObject({ cluster: "analytics", wanted: "Started", state: "Degraded" });
			expect(smaller.stop?.cause).toEqual({ kind: "resized", ...asked, ...(replicas !== undefined && { replicas }) });
			expect(smaller.seconds).toBe(0);
		}
	});

	it("goes on where a shard was made larger", async () => {
		const asked = { object: "StatefulSet a-0", of: 2, replicas: 3 };
		const { ended } = await waited("Started", (at) =>
			at < 5 ? { state: "Degraded", down: { "0-1": { asked } } } : { state: "Started" },
		);
		expect(ended).toMatchObject({ state: "Started" });
	});

	it("of a stop does not care for what is wrong with those that are down, nor tells of it", async () => {
		const asked = { object: "StatefulSet a-0", of: 2, replicas: 0 };
		const { ended, events } = await waited("Stopped", (at) =>
			at < 5 ? { state: "Stopping", down: { "0-1": { failure, asked } } } : { state: "Stopped" },
		);
		expect(ended).toMatchObject({ state: "Stopped" });
		expect(events).toEqual([]);
	});

	it("of a stop ends where nothing moves and none has time left", async () => {
		const stopping = (at: number): Shows => ({ state: "Stopping", down: { "0-1": at < 30 ? { busy: true } : {} } });
		const { stop, seconds } = await waited("Stopped", stopping, { stallSeconds: 10 });
		expect(stop).toEqual({
			cluster: "analytics",
			wanted: "Stopped",
			state: "Stopping",
			cause: { kind: "stalled", phase: "Stopping", seconds: 10 },
		});
		expect(Math.floor(seconds)).toBeGreaterThanOrEqual(39);
	});

	it("counts those that stop one after the other as progress", async () => {
		const stops = (at: number): Shows =>
			at < 16 ? { state: "Stopping", down: { "0-1": {}, ...(at > 8 && { "0-0": {} }) } } : { state: "Stopped" };
		expect((await waited("Stopped", stops, { stallSeconds: 10 })).ended).toMatchObject({ state: "Stopped" });
	});

	it("ends once it is asked to, unless it has just come to its end", async () => {
		const cancel: Interruption = { kind: "interrupted", by: "cancel" };
		const stop = AbortSignal.abort(cancel);
		const early = await waited("Started", () => ({ state: "Starting", down: { "0-1": {} } }), { stop });
		expect(early.stop).toEqual({ cluster: "analytics", wanted: "Started", state: "Starting", cause: cancel });
		expect((await waited("Started", () => ({ state: "Started" }), { stop })).ended).toMatchObject({ state: "Started" });
	});

	it("keeps what it was given to keep, at each look", async () => {
		let kept = 0;
		const keep = async () => void kept++;
		const { looked } = await waited("Started", () => ({ state: "Starting", down: { "0-1": {} } }), { keep });
		expect(kept).toBe(looked.length);
	});
});

it("a platform that is away for a moment is asked again, and that is reported", async () => {
	const clock = new VirtualClock();
	const events: RollEvent[] = [];
	let calls = 0;
	const port = {
		async observe() {
			if (++calls === 1) throw new PlatformError("no route");
			return cluster("1.8.0");
		},
		look: async () => expect.unreachable(),
	};
	await untilState(port, "Started", { clock, report: (event) => events.push(event) });
	expect(events).toEqual([{ event: "retrying", words: "no route" }]);
});
