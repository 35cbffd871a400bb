import { expect, test } from "vitest";
import { minimumVersion } from "../../../src/core/rules/minimum-version";
import { ask, cluster, creation, refusalOf, unread, v } from "../../build";

test.each([
	["0.9.1.4 0.9.1.4", "analytics-0-0", "0.9.1.4"],
	["1.7.1 0.9.1.999999999", "analytics-0-1", "0.9.1.999999999"], // judged by the lowest
	["1.7.1 / 0.0.0", "analytics-1-0", "0.0.0"],
	["0.9.1 0.9.0", "analytics-0-1", "0.9.0"],
])("%s: %s runs %s and is refused", (running, replica, version) => {
	expect(refusalOf("minimum-version", ask(cluster(running), "1.8.0"))).toEqual({
		rule: "minimum-version",
		property: "version",
		target: "1.8.0",
		replica,
		running: version,
		minimum: "0.9.2.0",
	});
});

test.each(["0.9.2.0", "0.9.2", "0.9.2.1", "0.10.11.0", "1.7.1", "? 0.9.2.0", "? ?"])("%s passes", (running) => {
	expect(refusalOf("minimum-version", ask(cluster(running), "1.8.0"))).toBeUndefined();
});

test("a version that was only noted does not lift the data over the bound", () => {
	const observed = cluster("1.7.1", { state: "Stopped", but: { "0-0": { openedBy: v("0.9.1.4") } } });
	expect(refusalOf("minimum-version", ask(observed, "1.8.0"))).toMatchObject({ running: "0.9.1.4" });
});

test("a cluster may be made with an older one, and go on with that, but not be updated from it", () => {
	const of = (openedBy: string | undefined, target: string) => {
		const but = { "0-0": { serving: false, openedBy: openedBy === undefined ? undefined : v(openedBy) } };
		const observed = cluster("0.9.1.4", { state: "Degraded", mark: creation("0.9.1.4"), but });
		return refusalOf("minimum-version", ask(observed, target));
	};
	expect(of("0.9.1.4", "0.9.1.4")).toBeUndefined();
	expect(of(undefined, "1.8.0")).toBeUndefined();
	expect(of("0.9.1.4", "1.8.0")).toMatchObject({ running: "0.9.1.4" });
});

test("is silent where the target is no version, or the cluster can't be read", () => {
	expect(unread(minimumVersion, ask(cluster("0.9.1.4"), "1.8.0"))).toEqual({ asked: 1, noVersion: [], noCluster: [] });
});
