import { describe, it } from "vitest";
import { claims } from "./claims";
import type { Harness, Place } from "./harness";
import { holds } from "./holds";
import { lifecycle } from "./lifecycle";
import { replicas } from "./replicas";
import { reshape } from "./reshape";
import { rolling } from "./rolling";
import { Stage } from "./stage";
import { tallies } from "./tally";

/** Every promise of the port, by the name of its test. */
const promises = { ...lifecycle, ...claims, ...replicas, ...holds, ...reshape, ...rolling, ...tallies };

export type TestName = keyof typeof promises;

/**
 * Tests that a platform keeps the promises of src/control/port.ts, through that port alone.
 *
 * @example contractSuite("local", { versions, open: openFolder, unsupported: { "...": "one process holds one engine" } });
 */
export function contractSuite<Settings>(name: string, harness: Harness<Settings>): void {
	describe(`${name} keeps the port's promises`, () => {
		for (const [promise, test] of Object.entries(promises)) {
			const reason = harness.unsupported?.[promise as TestName];
			if (reason !== undefined) {
				it.skip(`${promise} (not here: ${reason})`, () => {});
				continue;
			}
			const run = harness.concurrent ? it.concurrent : it;
			run(promise, { timeout: harness.timeout ?? 60_000 }, async () => {
				const place: Place<Settings> = await harness.open();
				try {
					await test(new Stage(place, harness) as Stage);
				} finally {
					await place.close();
				}
			});
		}
	});
}
