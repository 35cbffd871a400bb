import { describe, expect, it } from "vitest";
import { defaultTiming, withDefaults } from "../../src/roll/timing";

describe("timing", () => {
	it("is the default where nothing, or undefined, is given", () => {
		expect(withDefaults()).toEqual(defaultTiming);
		expect(withDefaults({ drainSeconds: undefined, stallSeconds: 1 })).toEqual({ ...defaultTiming, stallSeconds: 1 });
	});

	it("has these defaults, in seconds", () => {
		expect(withDefaults()).toEqual({
			drainSeconds: 30,
			stallSeconds: 300,
			shardsAtOnce: 4,
			claimSeconds: 30,
			claimWaitSeconds: 45,
		});
	});
});
