import { expect, test } from "vitest";
import { known, unknown } from "../../../src/core/question";
import { decide } from "../../../src/core/rules";
import { latestOnly } from "../../../src/core/rules/latest-only";
import { ask, cluster, creation, mark, refusalOf, releases, unread } from "../../build";

const catalogue = known(releases("1.8.0 1.10.0 1.9.0"));
const at = cluster("1.7.1 1.7.1");

test("a version that is not the latest is refused", () => {
	expect(refusalOf("latest-only", ask(at, "1.9.0", { catalogue }))).toEqual({
		rule: "latest-only",
		property: "version",
		target: "1.9.0",
		latest: "1.10.0",
		instead: ["1.10.0"],
	});
});

test.each([
	["the latest", at, "1.10.0", { catalogue }],
	["the latest, written otherwise", at, "1.10.0.0", { catalogue }],
	["one newer than the catalogue has", at, "1.11.0", { catalogue }],
	["any, when the policy says so", at, "1.9.0", { catalogue, policy: "any" }],
	["any, when the catalogue can't be read", at, "1.9.0", { catalogue: unknown("no route to host") }],
	["any, when the catalogue is empty", at, "1.9.0", { catalogue: known([]) }],
	["what runs already", cluster("1.9.0 1.9.0"), "1.9.0", { catalogue }],
	[
		"the target of an unfinished update",
		cluster("1.9.0 1.7.1", { state: "Updating", mark: mark("1.7.1", "1.9.0") }),
		"1.9.0",
		{ catalogue },
	],
] as const)("%s passes", (_, observed, target, more) => {
	expect(refusalOf("latest-only", ask(observed, target, more))).toBeUndefined();
});

test("of a downgrade no-downgrade speaks alone", () => {
	const question = ask(cluster("1.9.0 1.9.0"), "1.8.0", { catalogue });
	expect(decide(question).map(({ rule }) => rule)).toEqual(["no-downgrade"]);
});

test("a replica that lags behind the others is no reason to stop short of the latest", () => {
	expect(refusalOf("latest-only", ask(cluster("1.9.0 1.7.1"), "1.9.0", { catalogue }))).toBeDefined();
});

test("a stepping stone passes, and nothing else on the way", () => {
	const stones = known(releases("1.7.1@23.3 1.8.0@23.8 1.9.0@24.3 1.10.0@24.3 2.0.0@24.8"));
	expect(refusalOf("latest-only", ask(at, "1.10.0", { catalogue: stones }))).toBeUndefined();
	expect(refusalOf("latest-only", ask(at, "1.9.0", { catalogue: stones }))).toBeDefined();
	// Stopped, the way to the latest is open.
	expect(
		refusalOf("latest-only", ask(cluster("1.7.1 1.7.1", { state: "Stopped" }), "1.10.0", { catalogue: stones })),
	).toBeDefined();
});

test("a cluster that is still being made may begin with any version, as a new one may", () => {
	const catalogue = known(releases("1.7.1 1.8.0 1.9.0"));
	const of = (marked: boolean) => {
		const but = { "0-0": { serving: false } };
		const observed = cluster("1.7.1", { state: "Degraded", but, ...(marked && { mark: creation("1.7.1") }) });
		return refusalOf("latest-only", ask(observed, "1.8.0", { catalogue }));
	};
	expect(of(true)).toBeUndefined();
	expect(of(false)).toMatchObject({ latest: "1.9.0" });
});

test("is silent where the target is no version, or the cluster can't be read", () => {
	expect(unread(latestOnly, ask(at, "1.9.0", { catalogue }))).toEqual({ asked: 1, noVersion: [], noCluster: [] });
});

test("where no replica reports its version, the latest is asked for as well", () => {
	expect(refusalOf("latest-only", ask(cluster("? ?"), "1.9.0", { catalogue }))).toMatchObject({ latest: "1.10.0" });
});
