import fc from "fast-check";
import { expect, test } from "vitest";
import { caveats } from "../../src/core/caveats";
import { plan } from "../../src/core/plan";
import { type Order, orderText, readOrder } from "../../src/words/order";
import { clusters, versions } from "../arbitrary";
import { cluster, v } from "../build";

const of = (versions: string) => {
	const observed = cluster(versions);
	return orderText(caveats(plan(observed, v("1.8.0")), observed));
};

test.each<[string, Order]>([
	["1.7.1", { lanes: [["analytics-0-0"]] }],
	["1.7.1 1.7.1", { lanes: [["analytics-0-1", "analytics-0-0"]] }],
	["1.7.1 / 1.7.1", { first: "analytics-0-0", lanes: [["analytics-1-0"]] }],
	[
		"1.7.1 1.7.1 / 1.7.1 1.7.1",
		{ first: "analytics-0-1", lanes: [["analytics-0-0"], ["analytics-1-1", "analytics-1-0"]] },
	],
])("reads the order of %s back", (versions, order) => {
	expect(readOrder(of(versions))).toEqual(order);
});

test.each(["1.8.0 1.8.0", Array(9).fill("1.7.1").join(" "), Array(9).fill("1.7.1").join(" / ")])(
	"reads none where not all replicas are named: %s",
	(versions) => {
		expect(readOrder(of(versions))).toBeUndefined();
	},
);

test("names the same replicas in the same order as the plan, or none", () => {
	fc.assert(
		fc.property(clusters, versions, (observed, to) => {
			const { order, canary, upgrades } = caveats(plan(observed, to), observed);
			const read = readOrder(orderText({ order, canary, upgrades }));
			if (read === undefined) return order.flat().length === 0 || order.flat().length > 8;
			expect([...(read.first === undefined ? [] : [read.first]), ...read.lanes.flat()]).toEqual(order.flat());
			return read.first === canary;
		}),
	);
});

test("reads nothing into other words", () => {
	fc.assert(
		fc.property(fc.string(), (text) => {
			const read = readOrder(text);
			return read === undefined || read.lanes.flat().every((name) => text.includes(name) && !/\s/.test(name));
		}),
	);
	expect(readOrder("")).toBeUndefined();
	expect(readOrder('a"] --> b["c, then d')).toBeUndefined();
});
