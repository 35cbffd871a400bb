import { describe, expect, it } from "vitest";
import { untilQuiet } from "../../../../src/platforms/kubernetes/change/quiet";

interface Given {
	readonly answers?: boolean;
	/** When the API server is away. */
	readonly away?: (now: number) => boolean;
}

/** When it begins to wait, on a clock of any time. */
const start = 50_000;

/** Milliseconds that it waits for a server that clients ask at these times. */
async function waited(asked: (now: number) => boolean, { answers = true, away = () => false }: Given = {}) {
	let passed = 0;
	let count = 0;
	let kept = 0;
	let awayAt: number | undefined;
	await untilQuiet({
		queries: async () => (answers ? ++count : undefined),
		awayAt: () => awayAt,
		keep: async (soFar) => {
			expect(soFar).toBe(passed);
			// Each second, and not for each look.
			expect(passed - kept).toBeGreaterThanOrEqual(1000);
			expect(passed - kept).toBeLessThanOrEqual(1200);
			kept = passed;
			if (away(passed)) awayAt = start + passed;
		},
		now: () => start + passed,
		sleep: async (milliseconds: number) => {
			for (const end = passed + milliseconds; passed < end; passed += 10) if (asked(passed)) count++;
		},
	});
	expect(passed - kept).toBeLessThanOrEqual(1600);
	return passed;
}

describe("untilQuiet", () => {
	it("gives proxies a moment where nobody asks anything", async () => {
		expect(await waited(() => false)).toBe(1500);
	});

	it("takes no longer where the proxies have followed by then", async () => {
		expect(await waited((now) => now < 400)).toBe(1500);
	});

	it("waits for a proxy that follows late until it has left the server alone for a second", async () => {
		expect(await waited((now) => now < 3000)).toBe(4000);
	});

	it("gives up on clients that never leave", async () => {
		expect(await waited(() => true)).toBe(6000);
	});

	it("waits until the proxies watch again after the API server was away", async () => {
		expect(await waited(() => false, { away: (now) => now < 1100 })).toBe(62_500);
		expect(await waited(() => true, { away: (now) => now < 1100 })).toBe(67_000);
	});

	it("gives a server that can't be asked the same moment", async () => {
		expect(await waited(() => true, { answers: false })).toBe(1500);
	});
});
