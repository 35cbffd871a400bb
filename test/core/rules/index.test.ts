import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { known } from "../../../src/core/question";
import { decide, rules } from "../../../src/core/rules";
import { parseVersion } from "../../../src/core/version";
import { questions } from "../../arbitrary";
import { ask, cluster, releases } from "../../build";

const names = (question: Parameters<typeof decide>[0]) => decide(question).map(({ rule }) => rule);

test("an update that nothing is wrong with has no refusal", () => {
	for (const state of ["Started", "Stopped", "Idle"] as const) {
		expect(decide(ask(cluster("1.7.1 1.7.1", { state }), "1.8.0"))).toEqual([]);
	}
});

test("all that is wrong is said, in the order of the table", () => {
	const observed = cluster("2.0.0 0.9.1.4", { state: "Restoring" });
	const catalogue = known(releases("0.9.1.4@22.3 2.0.0@24.8 2.1.0@25.3"));
	expect(names(ask(observed, "1.9.0", { catalogue }))).toEqual(["no-downgrade", "minimum-version", "eligible-state"]);
});

describe("a target that is no version", () => {
	test("is refused alone, without nonsense from other rules", () => {
		expect(names(ask(cluster("0.9.1.4 2.0.0"), "1.8"))).toEqual(["version-format"]);
	});

	test("does not hide that the cluster can't be updated now", () => {
		expect(names(ask(cluster("1.7.1", { state: "Restoring" }), "1.8"))).toEqual(["version-format", "eligible-state"]);
	});
});

test("a version that runs already, with a newer one in the catalogue, is not refused", () => {
	expect(decide(ask(cluster("1.8.0 1.8.0"), "1.8.0", { catalogue: known(releases("1.9.0")) }))).toEqual([]);
});

test("decide is total, its answers are in order and the same for the same question", { timeout: 180_000 }, () => {
	const order = rules.map(({ name }) => name);
	const seen = new Set<string>();
	fc.assert(
		fc.property(questions, (question) => {
			const refusals = decide(question);
			expect(decide(structuredClone(question))).toEqual(refusals);
			const places = refusals.map(({ rule }) => order.indexOf(rule));
			expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
			for (const { property, target, rule } of refusals) {
				seen.add(rule);
				expect([property, target]).toEqual(["version", question.target]);
			}
			if (parseVersion(question.target) === undefined) expect(refusals[0]?.rule).toBe("version-format");
			if (!question.cluster.known) expect(refusals.map(({ rule }) => rule)).toContain("eligible-state");
		}),
		{ numRuns: 5000 },
	);
	// A generator that never made a rule speak would prove nothing of it.
	expect([...seen].sort()).toEqual([...order].sort());
});

test("what is suggested instead passes every rule about versions, and nothing else is", () => {
	const catalogue = known(releases("1.6.0@23.3 1.7.1@23.3 1.8.0@23.8 2.0.0@24.8"));
	const question = ask(cluster("1.7.1 1.7.1"), "1.8.5", { catalogue, policy: "any" });
	expect(decide(question)).toEqual([
		{ rule: "known-version", property: "version", target: "1.8.5", instead: ["1.8.0", "1.7.1"] },
	]);
});
