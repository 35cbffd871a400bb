import { describe, expect, it } from "vitest";
import { runLanes } from "../../src/roll/lanes";
import { VirtualClock } from "../scripted/clock";

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
		expect(await ended.catch((error: unknown) => error)).toEqual(new Error("first"));
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

	it.each([1, 2, 3])("are at most as many at once as told: %d", async (most) => {
		const clock = new VirtualClock();
		let running = 0;
		let seen = 0;
		await runLanes([["a"], ["b"], ["c"], ["d"]], most, async () => {
			seen = Math.max(seen, ++running);
			await clock.sleep(1000);
			running--;
		});
		// The canary's lane is over by then.
		expect(seen).toBe(Math.min(most, 3));
	});

	it("are told when another has failed, and one that gives up then hides nothing", async () => {
		const clock = new VirtualClock();
		const wentOn: string[] = [];
		const ended = runLanes([["a"], ["b"], ["c"]], 2, async (piece, goOn) => {
			await clock.sleep(piece === "c" ? 2000 : 1000);
			if (piece === "b") throw new Error("first");
			goOn();
			wentOn.push(piece);
		});
		expect(await ended.catch((error: unknown) => error)).toEqual(new Error("first"));
		expect(wentOn).toEqual(["a"]);
	});

	it("of which there are none are done at once", async () => {
		await runLanes([], 4, async () => expect.unreachable());
	});
});
