import { expect, test } from "vitest";
import { given, type Run, run, v2 } from "./build";

/** Rolls so many shards of three replicas; how long that took in the clusters' own time, and what it asked. */
async function rolled(shards: number, shardsAtOnce: number) {
	const world = given(Array.from({ length: shards }, () => [{}, {}, {}]));
	const { rolled, error }: Run = await run(world, v2, { timing: { shardsAtOnce } });
	expect(error).toBeUndefined();
	expect(world.violations).toEqual([]);
	expect(rolled?.steps).toBe(shards * 3);
	return { seconds: rolled?.seconds ?? Number.NaN, calls: world.calls };
}

test("a hundred shards take as long as the shards in one of the lanes, and the canary", async () => {
	const [one, ten, all] = [await rolled(100, 1), await rolled(100, 10), await rolled(100, 100)];
	expect(ten.seconds).toBeLessThanOrEqual((1.15 * one.seconds) / 10);
	// Three steps one after the other, once the canary serves.
	expect(all.seconds).toBeLessThanOrEqual((1.5 * one.seconds) / 100);
});

test("what a rollout asks of the platform grows with the shards, not faster", async () => {
	const [few, many] = [await rolled(10, 10), await rolled(100, 10)];
	expect(many.calls).toBeLessThanOrEqual(10 * few.calls);
});
