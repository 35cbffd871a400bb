import { describe, expect, it } from "vitest";
import type { ReplicaView } from "../../src/control/port";
import type { RollEvent } from "../../src/roll/events";
import { marks, phaseTeller, sightOf, watch } from "../../src/roll/watch";
import { VirtualClock } from "../scripted/clock";
import { v1, v2 } from "./build";

/** Looks at what is shown at each second since the start, and says how it ended and after how many seconds. */
async function watched(stallSeconds: number, sightAt: (seconds: number) => Parameters<typeof sightOrDone>[0]) {
	const clock = new VirtualClock();
	const start = clock.now();
	const outcome = await watch(clock, stallSeconds, async () => sightOrDone(sightAt((clock.now() - start) / 1000)));
	return { outcome, seconds: (clock.now() - start) / 1000 };
}

const sightOrDone = (sight: {
	readonly marks?: string;
	readonly phase?: string;
	readonly busy?: boolean;
	readonly done?: string;
	readonly failure?: ReplicaView["failure"];
	readonly cause?: ReplicaView["cause"];
}) => ({ phase: "loading", marks: "", ...sight });

describe("watching", () => {
	it("ends with what it waited for", async () => {
		const { outcome } = await watched(60, (at) => ({ done: at > 10 ? "serves" : undefined }));
		expect(outcome).toEqual({ kind: "done", value: "serves" });
	});

	it("ends at once with what can't pass", async () => {
		const failure = { cause: "image", words: "no such image" } as const;
		const { outcome, seconds } = await watched(60, () => ({ failure }));
		expect(outcome).toEqual({ kind: "failed", cause: "image", words: "no such image" });
		expect(seconds).toBe(0);
	});

	it("ends after as many seconds as were given without a change, with the phase and its cause", async () => {
		const { outcome, seconds } = await watched(60, () => ({ cause: "volume" }));
		expect(outcome).toEqual({ kind: "stalled", phase: "loading", seconds: 60, cause: "volume" });
		expect(seconds).toBeGreaterThanOrEqual(60);
		expect(seconds).toBeLessThan(61.1);
		expect((await watched(60, () => ({}))).outcome).toStrictEqual({ kind: "stalled", phase: "loading", seconds: 60 });
	});

	it("counts from the last change, and only new ones are changes", async () => {
		const { seconds } = await watched(60, (at) => ({ marks: at < 30 ? "a" : "b" }));
		expect(seconds).toBeGreaterThanOrEqual(90);
		expect(seconds).toBeLessThan(93);
		const back = await watched(60, (at) => ({ marks: at > 30 && at < 40 ? "b" : "a" }));
		expect(back.seconds).toBeGreaterThanOrEqual(90);
		expect(back.seconds).toBeLessThan(93);
	});

	it("does not count the time in which it is busy, and all that follows", async () => {
		const { seconds } = await watched(60, (at) => ({ busy: at < 200 }));
		expect(seconds).toBeGreaterThanOrEqual(259);
		expect(seconds).toBeLessThan(262);
	});

	it("takes at least four looks without a change, however long they were apart", async () => {
		const clock = new VirtualClock();
		let looks = 0;
		const outcome = await watch(clock, 100, async () => {
			looks++;
			await clock.sleep(3_600_000);
			return { phase: "", marks: "" };
		});
		expect(outcome.kind).toBe("stalled");
		expect(looks).toBe(5);
	});

	it("pauses a little longer each time, up to a second", async () => {
		const clock = new VirtualClock();
		const looks: number[] = [];
		await watch(clock, 20, async () => {
			looks.push(clock.now());
			return { phase: "", marks: "" };
		});
		const pauses = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
		expect(pauses.slice(0, 3).map(Math.round)).toEqual([25, 28, 31]);
		for (const [index, pause] of pauses.entries())
			if (index > 0) expect(pause).toBeGreaterThanOrEqual((pauses[index - 1] ?? 0) - 0.01);
		expect(pauses.at(-1)).toBeCloseTo(1000);
	});

	it("does not pause longer after a change than before it", async () => {
		const clock = new VirtualClock();
		const looks: number[] = [];
		await watch(clock, 5, async () => {
			looks.push(clock.now());
			return { phase: "", marks: String(Math.min(looks.length, 3)) };
		});
		expect(Math.round((looks[3] ?? 0) - (looks[2] ?? 0))).toBe(31);
	});
});

describe("a watch", () => {
	it("does not take going to and fro between the same phases for progress", async () => {
		const clock = new VirtualClock();
		let looks = 0;
		const outcome = await watch(clock, 60, async () => {
			const phase = looks++ % 2 === 0 ? "starting" : "waiting to start again";
			return { phase, marks: phase };
		});
		expect(outcome).toMatchObject({ kind: "stalled", seconds: 60 });
	});

	it("takes it for progress when less is left, and for none when more is, as of a replica that fetches nothing", async () => {
		const looking = async (leftAt: (look: number) => number) => {
			let looks = 0;
			return watch(new VirtualClock(), 60, async () => {
				const left = leftAt(looks++);
				return {
					phase: `catching up: ${left}`,
					marks: "catching up: #",
					left,
					done: looks === 1000 ? true : undefined,
				};
			});
		};
		for (const leftAt of [(look: number) => look, () => 7])
			expect(await looking(leftAt)).toMatchObject({ kind: "stalled", seconds: 60 });
		expect((await looking((look) => 2000 - look)).kind).toBe("done");
		// First it learns of all that there is to fetch.
		expect((await looking((look) => (look < 20 ? look : 2000 - look))).kind).toBe("done");
	});

	it("does not take its own absence for a standstill", async () => {
		const clock = new VirtualClock();
		let looks = 0;
		const outcome = await watch(clock, 300, async () => {
			if (++looks === 10) await clock.sleep(3_600_000);
			return { phase: "loading", marks: "loading", done: looks === 100 ? true : undefined };
		});
		expect(outcome.kind).toBe("done");
	});

	it("looks often at first and at most once a second later", async () => {
		const clock = new VirtualClock();
		const looks: number[] = [];
		await watch(clock, 100, async () => {
			looks.push(clock.now());
			return { phase: "", marks: "" };
		});
		const pauses = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
		expect(pauses[0]).toBe(25);
		expect(Math.max(...pauses)).toBe(1000);
		expect(looks.length).toBeLessThan(130);
	});

	it("looks again soon after a change, which is often followed by the next", async () => {
		const clock = new VirtualClock();
		const looks: number[] = [];
		const start = clock.now();
		await watch(clock, 100, async () => {
			const at = clock.now() - start;
			looks.push(at);
			return { phase: "", marks: String(at > 30_000), done: at > 31_000 ? true : undefined };
		});
		const seen = looks.findIndex((at) => at > 30_000);
		expect((looks[seen + 1] ?? 0) - (looks[seen] ?? 0)).toBe(50);
	});
});

const view = (
	name: string,
	more: Partial<ReplicaView> = {},
	replica: Partial<ReplicaView["replica"]> = {},
): ReplicaView => ({
	replica: {
		name,
		shard: 0,
		ordinal: 0,
		version: v1,
		openedBy: v1,
		serving: false,
		readOnly: false,
		caughtUp: true,
		...replica,
	},
	queries: 0,
	phase: "loading",
	...more,
});

describe("one sight of several", () => {
	const failure = { cause: "exits", words: "it ended" } as const;

	it("is about the first", () => {
		expect(sightOf([view("a", { cause: "volume" }), view("b", { phase: "starting" })])).toMatchObject({
			about: "a",
			phase: "loading",
			cause: "volume",
			failure: undefined,
			busy: false,
		});
	});

	it("is about the first that failed, where one has", () => {
		const views = [view("a"), view("b", { phase: "ended", failure }), view("c", { failure })];
		expect(sightOf(views)).toMatchObject({ about: "b", phase: "ended", failure });
	});

	it("is busy where any is, and of none is empty", () => {
		expect(sightOf([view("a"), view("b", { busy: true })]).busy).toBe(true);
		expect(sightOf([])).toEqual({
			about: undefined,
			phase: "",
			cause: undefined,
			failure: undefined,
			busy: false,
			marks: "",
		});
	});

	it("has left what all of them have that can say", () => {
		const left = (...of: (number | undefined)[]) => sightOf(of.map((its) => view("a", { left: its }))).left;
		expect([left(), left(undefined), left(3, undefined, 4)]).toEqual([undefined, undefined, 7]);
	});

	it("shows progress of any", () => {
		const [a, b] = [view("a"), view("b", { phase: "starting" })];
		expect(sightOf([a, b]).marks).toBe(`${marks(a)},${marks(b)}`);
	});
});

it.each<[string, Partial<ReplicaView>, Partial<ReplicaView["replica"]>]>([
	["its phase", { phase: "starting" }, {}],
	["its version", {}, { version: v2 }],
	["whether it serves", {}, { serving: true }],
	["whether it is read-only", {}, { readOnly: true }],
	["whether it has caught up", {}, { caughtUp: false }],
	["whether its restart is pending", {}, { outdated: true }],
])("of a replica another value of %s is progress", (_, more, replica) => {
	expect(marks(view("a", more, replica))).not.toBe(marks(view("a")));
	expect(marks(view("a", { ...more, queries: 7 }, replica))).toBe(marks(view("b", more, replica)));
});

it("of a replica how much it has left to fetch is no progress by itself, nor another number in its phase", () => {
	const fetching = (left: number, of = 10) => marks(view("a", { phase: `fetching ${left} of part ${of}`, left }));
	expect(fetching(7)).toBe(fetching(8));
	expect(fetching(7)).not.toBe(fetching(7, 11));
	expect(marks(view("a", { phase: "loading 1" }))).not.toBe(marks(view("a", { phase: "loading 2" })));
});

it("a phase is reported once, by replica", () => {
	const events: RollEvent[] = [];
	const tell = phaseTeller((event) => events.push(event));
	for (const phase of ["loading", "loading", "starting", "loading"]) tell(view("a", { phase }));
	tell(view("b"));
	expect(events).toEqual(
		[
			["a", "loading"],
			["a", "starting"],
			["a", "loading"],
			["b", "loading"],
		].map(([replica, phase]) => ({ event: "progress", replica, phase })),
	);
});
