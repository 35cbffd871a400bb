import { expect, test } from "vitest";
import type { StatefulSet } from "../../../../src/platforms/kubernetes/api/types";
import { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import { scaledAway, scaledSets } from "../../../../src/platforms/kubernetes/ask/size";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";
import { creation } from "../../../build";
import { adoptedOn } from "../adopted/existing";
import { FakeApi } from "../fake-api";

const read = readSettings({
	namespace: "ns",
	image: "myscale/myscaledb",
	passwordSecret: { name: "p" },
	kubeconfig: "{}",
});
if ("problems" in read) throw new Error(JSON.stringify(read.problems));
const cluster = new Cluster("db", read.settings, undefined, {} as never);
const set = (name: string, replicas?: number): StatefulSet => ({
	metadata: { name, generation: 7 },
	spec: { replicas, template: { spec: { containers: [] } } },
});
const stored = { shards: 2, replicas: 2, fence: 0, openedBy: {}, opening: {} };
const of = (...sets: StatefulSet[]) => ({
	scaled: scaledSets(cluster, stored, sets),
	away: scaledAway(cluster, stored, sets),
});

test("what a StatefulSet asks for is held against the record, in both directions", () => {
	expect(of(set("db-0", 2), set("db-1", 2))).toEqual({ scaled: [], away: [] });
	expect(of(set("db-0", 3), set("db-1"))).toEqual({
		scaled: [
			{ where: "StatefulSet db-0", replicas: 3, generation: 7 },
			{ where: "StatefulSet db-1", replicas: 1, generation: 7 },
		],
		away: ["db-1-1"],
	});
});

test("what is stopped or idle and a shard that is still to join were scaled by nobody", () => {
	expect(of(set("db-0", 0), set("db-1", 0))).toEqual({ scaled: [], away: [] });
	expect(of(set("db-0", 2), set("db-1", 2), set("db-2", 3))).toEqual({ scaled: [], away: [] });
});

test("a shard without replicas beside one that runs was left behind", () => {
	const scaled = [{ where: "StatefulSet db-1", replicas: 0, generation: 7 }];
	expect(of(set("db-0", 2), set("db-1", 0))).toEqual({ scaled, away: ["db-1-0", "db-1-1"] });
});

test("what is gone was deleted, also of a stopped cluster, but not of one that is still being created", () => {
	const scaled = [{ where: "StatefulSet db-1", generation: stored.fence }];
	expect(of(set("db-0", 2))).toEqual({ scaled, away: ["db-1-0", "db-1-1"] });
	expect(of(set("db-0", 0))).toEqual({ scaled, away: [] });
	expect(of()).toEqual({
		scaled: [{ where: "StatefulSet db-0", generation: stored.fence }, ...scaled],
		away: ["db-0-0", "db-0-1", "db-1-0", "db-1-1"],
	});
	const creating = { ...stored, mark: creation("1.8.0") };
	expect(scaledSets(cluster, creating, [set("db-0", 2)])).toEqual([]);
	expect(scaledAway(cluster, creating, [set("db-0", 2)])).toEqual([]);
});

test("of existing StatefulSets neither counts: only who made them can make them again", () => {
	const its = adoptedOn(new FakeApi("db"), { statefulSets: ["chi", "two"] });
	for (const sets of [[set("chi", 2)], [set("chi", 2), set("two", 0)]]) {
		expect(scaledSets(its, stored, sets)).toEqual([]);
		expect(scaledSets(its, stored, [...sets.slice(1), set("chi", 1)])).toMatchObject([{ where: "StatefulSet chi" }]);
	}
});

test("of more than ten replicas those beyond the StatefulSet's number are away, too", () => {
	expect(scaledAway(cluster, { ...stored, shards: 1, replicas: 12 }, [set("db-0", 9)])).toEqual([
		"db-0-9",
		"db-0-10",
		"db-0-11",
	]);
});
