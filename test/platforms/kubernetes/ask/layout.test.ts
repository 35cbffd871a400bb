import { expect, test } from "vitest";
import { layoutProblem } from "../../../../src/platforms/kubernetes/adopted/layout";
import type { Pod } from "../../../../src/platforms/kubernetes/api/types";
import { readInventory } from "../../../../src/platforms/kubernetes/ask/inventory";
import { layoutOf } from "../../../../src/platforms/kubernetes/ask/layout";
import type { Existing } from "../../../../src/platforms/kubernetes/render/settings-schema";

const row = (kind: string, a: string, b = "", c = "", d = "", n = 0) => ({ kind, a, b, c, d, n: String(n) });
const member = (cluster: string, shard: number, replica: number, host: string) =>
	row("member", cluster, String(shard), String(replica), host);

test("of the clusters that a server knows those that name it, by the pods' names", () => {
	const { topology } = readInventory([
		row("macro", "shard", "02"),
		row("macro", "replica", "db-0"),
		member("db", 1, 1, "db-0.nodes.ns.svc.cluster.local"),
		member("db", 1, 2, "db-1.nodes"),
		member("db", 2, 1, "db-2"),
		member("test_shard_localhost", 1, 1, "localhost"),
	]);
	expect(layoutOf("db-0", topology)).toEqual({ shard: "02", clusters: { db: [["db-0", "db-1"], ["db-2"]] } });
	expect(layoutOf("other-0", readInventory([]).topology)).toEqual({ clusters: {} });
});

/** Servers of two StatefulSets, each with its path of the table `t`. */
function problem(paths: Record<string, string>, localTables?: string[]) {
	const existing = { statefulSets: ["a", "b"], services: [], container: "db", httpPort: 8123 } as Existing;
	const asked = Object.entries(paths).map(([name, path]) => ({
		pod: { metadata: { name } } as Pod,
		inventory: readInventory([
			row("table", "default", "t", "ReplicatedMergeTree"),
			row("path", "default", "t", path, name),
		]),
	}));
	const pods = asked.map(({ pod }) => pod);
	return layoutProblem(existing, pods, asked, { shards: 2, replicas: 2, localTables });
}

const last =
	"If the reported layout comes from a table that differs between replicas on purpose, add that table to update.localTables.";

test("StatefulSets that are one shard each may be taken over", () => {
	expect(problem({ "a-0": "/0", "a-1": "/0", "b-0": "/1", "b-1": "/1" })).toBeUndefined();
	expect(problem({})).toBeUndefined();
});

test("StatefulSets with a replica of each shard may not", () => {
	expect(problem({ "a-0": "/0", "a-1": "/1", "b-0": "/0", "b-1": "/1" })).toBe(
		`each StatefulSet must be one shard (shards: 2, replicas: 2), but the servers report another layout (shards: 2, replicas: 2): a-0, b-0 / a-1, b-1. The path of default.t in Keeper is /0 on a-0, and /1 on a-1, as in different shards, but they are pods of one StatefulSet. Such a cluster can't be taken over: keep updating it as you do today, or move its rows to a new DbCluster with that layout. ${last}`,
	);
});

test("shards of different sizes may not", () => {
	const paths = { "a-0": "/0", "a-1": "/1", "b-0": "/1", "b-1": "/1" };
	expect(problem(paths)).toContain(
		"the servers report another layout (shards of different sizes): a-0 / a-1, b-0, b-1. ",
	);
	expect(problem(paths, ["default.t"])).toBeUndefined();
});
