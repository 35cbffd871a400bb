import { expect, test } from "vitest";
import { known } from "../../../src/core/question";
import { decide } from "../../../src/core/rules";
import { unfinishedUpdate } from "../../../src/core/rules/unfinished-update";
import { ask, cluster, creation, mark, refusalOf, releases, unread, v } from "../../build";

const unfinished = { state: "Degraded", mark: mark("1.8.0", "1.9.0") } as const;
const halfway = cluster("1.8.0 1.9.0", unfinished);

test("a target older than the unfinished one is refused", () => {
	expect(refusalOf("unfinished-update", ask(halfway, "1.8.5"))).toEqual({
		rule: "unfinished-update",
		property: "version",
		target: "1.8.5",
		unfinished: "1.9.0",
		from: "1.8.0",
		since: "2026-11-23T10:00:00Z",
	});
});

test("where the unfinished one is refused as well, the newest that passes is named", () => {
	const blocked = releases("1.8.0 1.8.5 1.9.0 1.9.1").map((it) =>
		it.version === "1.9.0" ? { ...it, blocked: true as const } : it,
	);
	expect(refusalOf("unfinished-update", ask(halfway, "1.8.5", { catalogue: known(blocked) }))).toMatchObject({
		unfinished: "1.9.0",
		instead: ["1.9.1"],
	});
	expect(refusalOf("unfinished-update", ask(halfway, "1.8.5"))).not.toHaveProperty("creates");
	const catalogue = known(releases("1.8.0 1.8.5 1.9.0 1.9.1"));
	expect(refusalOf("unfinished-update", ask(halfway, "1.8.5", { catalogue, policy: "any" }))).not.toHaveProperty(
		"instead",
	);
});

test.each(["1.9.0", "1.9.0.0", "1.9.0.1", "2.0.0"])("%s goes on with it", (target) => {
	expect(decide(ask(halfway, target))).toEqual([]);
});

const notOpened = { "0-1": { serving: false, openedBy: v("1.8.0") } };

test("where it never started anywhere, going back to what runs is allowed", () => {
	expect(decide(ask(cluster("1.8.0 1.9.0", { ...unfinished, but: notOpened }), "1.8.0"))).toEqual([]);
	// Nor is it a downgrade to give it up before its first step.
	expect(decide(ask(cluster("1.8.0 1.8.0", { ...unfinished, state: "Updating" }), "1.8.0"))).toEqual([]);
});

test("and so it is while stopped, where versions were only noted", () => {
	const but = { "0-1": { openedBy: v("1.8.0") } };
	expect(decide(ask(cluster("1.8.0 1.9.0", { ...unfinished, state: "Stopped", but }), "1.8.0"))).toEqual([]);
});

test.each([
	["one runs it", {}],
	["one opened it and is down", { "0-1": { serving: false } }],
	["it is not known what opened one", { "0-1": { serving: false, openedBy: undefined } }],
	["one runs it, and the record of what opened it is behind", { "0-1": { openedBy: v("1.8.0") } }],
])("%s: not allowed", (_, but) => {
	const rules = decide(ask(cluster("1.8.0 1.9.0", { ...unfinished, but }), "1.8.0")).map(({ rule }) => rule);
	expect(rules).toEqual(["no-downgrade", "unfinished-update"]);
});

test("giving it up may die midway and be gone on with", () => {
	const givenUp = cluster("1.8.0 1.9.0", { state: "Degraded", mark: mark("1.8.0", "1.8.0"), but: notOpened });
	expect(decide(ask(givenUp, "1.8.0"))).toEqual([]);
});

test("without a mark it has nothing to say", () => {
	expect(refusalOf("unfinished-update", ask(cluster("1.8.0 1.9.0"), "1.8.0"))).toBeUndefined();
});

const unmade = { state: "Degraded", mark: creation("1.9.0") } as const;
const crashed = { serving: false };
const unopened = { serving: false, openedBy: undefined };

test("the version that a cluster is being made with is not left for an older one once a replica opened its data", () => {
	const but = { "0-0": crashed, "0-1": unopened };
	expect(refusalOf("unfinished-update", ask(cluster("1.9.0 1.9.0", { ...unmade, but }), "1.8.0"))).toMatchObject({
		unfinished: "1.9.0",
		creates: true,
	});
	for (const target of ["1.9.0", "1.9.1"])
		expect(decide(ask(cluster("1.9.0 1.9.0", { ...unmade, but }), target))).toEqual([]);
});

test.each([["1.9.0 1.9.0"], ["? ?"]])("where certainly none did (%s), any version will do", (versions) => {
	const but = { "0-0": unopened, "0-1": unopened };
	for (const state of ["Starting", "Degraded", "Stopped"] as const)
		for (const target of ["0.9.1.4", "1.8.0", "1.9.0", "1.9.1"])
			expect(decide(ask(cluster(versions, { ...unmade, state, but }), target))).toEqual([]);
});

test("over data that an earlier cluster left, none below that", () => {
	const kept = { serving: false, openedBy: v("1.7.1") };
	const observed = cluster("1.9.0 1.9.0", { ...unmade, but: { "0-0": kept, "0-1": kept } });
	expect(decide(ask(observed, "1.7.1"))).toEqual([]);
	expect(decide(ask(observed, "1.7.0")).map(({ rule }) => rule)).toContain("no-downgrade");
});

test("is silent where the target is no version, or the cluster can't be read", () => {
	expect(unread(unfinishedUpdate, ask(halfway, "1.8.5"))).toEqual({ asked: 1, noVersion: [], noCluster: [] });
});
