import { expect, test, vi } from "vitest";
import type { DbVersion } from "../../src/core/version";
import type { Pod } from "../../src/platforms/kubernetes/api/types";
import type { KubernetesControl } from "../../src/platforms/kubernetes/control";
import type { RollEvent } from "../../src/roll/events";
import { roll } from "../../src/roll/roll";
import { Space, startCluster, unavailable, versions } from "./harness";
import { previewOf } from "./preview";
import { makeRows } from "./tables";

const minute = 60_000;

test.skipIf(unavailable !== undefined)(
	"two clusters that hold replicas of the same tables are never updated at once",
	async () => {
		const space = await Space.open();
		const lines = vi.spyOn(console, "log").mockImplementation(() => {});
		const path = `/${space.namespace}/0/rows`;
		const pods = ["db-0-0", "twin-0-0"];
		const rows = () => Promise.all(pods.map((pod) => space.queryPod(pod, "SELECT count() FROM rows")));
		const uids = async () => (await space.api.list<Pod>("pods", {})).map(({ metadata }) => metadata.uid).sort();
		const upTo = (control: KubernetesControl, to: DbVersion, report?: (event: RollEvent) => void) =>
			roll({ control, to, holder: "the test", timing: { drainSeconds: 1 }, report });
		const preview = (name: string, version = "1.8.0") => previewOf(space, name, { version, replicas: 1 });
		try {
			const [db, twin] = (await Promise.all(
				["db", "twin"].map((name) => startCluster(space, { name, version: versions.v1, replicas: 1 })),
			)) as [KubernetesControl, KubernetesControl];
			await makeRows(space, pods);
			await space.queryPod("db-0-0", "INSERT INTO rows SELECT number FROM numbers(1000)");
			await vi.waitFor(async () => expect(await rows()).toEqual(["1000", "1000"]), { timeout: minute });
			expect(await preview("db")).toEqual([]);
			expect(await db.rivals()).toEqual([]);

			// The other's update is under way, and then it is one that died midway.
			const mark = { from: versions.v1, to: versions.v2, since: "2026-11-28T10:00:00.000Z" };
			const claim = await twin.claim("another process", 600);
			await twin.begin(claim, mark);
			const rival = { cluster: "twin", mark, path, replica: "twin-0-0" };
			expect(await db.rivals()).toEqual([{ ...rival, active: true }]);
			const refusal = `version: the cluster 'twin' holds copies of the same tables (twin-0-0, under ${path} in Keeper), and its update from 1.7.1 to 1.8.0, begun at ${mark.since}, is not finished. That update and one to 1.8.0 together might stop the last copies. Finish the update of 'twin' first (pulumi up), then preview again.`;
			expect(await preview("db")).toEqual([refusal]);
			const before = await uids();
			await expect(upTo(db, versions.v2)).rejects.toThrow(
				`the cluster 'twin' is being updated, and it holds copies of the same tables (twin-0-0, under ${path} in Keeper)`,
			);
			expect((await db.record())?.mark).toBeUndefined();
			expect(await uids()).toEqual(before);
			await twin.release(claim);
			expect(await db.rivals()).toEqual([{ ...rival, active: false }]);
			expect(await preview("db")).toEqual([refusal]);
			expect(await preview("twin")).toEqual([]);

			await upTo(twin, versions.v2);
			expect(await preview("db")).toEqual([]);
			await upTo(db, versions.v2);
			await vi.waitFor(async () => expect(await rows()).toEqual(["1000", "1000"]), { timeout: minute });

			// Both at once: whoever goes first, the other does not begin meanwhile.
			let out = 0;
			let most = 0;
			const noting = (event: RollEvent) => {
				if (event.event === "draining") most = Math.max(most, ++out);
				if (event.event === "serving") out--;
			};
			const outcomes = await Promise.allSettled([db, twin].map((control) => upTo(control, versions.v3, noting)));
			expect(outcomes.map(({ status }) => status)).toContain("fulfilled");
			expect(most).toBe(1);
			for (const outcome of outcomes)
				if (outcome.status === "rejected") expect(String(outcome.reason)).toContain("holds copies of the same tables");
			for (const control of [db, twin]) await upTo(control, versions.v3);
			await vi.waitFor(async () => expect(await rows()).toEqual(["1000", "1000"]), { timeout: minute });

			// What somebody removed by hand in the middle of an update stays known to Keeper, and to nobody else.
			const late = await twin.claim("another process", 600);
			await twin.begin(late, { from: versions.v3, to: versions.v4, since: mark.since });
			await twin.release(late);
			expect(await db.rivals()).toHaveLength(1);
			await space.api.delete("statefulsets", "twin-0");
			await space.kill("twin-0-0");
			await vi.waitFor(async () => expect(await space.api.get("pods", "twin-0-0")).toBeUndefined(), {
				timeout: minute,
			});
			expect(
				await space.queryPod(
					"db-0-0",
					`SELECT name FROM system.zookeeper WHERE path = '${path}/replicas' ORDER BY name`,
				),
			).toBe("db-0-0\ntwin-0-0");
			expect(await db.rivals()).toEqual([]);
			await upTo(db, versions.v4);
			expect(await space.queryPod("db-0-0", "SELECT count() FROM rows")).toBe("1000");
		} finally {
			lines.mockRestore();
			await space.close();
		}
	},
);
