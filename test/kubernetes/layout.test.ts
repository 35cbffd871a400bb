import { expect, test, vi } from "vitest";
import { adoptedControl } from "../../src/platforms/kubernetes/adopted/control";
import { Space, startCluster, unavailable, versions } from "./harness";
import { kubectl, manifest, obstacles, running, settingsFor, untilReady } from "./made-by-others";
import { previewOf } from "./preview";

const minute = 60_000;
const pods = ["clickhouse-0", "clickhouse-1", "clickhouse-2"];
const its = { statefulSets: ["clickhouse"], services: ["clickhouse"], container: "clickhouse" };

/** The StatefulSet of examples/adopt/plain.yaml with three pods, each a shard of its own: its macro `shard` is its ordinal. */
function threeShards({ namespace }: Space): string {
	const hosts = pods.map(
		(pod) =>
			`<shard><replica><host>${pod}.clickhouse-nodes.${namespace}.svc</host><port>9000</port><user>app</user><password from_env="CLICKHOUSE_PASSWORD"/></replica></shard>`,
	);
	return manifest()
		.replace("replicas: 2", "replicas: 3")
		.replace("<shard>1</shard>", '<shard from_env="SHARD"/>')
		.replace(
			"      <zookeeper>",
			`      <remote_servers><everyone>${hosts.join("")}</everyone></remote_servers>\n      <zookeeper>`,
		)
		.replace(
			"            - name: CLICKHOUSE_USER",
			"            - name: SHARD\n              valueFrom:\n                fieldRef:\n                  fieldPath: metadata.labels['apps.kubernetes.io/pod-index']\n            - name: CLICKHOUSE_USER",
		);
}

test.skipIf(unavailable !== undefined)(
	"a StatefulSet whose pods are shards is not taken over as one shard, and one whose pods are replicas is",
	async () => {
		const space = await Space.open();
		try {
			await kubectl(space, ["apply", "--filename", "-"], threeShards(space));
			await untilReady(space, pods);
			const settings = settingsFor(space, its);
			const takeover = (localTables?: string[]) => obstacles(settings, versions.v1, 1, 3, localTables);
			const text = (reason: string) =>
				`${reason} Such a cluster can't be taken over: keep updating it as you do today, or move its rows to a new DbCluster with that layout. If the reported layout comes from a table that differs between replicas on purpose, add that table to update.localTables.`;
			const told = `each StatefulSet must be one shard (shards: 1, replicas: 3), but the servers report another layout (shards: 3, replicas: 1): ${pods.join(" / ")}.`;

			// Before there is a table, the macros tell it.
			await vi.waitFor(() => Promise.all(pods.map((pod) => space.queryPod(pod, "SELECT 1"))), { timeout: minute });
			expect(await takeover()).toEqual([
				{
					property: "kubernetes.existing.statefulSets",
					reason: text(
						`${told} The macro shard is 0 on clickhouse-0, and 1 on clickhouse-1, as in different shards, but they are pods of one StatefulSet.`,
					),
				},
			]);

			for (const pod of pods) {
				await space.queryPod(
					pod,
					`CREATE TABLE t (n UInt64) ENGINE = ReplicatedMergeTree('/${space.namespace}/{shard}/t', '{replica}') ORDER BY n`,
				);
				const distributed =
					"CREATE TABLE IF NOT EXISTS everything (n UInt64) ENGINE = Distributed(everyone, default, t, n)";
				await space.queryPeers(pod, distributed);
				await space.queryPod(pod, `INSERT INTO t SELECT number FROM numbers(${100 * (pods.indexOf(pod) + 1)})`);
			}
			const before = await running(space, pods, "clickhouse-data");
			const rows = () => space.queryPod("clickhouse-0", "SELECT count() FROM everything");
			expect(await rows()).toBe("600");
			expect(await takeover()).toEqual([
				{
					property: "kubernetes.existing.statefulSets",
					reason: text(
						`${told} The path of default.t in Keeper is /${space.namespace}/0/t on clickhouse-0, and /${space.namespace}/1/t on clickhouse-1, as in different shards, but they are pods of one StatefulSet.`,
					),
				},
			]);
			// A table that differs on purpose does not count, and the macros still say so.
			expect(await takeover(["default.t"])).toEqual([
				expect.objectContaining({ reason: expect.stringContaining("The macro shard is 0 on clickhouse-0") }),
			]);
			const control = adoptedControl("db", settings);
			const claim = await control.claim("the test", 600);
			const spec = { name: "db", owner: "o", generation: "g", version: versions.v1, shards: 1, replicas: 3, settings };
			await expect(control.create(claim, spec)).rejects.toThrow("the servers report another layout");
			await control.release(claim);
			expect(await rows()).toBe("600");
			expect(await running(space, pods, "clickhouse-data")).toEqual(before);

			// The same StatefulSet as the example makes it, one shard. Old servers give tables that are there the new macro's path.
			for (const pod of pods) await space.queryPod(pod, "DROP TABLE t");
			await kubectl(space, ["apply", "--filename", "-"], manifest());
			await kubectl(space, ["rollout", "status", "statefulset/clickhouse", "--timeout=180s"]);
			const two = pods.slice(0, 2);
			await untilReady(space, two);
			await vi.waitFor(() => Promise.all(two.map((pod) => space.queryPod(pod, "SELECT 1"))), { timeout: minute });
			for (const pod of two)
				await space.queryPod(
					pod,
					`CREATE TABLE t (n UInt64) ENGINE = ReplicatedMergeTree('/${space.namespace}/{shard}/t', '{replica}') ORDER BY n`,
				);
			expect(await obstacles(settings, versions.v1, 1, 2)).toEqual([]);
		} finally {
			await space.close();
		}
	},
);

test.skipIf(unavailable !== undefined)(
	"a cluster of ours whose replicas do not share a table's path is not updated, and says what to do",
	async () => {
		const space = await Space.open();
		const lines = vi.spyOn(console, "log").mockImplementation(() => {});
		try {
			await startCluster(space, { version: versions.v1 });
			const [a, b] = ["db-0-0", "db-0-1"];
			const preview = (more = {}) => previewOf(space, "db", { version: "1.8.0", replicas: 2, ...more });
			const make = (pod: string, path: string) =>
				space.queryPod(
					pod,
					`CREATE TABLE t (n UInt64) ENGINE = ReplicatedMergeTree('/${space.namespace}/${path}', '{replica}') ORDER BY n`,
				);
			await make(a, "t-0");
			await make(b, "t-1");
			expect(await preview()).toEqual([
				`version: the servers report another layout than the declared one, so no replica is restarted for 1.8.0. Declared: 1 shard of 2 replicas (shards: 1, replicas: 2): ${a} and ${b}. Reported: 2 shards of 1 replica (shards: 2, replicas: 1): ${a}; ${b}. The table default.t has the path /${space.namespace}/t-0 in Keeper on ${a}, and /${space.namespace}/t-1 on ${b}, so ${a} and ${b} are not copies of each other. Choose one: (1) if both should have the same rows in default.t, copy the rows away, drop the table, and create it again on both with the same path, such as '/clickhouse/{shard}/default.t'; (2) if each should have its own rows, add default.t to update.localTables; (3) if the reported layout is right, declare a new DbCluster with shards: 2, replicas: 1 and move the rows there. Then preview again.`,
			]);
			expect(await preview({ update: { localTables: ["default.t"] } })).toEqual([]);
			await space.queryPod(b, "DROP TABLE t");
			await make(b, "t-0");
			expect(await preview()).toEqual([]);
		} finally {
			lines.mockRestore();
			await space.close();
		}
	},
);
