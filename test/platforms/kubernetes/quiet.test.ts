import { describe, expect, it } from "vitest";
import { untilQuiet } from "../../../src/platforms/kubernetes/quiet";

/** Milliseconds that it waits for a server that clients ask at these times. */
async function waited(asked: (now: number) => boolean, answers = true): Promise<number> {
	let now = 0;
	let count = 0;
	const clock = {
		now: () => now,
		sleep: async (milliseconds: number) => {
			for (const end = now + milliseconds; now < end; now += 10) if (asked(now)) count++;
		},
	};
	await untilQuiet(async () => (answers ? ++count : undefined), clock);
	return now;
}

describe("untilQuiet", () => {
	it("gives proxies a moment where nobody asks anything", async () => {
		expect(await waited(() => false)).toBe(1600);
	});

	it("takes no longer where the proxies have followed by then", async () => {
		expect(await waited((now) => now < 400)).toBe(1600);
	});

	it("waits for a proxy that follows late until it has left the server alone for a second", async () => {
		expect(await waited((now) => now < 3000)).toBe(4000);
	});

	it("gives up on clients that never leave", async () => {
		expect(await waited(() => true)).toBe(6000);
	});

	it("gives a server that can't be asked the same moment", async () => {
		expect(await waited(() => true, false)).toBe(1600);
	});
});
