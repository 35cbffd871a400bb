import { expect, vi } from "vitest";
import { indexes } from "../../src/platforms/kubernetes/render/server-config";
import type { Space } from "./harness";
import type { Seen } from "./load";

const minute = 60_000;

export interface Topology {
	readonly shards: number;
	/** Of each shard. */
	readonly replicas: number;
}

/** The names of the replicas of a shard of the cluster `db`. */
const members = (shard: number, { replicas }: Topology) => indexes(replicas).map((ordinal) => `db-${shard}-${ordinal}`);

/** The names of all replicas of the cluster `db`. */
export const allReplicas = (topology: Topology) =>
	indexes(topology.shards).flatMap((shard) => members(shard, topology));

const columns = "(n UInt64)";

/** Makes a replicated table of numbers, `rows`, on each of these servers. */
export async function makeRows(space: Space, pods: readonly string[]): Promise<void> {
	// Row by row, and on a machine that has better things to do than to merge: that many parts are no trouble here.
	const settings = "SETTINGS parts_to_delay_insert = 10000, parts_to_throw_insert = 10000";
	for (const pod of pods)
		await space.queryPod(
			pod,
			`CREATE TABLE rows ${columns} ENGINE = ReplicatedMergeTree('/${space.namespace}/{shard}/rows', '{replica}') ORDER BY n ${settings}`,
		);
}

/**
 * Makes a replicated table of numbers on every replica of the cluster `db`, and where there are several shards a Distributed
 * one over them.
 *
 * @returns the table that clients use.
 */
export async function makeTables(space: Space, topology: Topology): Promise<string> {
	const pods = allReplicas(topology);
	await makeRows(space, pods);
	if (topology.shards === 1) return "rows";
	// These servers look its hosts up at once.
	const distributed = `CREATE TABLE IF NOT EXISTS all_rows ${columns} ENGINE = Distributed(db, default, rows, n)`;
	for (const pod of pods) await space.queryPeers(pod, distributed);
	return "all_rows";
}

/** Every acknowledged row is on every replica of its shard, once, and no other row but those whose INSERT failed midway. */
export async function expectRows(space: Space, topology: Topology, seen: Seen): Promise<void> {
	const holds = async (pod: string) =>
		(await space.queryPod(pod, "SELECT n FROM rows ORDER BY n")).split("\n").filter((line) => line !== "");
	const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
	await vi.waitFor(
		async () => {
			const found: number[] = [];
			for (const shard of indexes(topology.shards)) {
				const each = await Promise.all(members(shard, topology).map(holds));
				for (const rows of each) expect(rows).toEqual(each[0]);
				found.push(...(each[0] ?? []).map(Number));
			}
			expect(new Set(found).size).toBe(found.length);
			const acknowledged = new Set(seen.acknowledged);
			expect(sorted(found.filter((n) => acknowledged.has(n)))).toEqual(sorted(seen.acknowledged));
			for (const n of found) expect(n).toBeLessThan(seen.sent);
		},
		{ timeout: minute, interval: 500 },
	);
}
