import { expect, test } from "vitest";
import { unknown } from "../../../src/core/question";
import { maintenanceWindow } from "../../../src/core/rules/maintenance-window";
import { ask, cluster, mark, refusalOf, unread } from "../../build";

const closed = { open: false, until: "2026-11-28T01:00:00Z", timeZone: "Europe/Berlin" };

test.each([
	["an update", cluster("1.7.1 1.7.1"), "1.8.0"],
	["an update of what is stopped", cluster("1.7.1", { state: "Stopped" }), "1.8.0"],
	["a restart for other settings", cluster("1.8.0", { but: { "0-0": { outdated: true } } }), "1.8.0"],
])("while the window is closed, %s is refused until it opens", (_, observed, target) => {
	expect(refusalOf("maintenance-window", ask(observed, target, { window: closed }))).toEqual({
		rule: "maintenance-window",
		property: "version",
		target,
		opens: "2026-11-28T01:00:00Z",
		timeZone: "Europe/Berlin",
	});
});

test.each([
	["an update while it is open", cluster("1.7.1"), { window: { ...closed, open: true } }],
	["an update that is held to none", cluster("1.7.1"), {}],
	["a cluster with nothing to do", cluster("1.8.0"), { window: closed }],
	[
		"a cluster with nothing to do but a replica that is down",
		cluster("1.8.0 1.8.0", { but: { "0-1": { serving: false } } }),
		{ window: closed },
	],
	[
		"a stopped cluster whose settings come with its next start",
		cluster("1.8.0", { state: "Stopped", but: { "0-0": { outdated: true } } }),
		{ window: closed },
	],
	[
		"an unfinished update, which goes on at any time",
		cluster("1.8.0 1.7.1", { state: "Updating", mark: mark("1.7.1", "1.8.0") }),
		{ window: closed },
	],
	[
		"a cluster that can't be read, of which another rule speaks",
		cluster("1.7.1"),
		{ window: closed, cluster: unknown("no route") },
	],
])("%s passes", (_, observed, more) => {
	expect(refusalOf("maintenance-window", ask(observed, "1.8.0", more))).toBeUndefined();
});

test("is silent where the target is no version, or the cluster can't be read", () => {
	expect(unread(maintenanceWindow, ask(cluster("1.7.1"), "1.8.0", { window: closed }))).toEqual({
		asked: 1,
		noVersion: [],
		noCluster: [],
	});
});
