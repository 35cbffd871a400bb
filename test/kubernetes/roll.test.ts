import { expect, it, vi } from "vitest";
import type { Pod } from "../../src/platforms/kubernetes/types";
import { roll } from "../../src/roll/roll";
import { v } from "../build";
import { queryAt, Space, startCluster, unavailable } from "./harness";
import { startLoad } from "./load";

const minute = 60_000;

it.skipIf(unavailable !== undefined)(
	"a roll under load keeps SELECTs and INSERTs working, loses no row, and keeps names and volumes",
	{ timeout: 6 * minute },
	async () => {
		const space = await Space.open();
		try {
			const control = await startCluster(space, { version: v("1.7.1") });
			for (const pod of ["db-0-0", "db-0-1"])
				await space.queryPod(
					pod,
					`CREATE TABLE rows (n UInt64, d Date DEFAULT toDate('2026-01-01')) ENGINE = ReplicatedMergeTree('/${space.namespace}/rows', '{replica}', d, n, 8192)`,
				);
			const before = await podsAndVolumes(space);
			const endpoint = await space.endpoint("db");
			// The node's proxy learns of a new Service a moment after the cluster is Started.
			await vi.waitFor(() => queryAt(endpoint, "SELECT 1"), { timeout: minute, interval: 100 });
			const load = startLoad({ endpoint, table: "rows" });
			const { cluster } = await roll({
				control,
				to: v("1.8.0"),
				holder: "the test",
				timing: { drainSeconds: 10 },
			});
			const seen = await load.stop();
			expect(cluster.replicas.map(({ version }) => version)).toEqual(["1.8.0", "1.8.0"]);
			expect(seen.failedSelects).toEqual([]);
			expect(seen.failedInserts).toEqual([]);
			expect(seen.selects).toBeGreaterThan(50);
			expect(seen.inserts).toBeGreaterThan(50);
			const numbers = [...seen.acknowledged].sort((a, b) => a - b).join("\n");
			for (const pod of ["db-0-0", "db-0-1"])
				await vi.waitFor(async () => expect(await space.queryPod(pod, "SELECT n FROM rows ORDER BY n")).toBe(numbers), {
					timeout: minute,
					interval: 500,
				});
			const after = await podsAndVolumes(space);
			expect(after.volumes).toEqual(before.volumes);
			expect(Object.keys(after.pods)).toEqual(Object.keys(before.pods));
			for (const [name, uid] of Object.entries(after.pods)) expect(uid).not.toBe(before.pods[name]);
		} finally {
			await space.close();
		}
	},
);

async function podsAndVolumes(space: Space) {
	const uids = async (kind: "pods" | "persistentvolumeclaims") =>
		Object.fromEntries((await space.api.list<Pod>(kind, {})).map(({ metadata }) => [metadata.name, metadata.uid]));
	return { pods: await uids("pods"), volumes: await uids("persistentvolumeclaims") };
}
