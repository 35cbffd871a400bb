import { expect, test } from "vitest";
import { watchUpdates } from "../../src/cli/watch";
import { given, run, v2 } from "../roll/build";
import { ScriptedControl } from "../scripted/control";
import type { World } from "../scripted/world";

/** Watches a world while something is done to it. */
async function watched(world: World, work: () => Promise<unknown>) {
	const lines: string[] = [];
	const bars: string[] = [];
	const display = {
		line: (text: string) => void lines.push(text),
		below: (texts: readonly string[]) => void bars.push(...texts),
	};
	const watching = watchUpdates([{ name: "a", control: new ScriptedControl(world) }], display, world.clock);
	await work();
	await watching;
	return { lines, bars };
}

test("waits for an update, shows it replica by replica with a bar, and ends when it has ended", async () => {
	const world = given([[{}, {}]]);
	const { lines, bars } = await watched(world, async () => {
		await world.clock.sleep(3000);
		await run(world, v2);
	});
	expect(lines[0]).toBe("No update of a is under way. Waiting for one; press Ctrl-C to stop.");
	expect(lines[1]).toBe("a: the update 1.7.1 -> 1.8.0 is under way, by the test");
	expect(lines).toContain("a: a-0-1: loading tables: 1 of 4");
	expect(lines).toContain("a: a-0-1 serves 1.8.0; 1 of 2 done");
	expect(lines.at(-1)).toBe("a: done, every replica serves 1.8.0");
	expect(new Set(lines).size).toBe(lines.length);
	expect(bars[0]).toMatch(/^a 1\.7\.1 -> 1\.8\.0 \[-{20}\] 0 of 2 done, /);
	expect(bars.some((bar) => bar.includes("[##########----------] 1 of 2 done"))).toBe(true);
});

test("says that an update stopped midway once nobody works on it any more", async () => {
	const world = given([[{}, {}]], { engines: { "1.8.0": { fate: "exits" } } });
	const { lines } = await watched(world, () => run(world, v2));
	expect(lines.at(-1)).toBe("a: the update to 1.8.0 stopped midway");
});

test("waits also where an earlier update stopped midway, until somebody goes on with it", async () => {
	const mark = { from: "1.7.1", to: v2, since: "2026-01-01T00:00:00Z" } as NonNullable<World["cluster"]>["mark"];
	const world = given([[{}, { version: v2 }]], { mark });
	const { lines } = await watched(world, async () => {
		await world.clock.sleep(10_000);
		await run(world, v2);
	});
	expect(lines[0]).toContain("Waiting for one");
	expect(lines.at(-1)).toBe("a: done, every replica serves 1.8.0");
});
