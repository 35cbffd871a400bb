import { expect, test } from "vitest";
import type { ObservedCluster, ObservedReplica } from "../../../src/core/cluster";
import { lastHealthyReplica } from "../../../src/core/rules/last-healthy-replica";
import { ask, cluster, mark, refusalOf, unread } from "../../build";

const judge = (observed: ObservedCluster) => refusalOf("last-healthy-replica", ask(observed, "1.8.0"));
const two = (other: Partial<ObservedReplica>, more = {}) => cluster("1.7.1 1.7.1", { but: { "0-0": other }, ...more });

test.each([
	["read-only", { readOnly: true }],
	["behind", { caughtUp: false }],
	["unknown", { caughtUp: undefined }],
	["read-only", { readOnly: true, caughtUp: false }],
] as const)("the other is %s", (problem, other) => {
	expect(judge(two(other))).toStrictEqual({
		rule: "last-healthy-replica",
		property: "version",
		target: "1.8.0",
		replica: "analytics-0-1",
		others: [{ replica: "analytics-0-0", problem }],
	});
});

test("the other is down, at the target or idle in its shard, and its last words are told", () => {
	const other = { caughtUp: false, trouble: "replaying 3 of 7" };
	expect(judge(two(other))?.others).toEqual([
		{ replica: "analytics-0-0", problem: "behind", trouble: "replaying 3 of 7" },
	]);
});

test.each([
	["the other is well", two({})],
	["whether the other is read-only is not known", two({ readOnly: undefined })],
	["the next step takes one that is down anyway", two({ serving: false })],
	[
		"and so it does where no other is well",
		cluster("1.7.1 1.7.1", { but: { "0-0": { serving: false }, "0-1": { caughtUp: false } } }),
	],
	["one replica has no other", cluster("1.7.1", { but: { "0-0": { caughtUp: false } } })],
	["a lone replica of several shards has no other", cluster("1.7.1 / 1.7.1", { but: { "1-0": { caughtUp: false } } })],
	["stopped, nobody answers anyway", two({ caughtUp: false }, { state: "Stopped" })],
	["idle is judged after waking", two({ caughtUp: false }, { state: "Idle" })],
	["one of two others is well", cluster("1.7.1 1.7.1 1.7.1", { but: { "0-0": { caughtUp: false } } })],
	["only the next step is judged", cluster("1.7.1 1.7.1 / 1.7.1 1.7.1", { but: { "1-0": { caughtUp: false } } })],
	["nothing is to do", cluster("1.8.0 1.8.0", { but: { "0-0": { caughtUp: false } } })],
	["degraded is refused for that alone", two({ caughtUp: false }, { state: "Degraded" })],
])("passes: %s", (_, observed) => expect(judge(observed)).toBeUndefined());

test("none of several others is well", () => {
	const but = { "0-0": { caughtUp: false }, "0-1": { readOnly: true } };
	expect(judge(cluster("1.7.1 1.7.1 1.7.1", { but }))?.others).toHaveLength(2);
});

test("an unfinished update is judged, too", () => {
	const unfinished = { state: "Updating", mark: mark("1.7.1", "1.8.0") } as const;
	const behind = cluster("1.7.1 1.8.0", { ...unfinished, but: { "0-1": { caughtUp: false } } });
	expect(judge(behind)).toMatchObject({
		replica: "analytics-0-0",
		others: [{ replica: "analytics-0-1", problem: "behind" }],
	});
	expect(judge(cluster("1.7.1 1.8.0", { ...unfinished, but: { "0-1": { serving: false } } }))).toBeUndefined();
});

test("is silent where the target is no version, or the cluster can't be read", () => {
	expect(unread(lastHealthyReplica, ask(two({ readOnly: true }), "1.8.0"))).toEqual({
		asked: 1,
		noVersion: [],
		noCluster: [],
	});
});
