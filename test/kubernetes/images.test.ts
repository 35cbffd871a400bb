import { expect, it } from "vitest";
import type { DbVersion } from "../../src/core/version";
import type { RollEvent } from "../../src/roll/events";
import { roll } from "../../src/roll/roll";
import { RollStopped } from "../../src/roll/stopped";
import type { Timing } from "../../src/roll/timing";
import { Space, unavailable, versions } from "./harness";
import { expectRows } from "./tables";
import { startWatched } from "./watched";

const topology = { shards: 1, replicas: 2 };

it.skipIf(unavailable !== undefined)(
	"images that don't exist, crash and hang stop the roll at the first replica while the other serves, and a slow one is waited for",
	async () => {
		const space = await Space.open();
		try {
			// The image that hangs does not heed the signal to stop either.
			const settings = space.settings({ gracePeriodSeconds: 15 });
			const { control, sampler, stop } = await startWatched(space, topology, settings);
			const events: RollEvent[] = [];
			const to = (version: DbVersion, timing: Partial<Timing> = {}) =>
				roll({
					control,
					to: version,
					holder: "the test",
					timing: { drainSeconds: 10, ...timing },
					report: (event) => events.push(event),
				});

			await expect(to(versions.missing)).rejects.toThrow(`does not exist: its registry`);
			expect(events).toEqual([]);
			expect((await control.observe())?.mark).toBeUndefined();

			const crashed = await stopOf(to(versions.crash));
			expect(crashed).toMatchObject({
				replica: "db-0-1",
				step: 1,
				of: 2,
				to: versions.crash,
				reads: true,
				writes: true,
			});
			expect(crashed.cause).toMatchObject({
				kind: "failed",
				words: expect.stringContaining("cannot load metadata written by an older server"),
			});
			expect(crashed.serving).toEqual([{ replica: "db-0-0", version: versions.v1 }]);
			expect((await control.observe())?.state).toBe("Degraded");

			// Longer than the pull of an image takes, which would be the phase otherwise.
			const hung = await stopOf(to(versions.hang, { stallSeconds: 30 }));
			expect(hung).toMatchObject({ replica: "db-0-1", step: 1, of: 2, to: versions.hang, reads: true, writes: true });
			expect(hung.cause).toEqual({ kind: "stalled", seconds: 30, phase: "starting: Loading metadata" });
			expect(hung.serving).toEqual([{ replica: "db-0-0", version: versions.v1 }]);

			const { cluster } = await to(versions.slow);
			expect(cluster).toMatchObject({ state: "Started" });
			expect(cluster.replicas.map(({ version }) => version)).toEqual([versions.slow, versions.slow]);
			const digest = expect.stringMatching(/^sha256:[0-9a-f]{64}$/);
			expect(cluster.replicas).toEqual([expect.objectContaining({ digest }), expect.objectContaining({ digest })]);
			const served = events.flatMap((event) => (event.event === "serving" ? [event] : []));
			expect(served.map(({ replica }) => replica)).toEqual(["db-0-1", "db-0-0"]);
			for (const { seconds } of served) expect(seconds).toBeGreaterThan(20);

			const seen = await stop();
			expect(seen.failedSelects, sampler.story).toEqual([]);
			expect(seen.selects).toBeGreaterThan(50);
			expect(sampler.mostUnready).toBe(1);
			expect(sampler.mostOut).toBe(1);
			// One pod for each image that db-0-1 was given.
			expect(sampler.replaced).toEqual(["db-0-1", "db-0-1", "db-0-1", "db-0-0"]);
			await expectRows(space, topology, seen);
		} finally {
			await space.close();
		}
	},
);

async function stopOf(rolling: Promise<unknown>): Promise<RollStopped["stop"]> {
	const error: unknown = await rolling.catch((reason: unknown) => reason);
	expect(error).toBeInstanceOf(RollStopped);
	return (error as RollStopped).stop;
}
