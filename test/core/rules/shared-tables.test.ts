import fc from "fast-check";
import { expect, test } from "vitest";
import type { ObservedCluster, Rival, UpdateMark } from "../../../src/core/cluster";
import { sharedTables } from "../../../src/core/rules/shared-tables";
import { ask, type ClusterExtras, cluster, mark, refusalOf, unread } from "../../build";

const rival: Rival = {
	cluster: "other",
	mark: mark("1.7.1", "1.8.0"),
	active: false,
	path: "/0/rows",
	replica: "other-0-0",
};
const at = (since: string): UpdateMark => ({ ...mark("1.7.1", "1.8.0"), since });

const judge = (rivals: Rival[], more: ClusterExtras = {}, versions = "1.7.1 1.7.1") =>
	refusalOf("shared-tables", ask({ ...cluster(versions, more), rivals }, "1.8.0"));

test("while another cluster with copies of the same tables is under way, nothing begins", () => {
	expect(judge([rival])).toEqual({ rule: "shared-tables", property: "version", target: "1.8.0", ...rival });
	expect(judge([{ ...rival, active: true }])).toBeDefined();
});

test.each([
	["there is none", []],
	["nothing is to do", [rival], {}, "1.8.0 1.8.0"],
	["both are unfinished, and this one began first", [rival], { mark: at("2026-11-23T09:00:00Z"), state: "Updating" }],
	["both began at once, and this one's name is first", [rival], { mark: rival.mark, state: "Updating" }],
] as [string, Rival[], ClusterExtras?, string?][])("passes: %s", (_, rivals, more, versions) =>
	expect(judge(rivals, more, versions)).toBeUndefined(),
);

test.each([
	["the other began first", rival, "2026-11-23T11:00:00Z"],
	["the other is at it just now", { ...rival, active: true }, "2026-11-23T09:00:00Z"],
	["both began at once, and the other's name is first", { ...rival, cluster: "aaa" }, rival.mark.since],
])("both are unfinished, and %s", (_, its, since) => {
	expect(judge([its], { mark: at(since), state: "Updating" })?.cluster).toBe(its.cluster);
});

test("of two that stopped midway exactly one may go on", () => {
	const since = fc.constantFrom("2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z");
	fc.assert(
		fc.property(since, since, (one, other) => {
			const mayGo = (name: string, mine: string, its: string, theirs: string) => {
				const observed: ObservedCluster = {
					...cluster("1.7.1 1.8.0", { state: "Updating", mark: at(mine) }),
					name,
					rivals: [{ ...rival, cluster: its, mark: at(theirs) }],
				};
				const question = ask(observed, "1.8.0");
				return refusalOf("shared-tables", question) === undefined;
			};
			expect([mayGo("a", one, "b", other), mayGo("b", other, "a", one)].sort()).toEqual([false, true]);
		}),
	);
});

test("is silent where the target is no version, or the cluster can't be read", () => {
	expect(unread(sharedTables, ask({ ...cluster("1.7.1 1.7.1"), rivals: [rival] }, "1.8.0"))).toEqual({
		asked: 1,
		noVersion: [],
		noCluster: [],
	});
});
