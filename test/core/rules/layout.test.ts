import { expect, test } from "vitest";
import type { ObservedCluster } from "../../../src/core/cluster";
import { decide } from "../../../src/core/rules";
import { layout } from "../../../src/core/rules/layout";
import { ask, type ClusterExtras, cluster, mark, refusalOf, tables, unread } from "../../build";

/** Two replicas that hold these tables, with these macros. */
function two(
	held: [string, string],
	macros: [string?, string?] = [],
	more: ClusterExtras = {},
	versions = "1.7.1 1.7.1",
): ObservedCluster {
	const but = Object.fromEntries(
		held.map((text, ordinal) => [
			`0-${ordinal}`,
			{ holds: { tables: tables(text), layout: { shard: macros[ordinal], clusters: {} } } },
		]),
	);
	return { ...cluster(versions, { ...more, but }), asked: true };
}

const judge = (observed: ObservedCluster, localTables: string[] = []) =>
	refusalOf("layout", ask(observed, "1.8.0", { localTables }));

test("replicas that are shards are refused, with the layout that is told", () => {
	expect(judge(two(["t@/0/t", "t@/1/t"]))).toEqual({
		rule: "layout",
		property: "version",
		target: "1.8.0",
		declared: [["analytics-0-0", "analytics-0-1"]],
		shards: [["analytics-0-0"], ["analytics-0-1"]],
		pair: ["analytics-0-0", "analytics-0-1"],
		apart: true,
		evidence: { by: "paths", table: "default.t", paths: ["/0/t", "/1/t"] },
	});
	expect(judge(two(["", ""], ["0", "1"]))?.evidence).toEqual({ by: "macro", values: ["0", "1"] });
});

test.each([
	["they are replicas", two(["t@/0/t", "t@/0/t"], ["0", "0"]), []],
	["the table is local", two(["t@/0/t", "t@/1/t"]), ["default.t"]],
	["nothing is asked", cluster("1.7.1 1.7.1"), []],
	["nothing is to do", two(["t@/0/t", "t@/1/t"], [], {}, "1.8.0 1.8.0"), []],
	["stopped, nobody answers anyway", two(["t@/0/t", "t@/1/t"], [], { state: "Stopped" }), []],
	["degraded is refused for that alone", two(["t@/0/t", "t@/1/t"], [], { state: "Degraded" }), []],
])("passes: %s", (_, observed, local) => expect(judge(observed, local)).toBeUndefined());

test("an unfinished update is judged, too", () => {
	expect(judge(two(["t@/0/t", "t@/1/t"], [], { state: "Updating", mark: mark("1.7.1", "1.8.0") }))).toBeDefined();
});

test("it is said once: last-copy speaks of replicas that are of one shard", () => {
	const rules = (observed: ObservedCluster) => decide(ask(observed, "1.8.0")).map(({ rule }) => rule);
	expect(rules(two(["t@/0/t", "t@/1/t u@/1/u"]))).toEqual(["layout"]);
	expect(rules(two(["t@/0/t d@/d", "t@/1/t d@/d"], ["0", "0"]))).toEqual(["last-copy"]);
	const three = cluster("1.7.1 1.7.1 1.7.1", {
		but: {
			"0-0": { holds: { tables: tables("t@/0/t u@/0/u") } },
			"0-1": { holds: { tables: tables("t@/0/t") } },
			"0-2": { holds: { tables: tables("t@/1/t u@/1/u") } },
		},
	});
	const refusals = decide(ask({ ...three, asked: true }, "1.8.0"));
	expect(refusals).toEqual([
		expect.objectContaining({ rule: "layout", shards: [["analytics-0-0", "analytics-0-1"], ["analytics-0-2"]] }),
		expect.objectContaining({
			rule: "last-copy",
			tables: [{ table: "default.u", on: ["analytics-0-0"], lack: ["analytics-0-1"] }],
		}),
	]);
});

test("is silent where the target is no version, or the cluster can't be read", () => {
	expect(unread(layout, ask(two(["t@/0/t", "t@/1/t"]), "1.8.0"))).toEqual({ asked: 1, noVersion: [], noCluster: [] });
});
