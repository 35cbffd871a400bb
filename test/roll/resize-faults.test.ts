import fc from "fast-check";
import { expect, it } from "vitest";
import { ControlError } from "../../src/control/errors";
import type { Fault } from "../scripted/control";
import { given } from "./build";
import { members, names, resize, sizeOf, spec } from "./resizing";

const fault: fc.Arbitrary<Fault> = fc.oneof(
	fc.record({ kind: fc.constant("crash" as const), when: fc.constantFrom("before", "after") }),
	fc.record({ kind: fc.constant("unreachable" as const), calls: fc.integer({ min: 1, max: 20 }) }),
	fc.record({ kind: fc.constant("refuse" as const), words: fc.constant("no") }),
	fc.record({ kind: fc.constant("no-answer" as const) }),
	fc.record({ kind: fc.constant("steal" as const), seconds: fc.integer({ min: 1, max: 60 }) }),
);

it("through any faults a resize keeps every promise, and a later one to whatever size finishes", {
	timeout: 300_000,
}, async () => {
	const size = fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 4 }));
	let crashed = 0;
	let failed = 0;
	await fc.assert(
		fc.asyncProperty(
			size,
			size,
			size,
			fc.dictionary(fc.nat(60).map(String), fault, { maxKeys: 4 }),
			async (a, b, c, faults) => {
				const world = given(sizeOf(1, a[1]));
				const first = await resize(world, spec(...b), faults);
				if (first.crashed) crashed++;
				else if (first.error !== undefined) {
					failed++;
					if (!(first.error instanceof ControlError)) throw first.error;
				} else expect(members(world)).toEqual(names(spec(...b)));
				expect(world.violations).toEqual([]);
				// Shards that are in can't go again; those that were only made can.
				const shards = Math.max(world.present().shards, c[0]);
				const second = await resize(world, spec(shards, c[1]));
				expect(second.error).toBeUndefined();
				expect(members(world)).toEqual(names(spec(shards, c[1])));
				expect(world.violations).toEqual([]);
			},
		),
		{ numRuns: 500 },
	);
	for (const ends of [crashed, failed]) expect(ends).toBeGreaterThan(20);
});
