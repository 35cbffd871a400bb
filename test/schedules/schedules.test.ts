import { expect, it } from "vitest";
import { examples } from "./examples";
import { hold, timeout } from "./hold";
import { play } from "./play";
import { type Scenario, scenario } from "./scenario";

/** Of so many schedules one is played twice. */
const again = 20;

it("whatever befalls an update, every invariant holds after every event, and a later one finishes", {
	timeout,
}, async () => {
	const ends = new Map<string, number>();
	let played = 0;
	const holds = async (given: Scenario) => {
		const { violations, log, ...ended } = await play(given);
		for (const end of ended.ends) ends.set(end, (ends.get(end) ?? 0) + 1);
		expect(violations).toEqual([]);
		if (played++ % again === 0) expect((await play(given)).log).toEqual(log);
	};
	await hold(scenario, holds, { usual: 20_000, examples: Object.values(examples) });
	// Each end must have been seen often enough for this to mean anything.
	for (const end of ["done", "stopped", "crashed", "lacking", "found", "late", "sequel"])
		expect(ends.get(end), end).toBeGreaterThan(played / 100);
});
