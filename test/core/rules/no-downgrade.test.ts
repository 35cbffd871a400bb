import { describe, expect, test } from "vitest";
import { known } from "../../../src/core/question";
import { decide } from "../../../src/core/rules";
import { noDowngrade } from "../../../src/core/rules/no-downgrade";
import { clusters, fc, versions } from "../../arbitrary";
import { ask, cluster, mark, refusalOf, releases, unread, v } from "../../build";

test.each([
	["1.7.1", "1.8.0 1.8.0", "1.8.0"],
	["1.8.0", "1.8.0 1.9.0", "1.9.0"], // judged by the highest
	["1.8.0", "1.8.0.1", "1.8.0.1"],
	["0.9.2.0", "0.10.11.0", "0.10.11.0"],
	["1.9.0", "1.10.0", "1.10.0"],
	["1.8.0", "? 1.9.0", "1.9.0"],
	["1.8.0", "1.7.1 / 1.7.1 1.9.0", "1.9.0"],
])("%s is refused where %s run", (target, running, highest) => {
	const catalogue = known(releases(`${target} ${highest}`));
	expect(refusalOf("no-downgrade", ask(cluster(running), target, { catalogue }))).toEqual({
		rule: "no-downgrade",
		property: "version",
		target,
		highest,
		byDataOnly: false,
	});
});

test.each([
	["1.8.0", "1.8.0 1.8.0"],
	["1.8.0", "1.8.0.0"],
	["1.8.0.0", "1.8.0"],
	["0.10.11.0", "0.9.2.0"],
	["1.9.0", "1.7.1 1.8.0"],
])("%s passes where %s run", (target, running) => {
	expect(refusalOf("no-downgrade", ask(cluster(running), target))).toBeUndefined();
});

test("what opened the data counts, though an older version runs or none is known", () => {
	const data = { "0-1": { openedBy: v("1.9.0") } };
	expect(refusalOf("no-downgrade", ask(cluster("1.8.0 1.8.0", { but: data }), "1.8.0"))).toMatchObject({
		highest: "1.9.0",
		byDataOnly: true,
	});
	expect(refusalOf("no-downgrade", ask(cluster("? ?", { but: data }), "1.8.0"))).toMatchObject({ byDataOnly: true });
});

describe("an unfinished update", () => {
	const unfinished = { state: "Degraded", mark: mark("1.8.0", "1.9.0") } as const;

	test("may be given up where its version never started", () => {
		const but = { "0-1": { serving: false, openedBy: v("1.8.0") } };
		expect(refusalOf("no-downgrade", ask(cluster("1.8.0 1.9.0", { ...unfinished, but }), "1.8.0"))).toBeUndefined();
		expect(refusalOf("no-downgrade", ask(cluster("1.8.0 1.9.0", { ...unfinished, but }), "1.7.1"))).toMatchObject({
			highest: "1.8.0",
			byDataOnly: false,
		});
	});

	test("may not where it did", () => {
		const but = { "0-1": { serving: false } };
		expect(refusalOf("no-downgrade", ask(cluster("1.8.0 1.9.0", { ...unfinished, but }), "1.8.0"))).toMatchObject({
			highest: "1.9.0",
		});
	});
});

describe("what passes instead", () => {
	const instead = (running: string, catalogue: string, more = {}) => {
		const question = ask(cluster(running), "1.7.0", { catalogue: known(releases(catalogue)), ...more });
		return refusalOf("no-downgrade", question)?.instead;
	};

	test("is what runs or anything later, unless an update has to go to the latest", () => {
		expect(instead("1.8.0 1.8.0", "1.7.0 1.8.0 1.9.0", { policy: "any" })).toBeUndefined();
		expect(instead("1.8.0 1.8.0", "1.7.0 1.8.0")).toBeUndefined();
		expect(instead("1.8.0 1.8.0", "1.7.0 1.8.0 1.8.1 1.9.0")).toEqual(["1.8.0", "1.9.0"]);
	});

	test("is the latest alone where not every replica is at what runs", () => {
		expect(instead("1.8.0 1.7.1", "1.7.0 1.8.0 1.8.1 1.9.0")).toEqual(["1.9.0"]);
	});

	test("is the first stepping stone where the latest is too far", () => {
		const far = "1.7.0@23.3 1.8.0@23.3 1.9.0@23.8 1.10.0@24.3 2.0.0@24.8";
		expect(instead("1.8.0 1.8.0", far)).toEqual(["1.8.0", "1.10.0"]);
	});

	test("is the next that passes, where what runs does not", () => {
		expect(instead("1.8.0 1.7.1", "1.7.0 1.9.0", { policy: "any" })).toEqual(["1.9.0"]);
	});

	test("is what passes once the cluster is stopped, where nothing does before", () => {
		const blocked = releases("1.7.0@22.3 1.7.1@22.3 1.8.0@22.3 2.0.0@24.8").map((it) =>
			it.version === "1.8.0" ? { ...it, blocked: true as const } : it,
		);
		const question = ask(cluster("1.8.0 1.7.1"), "1.7.0", { catalogue: known(blocked) });
		expect(refusalOf("no-downgrade", question)).toMatchObject({ instead: ["2.0.0"], stopped: true });
	});

	test("is said by no other rule, and is refused by none that speaks of versions", { timeout: 180_000 }, () => {
		let told = 0;
		fc.assert(
			fc.property(clusters, fc.array(versions, { maxLength: 6 }), versions, (observed, all, target) => {
				const catalogue = known(all.map((version) => ({ version })));
				const question = ask(observed, target, { catalogue });
				const refusal = refusalOf("no-downgrade", question);
				if (refusal === undefined) return;
				expect(refusalOf("latest-only", question)).toBeUndefined();
				for (const version of refusal.instead ?? []) {
					told++;
					const rules = decide({ ...question, target: version }).map(({ rule }) => rule);
					expect(rules).not.toContain("no-downgrade");
					expect(rules).not.toContain("latest-only");
					expect(rules).not.toContain("known-version");
				}
			}),
			{ numRuns: 5000 },
		);
		expect(told).toBeGreaterThan(20);
	});
});

test("is silent where the target is no version, or the cluster can't be read", () => {
	expect(unread(noDowngrade, ask(cluster("1.9.0"), "1.8.0"))).toEqual({ asked: 1, noVersion: [], noCluster: [] });
});
