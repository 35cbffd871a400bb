import { describe, expect, test } from "vitest";
import { ask, cluster, mark, refusalOf, v } from "../../build";

test.each([
	["1.7.1", "1.8.0 1.8.0", "1.8.0"],
	["1.8.0", "1.8.0 1.9.0", "1.9.0"], // judged by the highest
	["1.8.0", "1.8.0.1", "1.8.0.1"],
	["0.9.2.0", "0.10.11.0", "0.10.11.0"],
	["1.9.0", "1.10.0", "1.10.0"],
	["1.8.0", "? 1.9.0", "1.9.0"],
	["1.8.0", "1.7.1 / 1.7.1 1.9.0", "1.9.0"],
])("%s is refused where %s run", (target, running, highest) => {
	expect(refusalOf("no-downgrade", ask(cluster(running), target))).toEqual({
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
