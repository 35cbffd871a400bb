/**
 * What a rollout over 1, 10 and 100 shards of three replicas costs, with so many shards at once: time on the scripted
 * world's own clock, where each restart takes the same, calls of the platform, and what the process holds at the end. A
 * shard by itself is the measure: all of them one after another would take as often as long.
 *
 * Usage: npm run figures:scale        writes bench/results/scale-shards.json
 */
import { expect, test } from "vitest";
import { given, run, v2 } from "../../test/roll/build.ts";
import { machine, rounded, saveResults } from "../results.mts";

const { gc } = globalThis as { readonly gc?: () => void };

function heap(): number {
	gc?.();
	return process.memoryUsage().heapUsed / 2 ** 20;
}

async function rolled(shards: number, shardsAtOnce: number) {
	const before = heap();
	const began = performance.now();
	const world = given(Array.from({ length: shards }, () => [{}, {}, {}]));
	const ran = await run(world, v2, { timing: { shardsAtOnce } });
	const computed = (performance.now() - began) / 1000;
	const seconds = ran.rolled?.seconds ?? Number.NaN;
	expect([ran.rolled?.steps, world.violations]).toEqual([shards * 3, []]);
	return { seconds, computed, calls: world.calls, heap: heap() - before, events: ran.events.length };
}

test("a rollout over many shards", async () => {
	await rolled(10, 10); // What is compiled and kept at first is no shard's.
	const one = (await rolled(1, 1)).seconds;
	const rows = [];
	for (const shards of [1, 10, 100])
		for (const atOnce of [1, 10, 100].filter((each) => each <= shards)) {
			const { seconds, computed, calls, heap, events } = await rolled(shards, atOnce);
			rows.push({
				shards,
				"at once": atOnce,
				"rollout, s": rounded(seconds),
				"one after another, s": rounded(one * shards),
				"of its share": rounded(seconds / ((one * shards) / atOnce)),
				"calls of the platform": calls,
				"calls for each replica": rounded(calls / (shards * 3)),
				events,
				"heap, MiB": rounded(heap),
				"computed, s": rounded(computed),
			});
		}
	console.table(rows);
	saveResults("scale-shards", { machine: machine(), rows });
});
