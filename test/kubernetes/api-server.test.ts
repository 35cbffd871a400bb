import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { roll } from "../../src/roll/roll";
import { environment, Space, unavailable, versions } from "./harness";
import { expectRows } from "./tables";
import { startWatched } from "./watched";

const two = { shards: 1, replicas: 2 };

const { restartApi } = environment;
const noRestart =
	unavailable ?? (restartApi === undefined ? "DBCLUSTER_TEST_RESTART_API, the command for it, is not set" : undefined);

it.skipIf(noRestart !== undefined)(
	`an API server that is restarted midway is waited for${noRestart === undefined ? "" : ` (not here: ${noRestart})`}`,
	async () => {
		const space = await Space.open();
		try {
			const { control, sampler, stop } = await startWatched(space, two);
			let restarted: Promise<unknown> | undefined;
			const { cluster } = await roll({
				control,
				to: versions.v2,
				holder: "the test",
				timing: { drainSeconds: 10 },
				report(event) {
					if (event.event === "restarting") restarted ??= promisify(execFile)("sh", ["-c", restartApi ?? ""]);
				},
			});
			await restarted;
			const seen = await stop();

			expect(restarted).toBeDefined();
			expect(sampler.blind).toBeGreaterThan(0);
			expect(cluster).toMatchObject({ state: "Started" });
			expect(cluster.replicas.map(({ version }) => version)).toEqual([versions.v2, versions.v2]);
			expect(seen.failedSelects, sampler.story).toEqual([]);
			expect(seen.selects).toBeGreaterThan(50);
			expect(sampler.mostUnready).toBe(1);
			expect(sampler.mostOut).toBe(1);
			expect(sampler.replaced).toEqual(["db-0-1", "db-0-0"]);
			await expectRows(space, two, seen);
		} finally {
			await space.close();
		}
	},
);
