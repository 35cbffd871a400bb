import { expect, test } from "vitest";
import type { ObservedCluster } from "../../../src/core/cluster";
import { persistentData } from "../../../src/core/rules/persistent-data";
import { ask, cluster, refusalOf, unread } from "../../build";

const volatile = "/var/lib/clickhouse/ is on the emptyDir volume data";
const scratch = { holds: { tables: [], at: "/var/lib/clickhouse/ on the emptyDir volume data", volatile } };
const lasting = { holds: { tables: [], at: "/var/lib/clickhouse/ on the volume claim data-analytics-0-0" } };
const judge = (observed: ObservedCluster) => refusalOf("persistent-data", ask(observed, "1.8.0"));

test("refuses an update that would restart a replica whose data ends with its pod", () => {
	expect(judge(cluster("1.7.1 1.7.1", { but: { "0-0": lasting, "0-1": scratch } }))).toEqual({
		rule: "persistent-data",
		property: "version",
		target: "1.8.0",
		replicas: [{ replica: "analytics-0-1", volatile }],
	});
});

test("names every one of them, of all shards", () => {
	const but = { "0-0": scratch, "0-1": scratch, "1-0": lasting, "1-1": scratch };
	const found = judge(cluster("1.7.1 1.7.1 / 1.7.1 1.7.1", { but }))?.replicas.map(({ replica }) => replica);
	expect(found?.toSorted()).toEqual(["analytics-0-0", "analytics-0-1", "analytics-1-1"]);
});

test("also where it is the only one, or none of its peers has a table", () => {
	expect(judge(cluster("1.7.1", { but: { "0-0": scratch } }))?.replicas).toHaveLength(1);
});

test("has nothing against one that is at the target and stays as it is", () => {
	expect(judge(cluster("1.8.0 1.7.1", { but: { "0-0": scratch, "0-1": lasting } }))).toBeUndefined();
});

test("has nothing to say of replicas that were not asked, or whose data lasts", () => {
	expect(judge(cluster("1.7.1 1.7.1"))).toBeUndefined();
	expect(judge(cluster("1.7.1 1.7.1", { but: { "0-0": lasting, "0-1": lasting } }))).toBeUndefined();
});

test("is silent where the target is no version, or the cluster can't be read", () => {
	expect(unread(persistentData, ask(cluster("1.7.1", { but: { "0-0": scratch } }), "1.8.0"))).toEqual({
		asked: 1,
		noVersion: [],
		noCluster: [],
	});
});
