import { describe, expect, it, vi } from "vitest";
import { PlatformError } from "../../src/control/errors";
import { retrying } from "../../src/roll/retry";
import { VirtualClock } from "../scripted/clock";

/** A port whose calls fail so often because the platform is away, and how long was waited before each repetition. */
function awayFor(failures: number) {
	const slept: number[] = [];
	const clock = { now: () => 0, sleep: async (milliseconds: number) => void slept.push(milliseconds) };
	const report = vi.fn();
	let calls = 0;
	const port = {
		name: "port",
		async ask(words: string) {
			if (++calls <= failures) throw new PlatformError(`refused ${calls}`);
			return words;
		},
	};
	return { port: retrying(port, clock, report), slept, report };
}

it("a call that succeeds is not repeated, and nothing is reported", async () => {
	const { port, slept, report } = awayFor(0);
	expect(await port.ask("yes")).toBe("yes");
	expect(slept).toEqual([]);
	expect(report).not.toHaveBeenCalled();
});

it("a call is repeated after ever longer pauses, eight times, and reported once with its first error", async () => {
	const { port, slept, report } = awayFor(8);
	expect(await port.ask("yes")).toBe("yes");
	expect(slept).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
	expect(report.mock.calls).toEqual([["refused 1"]]);
});

it("a call is given up with its last error, and the next one begins again", async () => {
	const { port, slept, report } = awayFor(10);
	await expect(port.ask("yes")).rejects.toThrow("refused 9");
	slept.length = 0;
	expect(await port.ask("yes")).toBe("yes");
	expect(slept).toEqual([500]);
	expect(report.mock.calls).toEqual([["refused 1"], ["refused 10"]]);
});

it("what is no call is the port's own", () => {
	expect(awayFor(0).port.name).toBe("port");
});

describe("retrying", () => {
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
