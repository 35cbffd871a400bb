import { describe, expect, it } from "vitest";
import { PlatformError } from "../../src/control/errors";
import { secondsSince, systemClock } from "../../src/roll/clock";
import { runLanes } from "../../src/roll/lanes";
import { retrying } from "../../src/roll/retry";
import { defaultTiming, withDefaults } from "../../src/roll/timing";
import { watch } from "../../src/roll/watch";
import { VirtualClock } from "../scripted/clock";

describe("watch", () => {
	it("does not take going to and fro between the same phases for progress", async () => {
		const clock = new VirtualClock();
		let looks = 0;
		const outcome = await watch(clock, 60, async () => {
			const phase = looks++ % 2 === 0 ? "starting" : "waiting to start again";
			return { phase, marks: phase };
		});
		expect(outcome).toMatchObject({ kind: "stalled", seconds: 60 });
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
		expect((looks[seen + 1] ?? 0) - (looks[seen] ?? 0)).toBe(100);
	});
});

describe("retrying", () => {
	it("gives up after about a minute with the last error, and reports once", async () => {
		const clock = new VirtualClock();
		const start = clock.now();
		const reported: string[] = [];
		let calls = 0;
		const port = retrying(
			{
				async ask() {
					calls++;
					throw new PlatformError(`refused ${calls}`);
				},
			},
			clock,
			(words) => reported.push(words),
		);
		await expect(port.ask()).rejects.toThrow("refused 9");
		expect(reported).toEqual(["refused 1"]);
		expect(secondsSince(clock, start)).toBeCloseTo(60.5);
	});

	it("asks once where the error is not the platform's", async () => {
		let calls = 0;
		const port = retrying(
			{
				async ask() {
					calls++;
					throw new TypeError("a mistake");
				},
			},
			new VirtualClock(),
			() => {},
		);
		await expect(port.ask()).rejects.toThrow(TypeError);
		expect(calls).toBe(1);
	});

	it("passes arguments, answers and the port's own `this`", async () => {
		class Port {
			#secret = 40;
			readonly name = "port";
			async add(n: number) {
				return this.#secret + n;
			}
		}
		const port = retrying(new Port(), new VirtualClock(), () => {});
		expect([await port.add(2), port.name]).toEqual([42, "port"]);
	});
});

describe("lanes", () => {
	it("run one after the other within, side by side among them, and the canary alone", async () => {
		const clock = new VirtualClock();
		const lanes = [["a1", "a2"], ["b1", "b2"], ["c1"]];
		const log: string[] = [];
		await runLanes(lanes, 2, async (piece) => {
			log.push(`+${piece}`);
			await clock.sleep(1000);
			log.push(`-${piece}`);
		});
		expect(log.slice(0, 2)).toEqual(["+a1", "-a1"]);
		expect(log.slice(2, 4)).toEqual(["+a2", "+b1"]);
		expect(log.indexOf("+b2")).toBeGreaterThan(log.indexOf("-b1"));
		expect(log.indexOf("+c1")).toBeGreaterThan(log.indexOf("-a2"));
	});

	it("begin nothing after a failure, let what runs settle, and throw the first", async () => {
		const clock = new VirtualClock();
		const log: string[] = [];
		const lanes = [
			["a1", "a2"],
			["b1", "b2"],
		];
		const ended = runLanes(lanes, 2, async (piece, goOn) => {
			log.push(`+${piece}`);
			await clock.sleep(piece === "b1" ? 2000 : 1000);
			if (piece === "a2") throw new Error("first");
			log.push(`-${piece}`);
			goOn();
		});
		await expect(ended).rejects.toThrow("first");
		expect(log).toEqual(["+a1", "-a1", "+a2", "+b1", "-b1"]);
	});

	it("do not begin at all where the canary fails", async () => {
		const begun: string[] = [];
		const ended = runLanes([["a1", "a2"], ["b1"]], 2, async (piece) => {
			begun.push(piece);
			throw new Error("dead");
		});
		await expect(ended).rejects.toThrow("dead");
		expect(begun).toEqual(["a1"]);
	});

	it("of which there are none are done at once", async () => {
		await runLanes([], 4, async () => expect.unreachable());
	});
});

describe("timing", () => {
	it("is the default where nothing, or undefined, is given", () => {
		expect(withDefaults()).toEqual(defaultTiming);
		expect(withDefaults({ drainSeconds: undefined, stallSeconds: 1 })).toEqual({ ...defaultTiming, stallSeconds: 1 });
	});

	it("of the system passes", async () => {
		const before = systemClock.now();
		await systemClock.sleep(5);
		expect(systemClock.now()).toBeGreaterThanOrEqual(before + 4);
	});
});
