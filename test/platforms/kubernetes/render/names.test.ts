import fc from "fast-check";
import { expect, it } from "vitest";
import {
	clientServiceName,
	clusterSelector,
	configName,
	containerOf,
	dataVolume,
	headlessName,
	parseReplica,
	recordName,
	replicaName,
} from "../../../../src/platforms/kubernetes/render/names";

const name = fc.stringMatching(/^[a-z]([-a-z0-9]{0,10}[a-z0-9])?$/);

it("finds shard and ordinal of a replica again, whoever made its StatefulSet", () => {
	const cluster = fc.record({
		name,
		statefulSets: fc.option(fc.uniqueArray(name, { minLength: 5, maxLength: 5 }), { nil: undefined }),
	});
	fc.assert(
		fc.property(cluster, fc.nat(4), fc.nat(20), (cluster, shard, ordinal) => {
			expect(parseReplica(cluster, replicaName(cluster, shard, ordinal))).toEqual({ shard, ordinal });
		}),
	);
});

it.each(["db", "db-0", "db-0-x", "db-x-0", "other-0-0", "db-0-0-0", "clickhouse-0"])(
	"says of %s that it is no replica",
	(replica) => {
		expect(parseReplica({ name: "db" }, replica)).toBeUndefined();
	},
);

it("knows the pods of StatefulSets that others made by those alone", () => {
	const cluster = { name: "db", statefulSets: ["clickhouse", "clickhouse-1"] };
	expect(parseReplica(cluster, "clickhouse-1")).toEqual({ shard: 0, ordinal: 1 });
	expect(parseReplica(cluster, "clickhouse-1-0")).toEqual({ shard: 1, ordinal: 0 });
	expect(parseReplica(cluster, "db-0-0")).toBeUndefined();
});

it("keeps the names of all objects, since clusters that are there have them", () => {
	expect([recordName("db"), configName("db"), headlessName("db"), clientServiceName("db"), dataVolume]).toEqual([
		"db-dbcluster",
		"db-config",
		"db-headless",
		"db",
		"data",
	]);
	expect(clusterSelector("db")).toBe("pulumi-dbcluster/cluster=db");
	expect(parseReplica({ name: "db" }, "db-12-0")).toEqual({ shard: 12, ordinal: 0 });
});

it.each<[string | undefined, object | undefined]>([
	["server", undefined],
	["server", {}],
	["server", { annotations: {} }],
	["clickhouse", { annotations: { "pulumi-dbcluster/container": "clickhouse" } }],
])("finds the container %s of a pod with %j", (name, metadata) => {
	expect(containerOf({ metadata })).toBe(name);
});
