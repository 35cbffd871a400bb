import { describe, expect, it } from "vitest";
import { untilQuiet } from "../../../../src/platforms/kubernetes/change/quiet";

interface Given {
	readonly answers?: boolean;
	/** When the API server is away. */
	readonly away?: (now: number) => boolean;
}

/** When it begins to wait, on a clock of any time. */
const start = 50_000;

/** Milliseconds that it waits for a server that clients ask at these times, and whether they left it alone at the end. */
async function waited(asked: (now: number) => boolean, { answers = true, away = () => false }: Given = {}) {
	let passed = 0;
	let count = 0;
	let kept = 0;
	let awayAt: number | undefined;
	const isQuiet = await untilQuiet({
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
	return [passed, isQuiet];
}

describe("untilQuiet", () => {
	it("gives proxies a moment where nobody asks anything", async () => {
		expect(await waited(() => false)).toEqual([1500, true]);
	});

	it("takes no longer where the proxies have followed by then", async () => {
		expect(await waited((now) => now < 400)).toEqual([1500, true]);
	});

	it("waits for a proxy that follows late until it has left the server alone for a second", async () => {
		expect(await waited((now) => now < 3000)).toEqual([4000, true]);
	});

	it("gives up on clients that never leave, or came back a moment ago", async () => {
		expect(await waited((now) => now < 4990)).toEqual([6000, true]);
		expect(await waited((now) => now < 5200)).toEqual([6000, false]);
		expect(await waited(() => true)).toEqual([6000, false]);
	});

	it("waits until the proxies watch again after the API server was away", async () => {
		expect(await waited(() => false, { away: (now) => now < 1100 })).toEqual([62_500, true]);
		expect(await waited(() => true, { away: (now) => now < 1100 })).toEqual([67_000, false]);
	});

	it("gives a server that can't be asked the same moment", async () => {
		expect(await waited(() => true, { answers: false })).toEqual([1500, true]);
	});
});
