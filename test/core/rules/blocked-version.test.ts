import { expect, test } from "vitest";
import { known, unknown } from "../../../src/core/question";
import { decide } from "../../../src/core/rules";
import { blockedVersion } from "../../../src/core/rules/blocked-version";
import { ask, cluster, mark, refusalOf, releases, unread } from "../../build";

const catalogue = known(
	releases("1.7.1 1.8.0 1.9.0 1.9.1").map((release) => {
		if (release.version === "1.9.0") return { ...release, blocked: "corrupts indexes" };
		return release.version === "1.9.1" ? { ...release, blocked: true as const } : release;
	}),
);
const withFix = known([...(catalogue.known ? catalogue.value : []), ...releases("1.9.2")]);
const refused = { rule: "blocked-version", property: "version" };

test("a blocked target is refused, with the reason and the newest version that is not blocked", () => {
	expect(refusalOf("blocked-version", ask(cluster("1.7.1 1.7.1"), "1.9.0", { catalogue }))).toEqual({
		...refused,
		target: "1.9.0",
		reason: "corrupts indexes",
		instead: ["1.8.0"],
		unfinished: false,
	});
	expect(refusalOf("blocked-version", ask(cluster("1.8.0"), "1.9.1", { catalogue }))).toEqual({
		...refused,
		target: "1.9.1",
		unfinished: false,
		instead: [],
	});
});

test("it is not refused as not the latest besides, and the version to go to instead is not refused", () => {
	const observed = cluster("1.7.1 1.7.1");
	expect(decide(ask(observed, "1.9.0", { catalogue })).map(({ rule }) => rule)).toEqual(["blocked-version"]);
	expect(decide(ask(observed, "1.8.0", { catalogue }))).toEqual([]);
});

test("it speaks of a cluster that can't be read, and of one that is to be made", () => {
	const question = ask(cluster("1.7.1"), "1.9.0", { catalogue: withFix, cluster: unknown("no route to host") });
	expect(refusalOf("blocked-version", question)).toMatchObject({ instead: ["1.9.2"] });
});

test.each([
	["1.8.0 1.9.0", {}],
	["1.8.0 1.9.0", { but: { "0-1": { serving: false } } }],
	// Told to start it, and not known to have: its data has the older format.
	["1.9.0 1.9.0", { but: { "0-0": { serving: false, openedBy: releases("1.8.0")[0]?.version } } }],
])("the target of an unfinished update is refused while a replica does not have it: %s", (versions, more) => {
	const observed = cluster(versions, { state: "Updating", mark: mark("1.8.0", "1.9.0"), ...more });
	const refusal = refusalOf("blocked-version", ask(observed, "1.9.0", { catalogue: withFix }));
	expect(refusal).toMatchObject({ unfinished: true, instead: ["1.9.2"] });
	expect(decide(ask(observed, "1.9.2", { catalogue: withFix }))).toEqual([]);
});

test.each([
	["what every replica runs", cluster("1.9.0 1.9.0"), "1.9.0", { catalogue }],
	[
		"what every replica has, with the mark still there",
		cluster("1.9.0 1.9.0", { state: "Updating", mark: mark("1.8.0", "1.9.0") }),
		"1.9.0",
		{ catalogue },
	],
	["what is not blocked", cluster("1.7.1"), "1.8.0", { catalogue }],
	["what the catalogue does not hold", cluster("1.7.1"), "1.8.5", { catalogue }],
	["anything, while the catalogue can't be read", cluster("1.7.1"), "1.9.0", { catalogue: unknown("no route") }],
] as const)("%s passes", (_, observed, target, more) => {
	expect(refusalOf("blocked-version", ask(observed, target, more))).toBeUndefined();
});

test("a blocked version is offered by no other rule, neither as the latest nor as a stepping stone", () => {
	const offered = refusalOf("known-version", ask(cluster("1.7.1"), "1.8.5", { catalogue }));
	expect(offered).toMatchObject({ instead: ["1.8.0", "1.7.1"] });
	const blockedStone = known(
		releases("1.7.1@23.3 1.8.0@24.3 2.0.0@24.8").map((it) =>
			it.version === "1.8.0" ? { ...it, blocked: true as const } : it,
		),
	);
	const path = refusalOf("upgrade-path", ask(cluster("1.7.1 1.7.1"), "2.0.0", { catalogue: blockedStone }));
	expect(path).toMatchObject({ steppingStones: [] });
});

test("is silent where the target is no version", () => {
	expect(unread(blockedVersion, ask(cluster("1.7.1 1.7.1"), "1.9.0", { catalogue }))).toMatchObject({
		asked: 1,
		noVersion: [],
	});
});
