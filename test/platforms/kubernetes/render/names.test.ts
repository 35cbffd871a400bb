import fc from "fast-check";
import { expect, it } from "vitest";
import { parseReplica, replicaName } from "../../../../src/platforms/kubernetes/render/names";

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
