import { expect, it, vi } from "vitest";
import { Space, startCluster, unavailable, versions } from "./harness";
import { kubectl, untilReady } from "./made-by-others";
import { comesUp, rolled, stopOf } from "./stops";
import { makeTables } from "./tables";

// For a release: each of its cases waits for a server that takes 20 seconds to start.
const here = it.skipIf(unavailable !== undefined);
const minute = 60_000;
const two = { shards: 1, replicas: 2 };

here(
	"a size that others change in the middle of a roll is told at once, and what is advised goes on with it",
	async () => {
		const space = await Space.open();
		try {
			const control = await startCluster(space, { version: versions.v1, ...two });
			const table = await makeTables(space, two);
			await space.queryPod("db-0-0", `INSERT INTO ${table} SELECT number FROM numbers(1000)`);
			const scale = (replicas: number) => kubectl(space, ["scale", "statefulset", "db-0", `--replicas=${replicas}`]);
			/** Does what the message advises. */
			const follow = async (text: string) => {
				const [, command] = /\(kubectl (scale [^)]*)\)/.exec(text) ?? [];
				await kubectl(space, command?.split(" ") ?? []);
				await untilReady(space, ["db-0-0", "db-0-1"]);
			};
			for (const [replicas, words] of [
				[1, "StatefulSet db-0 was scaled to 1 of 2 replicas outside Pulumi."],
				[3, "StatefulSet db-0 was scaled to 3 replicas outside Pulumi, and the cluster has 2."],
				[0, "StatefulSet db-0 was scaled to 0 of 2 replicas outside Pulumi."],
			] as const) {
				// Slow, so that it is still coming up when the size changes; at its next try it goes on with the same version.
				const stop = await stopOf(rolled(control, versions.slow, { when: comesUp, act: () => scale(replicas) }));
				expect(stop.cause).toEqual({ kind: "resized", object: "StatefulSet db-0", replicas, of: 2 });
				expect(stop.text).toContain(words);
				expect(stop).toMatchObject({ replica: "db-0-1", step: 1 });
				expect((await control.record())?.mark).toMatchObject({ to: versions.slow });
				await follow(stop.text);
				if (replicas === 3)
					await vi.waitFor(async () => expect(await space.api.get("pods", "db-0-2")).toBeUndefined(), {
						timeout: minute,
						interval: 500,
					});
				// So that there is another restart to be in the middle of.
				await space.api.delete("pods", "db-0-1");
			}
			const done = await rolled(control, versions.slow);
			expect(done).toMatchObject({ cluster: { state: "Started" } });
			for (const pod of ["db-0-0", "db-0-1"])
				expect(await space.queryPod(pod, `SELECT count() FROM ${table}`)).toBe("1000");
		} finally {
			await space.close();
		}
	},
);
