import { describe, expect, it } from "vitest";
import { secondsSince, systemClock, timestamp } from "../../src/roll/clock";

describe("time", () => {
	it("is recorded in UTC, and counted in tenths of a second", () => {
		const clock = { now: () => Date.UTC(2026, 0, 1, 0, 0, 1, 260), sleep: async () => {} };
		expect(timestamp(clock)).toBe("2026-01-01T00:00:01.260Z");
		expect(secondsSince(clock, Date.UTC(2026, 0, 1))).toBe(1.3);
	});

	it("of the system passes", async () => {
		const before = systemClock.now();
		await systemClock.sleep(5);
		expect(systemClock.now()).toBeGreaterThanOrEqual(before + 4);
	});
});
