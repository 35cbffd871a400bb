import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CanaryHold } from "../../../src/core/canary-queries";
import type { RollEvent } from "../../../src/roll/events";
import { roll } from "../../../src/roll/roll";
import { RollStopped } from "../../../src/roll/stopped";
import { stopText } from "../../../src/words/stop";
import { LocalPlace, versions } from "./place";

/** Keeps asking until it is stopped; the answers take turns. */
function asking(place: LocalPlace, sql: string): () => Promise<void> {
	let going = true;
	const loops = Array.from({ length: 2 }, async () => {
		while (going) await place.sql(sql).catch(() => {});
	});
	return async () => {
		going = false;
		await Promise.all(loops);
	};
}

describe("a hold after the first replica", () => {
	let place: LocalPlace;
	beforeEach(async () => {
		place = await LocalPlace.open();
		await place.started();
	});
	afterEach(() => place?.close());

	const rollTo = async (canary?: CanaryHold) => {
		const events: RollEvent[] = [];
		const control = place.control();
		const rolled = await roll({
			control,
			to: versions.v2,
			holder: "a test",
			canary,
			report: (event) => events.push(event),
		}).catch((error: unknown) => {
			if (error instanceof RollStopped) return error.stop;
			throw error;
		});
		return { rolled, events };
	};

	it("stops the update where queries fail on the new version only, and is got past by allowing that", async () => {
		const stop = asking(place, `SELECT throwIf(version() = '${versions.v2}', 'not with this version')`);
		try {
			const { rolled } = await rollTo({ seconds: 600, errors: 0.01 });
			expect(rolled).toMatchObject({
				replica: "db-0-1",
				cause: {
					kind: "worse",
					code: 395,
					name: "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO",
					others: { failed: 0 },
				},
				serving: [
					{ replica: "db-0-0", version: versions.v1 },
					{ replica: "db-0-1", version: versions.v2 },
				],
			});
			expect(stopText(rolled as RollStopped["stop"])).toMatch(/ \(100 %\) failed on db-0-1 with code 395 /);
			expect(await rollTo({ seconds: 600, errors: 0.01 })).toMatchObject({ rolled: { cause: { kind: "worse" } } });
			const { rolled: done, events } = await rollTo({ seconds: 6, errors: 1 });
			expect(done).toMatchObject({ steps: 1, cluster: { state: "Started" } });
			// A slow machine has too few queries in that time.
			const verdict = expect.stringMatching(/^(alike|too-few)$/);
			expect(events.filter(({ event }) => event === "compared")).toMatchObject([{ result: { verdict } }]);
		} finally {
			await stop();
		}
	});

	it("counts what fails after the beginning of its answer has gone out", async () => {
		const late = "SELECT throwIf(number = 300000), repeat('x', 100) FROM numbers(300001)";
		expect(await place.sql(late).catch(String)).toContain("__exception__");
		const tallies = await Promise.all(["db-0-0", "db-0-1"].map((name) => place.control().tally(name, 60)));
		expect(tallies.flatMap((tally) => tally?.failed)).toEqual([expect.objectContaining({ code: 395, queries: 1 })]);
	});
});
