import { describe, expect, test } from "vitest";
import { comparedWith, compareQueries, type QueryTally, shareOf, waitsAfterFirst } from "../../src/core/canary-queries";
import { plan } from "../../src/core/plan";
import { type ClusterExtras, cluster, creation, mark, v } from "../build";

/** `tally("300 241=12 60=1")`: of 300 queries 12 failed with code 241 and one with code 60. */
function tally(text: string): QueryTally {
	const [queries, ...failed] = text.split(" ");
	return {
		queries: Number(queries),
		failed: failed.map((word) => {
			const [code, count] = word.split("=").map(Number);
			return { code: code ?? 0, queries: count ?? 0 };
		}),
	};
}

const compared = (canary: string, others: readonly string[], errors = 0.01) =>
	compareQueries(tally(canary), others.map(tally), errors);

describe("the queries of the first replica beside those of the others", () => {
	test.each([
		["none fails", "300", ["310"], 0.01, "alike"],
		["as many fail", "300 60=30", ["310 60=31"], 0.01, "alike"],
		["fewer fail", "300 60=3", ["310 60=31"], 0.01, "alike"],
		["more fail", "300 241=12", ["310"], 0.01, "worse"],
		["more fail with one code, and as many in all", "1000 241=40 60=10", ["1000 60=50"], 0.01, "worse"],
		["more fail in all, and with no code more than allowed", "1000 1=9 2=9 3=9", ["1000"], 0.01, "alike"],
		["as many more as allowed", "10000 241=100", ["10000"], 0.01, "alike"],
		["one more than allowed", "10000 241=101", ["10000"], 0.01, "worse"],
		["more than allowed, by chance", "100 60=13", ["100 60=10"], 0.01, "alike"],
		["more than allowed, by exactly three standard errors", "200 60=52", ["200 60=28"], 0.01, "alike"],
		["as many more as chance explains where half fail", "300 60=180", ["300 60=150"], 0.01, "alike"],
		["more than chance explains where half fail", "300 60=190", ["300 60=150"], 0.01, "worse"],
		["few fail where few were asked", "100 241=3", ["100"], 0.01, "alike"],
		["half of the least that is compared fails", "100 241=50", ["100"], 0.01, "worse"],
		["one query too few on the first replica", "99 241=99", ["1000"], 0.01, "too-few"],
		["one query too few on the others together", "1000 241=1000", ["50", "49"], 0.01, "too-few"],
		["no queries", "0", ["0"], 0.01, "too-few"],
		["the others are taken together", "1000 241=20", ["10", "990 241=20"], 0.01, "alike"],
		["none is allowed", "1000 241=10", ["1000"], 0, "worse"],
		["all are allowed", "1000 241=1000", ["1000"], 1, "alike"],
		["all fail everywhere", "1000 241=1000", ["1000 241=1000"], 0, "alike"],
	] as const)("%s", (_, canary, others, errors, verdict) => {
		expect(compared(canary, others, errors).verdict).toBe(verdict);
	});

	test("the worst code is named, with the figures of that code alone", () => {
		expect(compared("300 60=12 241=15", ["200 241=1", "110 60=1"])).toEqual({
			verdict: "worse",
			code: 241,
			canary: { failed: 15, of: 300 },
			others: { failed: 1, of: 310 },
		});
	});

	test("the worst code's name is given where the server has one", () => {
		const named = { queries: 300, failed: [{ code: 241, name: "MEMORY_LIMIT_EXCEEDED", queries: 12 }] };
		expect(compareQueries(named, [tally("310")], 0.01)).toMatchObject({ code: 241, name: "MEMORY_LIMIT_EXCEEDED" });
		expect(compared("300 241=12", ["310"])).not.toHaveProperty("name");
	});

	test.each([
		[12, 300, 0.04],
		[0, 300, 0],
		[0, 0, 0],
	])("%d failed of %d are a share of %d", (failed, of, share) => {
		expect(shareOf({ failed, of })).toBe(share);
	});

	test("of what is alike all failures are counted", () => {
		expect(compared("300 60=1 241=1", ["310 60=2", "0"])).toEqual({
			verdict: "alike",
			canary: { failed: 2, of: 300 },
			others: { failed: 2, of: 310 },
		});
	});
});

describe("whether an update waits after its first replica", () => {
	const down = { serving: false };
	const outdated = { outdated: true };
	const toNext = mark("1.7.1", "1.8.0");
	const at = (reached: string) => ({ reached: `analytics-${reached}` });
	test.each<[string, string, ClusterExtras, ReturnType<typeof waitsAfterFirst>]>([
		["none is at the target", "1.7.1 1.7.1", {}, {}],
		["of several shards", "1.7.1 / 1.7.1", {}, {}],
		["idle", "1.7.1 1.7.1", { state: "Idle" }, {}],
		["a single replica", "1.7.1", {}, undefined],
		["stopped", "1.7.1 1.7.1", { state: "Stopped" }, undefined],
		["all are at the target", "1.8.0 1.8.0", {}, undefined],
		["only the mark is left", "1.8.0 1.8.0", { mark: toNext }, undefined],
		["one is at the target", "1.7.1 1.8.0", { mark: toNext }, at("0-1")],
		["one of another shard is", "1.7.1 1.7.1 / 1.7.1 1.8.0", { mark: toNext }, at("1-1")],
		["two are", "1.7.1 1.8.0 1.8.0", { mark: toNext }, undefined],
		["one is, and is down again", "1.7.1 1.8.0", { mark: toNext, but: { "0-1": down } }, {}],
		["one is, and the next is loading", "1.7.1 1.8.0 1.8.0", { mark: toNext, but: { "0-1": down } }, undefined],
		["one is down from the beginning", "1.7.1 1.7.1 1.7.1", { but: { "0-0": down } }, {}],
		["other settings", "1.8.0 1.8.0", { but: { "0-0": outdated, "0-1": outdated } }, {}],
		["other settings, and one has them", "1.8.0 1.8.0", { but: { "0-0": outdated } }, at("0-1")],
		["other settings, and two have them", "1.8.0 1.8.0 1.8.0", { but: { "0-0": outdated } }, undefined],
		[
			"other settings, idle: it will start with them",
			"1.8.0 1.8.0",
			{ state: "Idle", but: { "0-0": outdated } },
			undefined,
		],
		["while it is created", "1.8.0 1.8.0", { mark: creation("1.8.0"), but: { "0-0": down } }, undefined],
	])("%s", (_, versions, extras, expected) => {
		const observed = cluster(versions, extras);
		expect(waitsAfterFirst(plan(observed, v("1.8.0")), observed)).toEqual(expected);
	});
});

test("the others are those of the same shard, or all where it is alone in its shard", () => {
	expect(comparedWith(cluster("1.8.0 1.8.0 / 1.8.0"), "analytics-0-1")).toEqual(["analytics-0-0"]);
	expect(comparedWith(cluster("1.8.0 1.8.0 / 1.8.0"), "analytics-1-0")).toEqual(["analytics-0-0", "analytics-0-1"]);
	expect(comparedWith(cluster("1.8.0 1.8.0 / 1.8.0 1.8.0"), "analytics-1-0")).toEqual(["analytics-1-1"]);
	expect(comparedWith(cluster("1.8.0"), "analytics-0-0")).toEqual([]);
	expect(comparedWith(cluster("1.8.0 1.8.0"), "analytics-0-2")).toEqual(["analytics-0-0", "analytics-0-1"]);
});
