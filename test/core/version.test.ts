import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	areAlike,
	compareVersions,
	type DbVersion,
	highest,
	lowest,
	parseVersion,
	sameVersion,
	threeParts,
	usual,
} from "../../src/core/version";
import { v } from "../build";

describe("parseVersion", () => {
	test.each(["1.8.0", "0.9.2.0", "0.10.11.0", "0.0.0", "26.7.2.1", "999999999.999999999.999999999.999999999"])(
		"takes %j as it was written",
		(text) => expect(parseVersion(text)).toBe(text),
	);

	test.each([
		..."1 1.8 1.8.0.0.0 latest latest! v1.8.0 1.8.0-rc1 v1.8.0-rc1 01.8.0 1.08.0 1.8.00 1..8 .1.8.0 1.8.0. 1,8,0".split(
			" ",
		),
		..."1.8.x 1.8.-1 +1.8.0 1.8.0+1 1e1.8.0 0x1.8.0 1.8.0.1234567890 1234567890.8.0 １.8.0 ١.٨.٠".split(" "),
		"",
		" 1.8.0",
		"1.8.0 ",
		"1.8.0\n",
		"\n1.8.0",
		"1.8.0\n1.9.0",
		"1. 8.0",
		"1.8.0\u0000",
	])("refuses %j", (text) => expect(parseVersion(text)).toBeUndefined());

	test("refuses what is very long", () => expect(parseVersion("1.".repeat(100_000))).toBeUndefined());

	test.each([undefined, null, 1.8, ["1.8.0"], { version: "1.8.0" }])("refuses %j, which is no text", (value) => {
		expect(parseVersion(value)).toBeUndefined();
	});
});

describe("compareVersions", () => {
	test.each([
		["0.9.2.0", "0.10.11.0"],
		["0.9.1.4", "0.9.2.0"],
		["0.9.1.4", "0.9.2"],
		["1.7.1", "1.8.0"],
		["1.8.0", "1.8.0.1"],
		["1.8.0.9", "1.8.0.10"],
		["1.8.0.999999999", "1.8.1"],
		["1.9.0", "1.10.0"],
		["9.0.0", "10.0.0"],
		["26.5.1.1", "26.7.2.1"],
		["999999998.999999999.999999999.999999999", "999999999.0.0"],
		["999999999.999999999.999999999.999999998", "999999999.999999999.999999999.999999999"],
	] as const)("%s < %s", (older, newer) => {
		expect(compareVersions(v(older), v(newer))).toBeLessThan(0);
		expect(compareVersions(v(newer), v(older))).toBeGreaterThan(0);
	});

	test.each([
		["1.8.0", "1.8.0.0"],
		["0.9.2", "0.9.2.0"],
		["1.8.0", "1.8.0"],
	] as const)("%s is the same as %s", (a, b) => {
		expect(compareVersions(v(a), v(b))).toBe(0);
		expect(sameVersion(v(a), v(b))).toBe(true);
	});

	test("one that is not known is the same as no other", () => {
		expect(sameVersion(undefined, v("1.8.0"))).toBe(false);
		expect(sameVersion(v("1.8.0"), undefined)).toBe(false);
		expect(sameVersion(undefined, undefined)).toBe(false);
	});

	test("differs from the order of texts and of numbers", () => {
		expect(sameVersion(v("1.8.0"), v("1.8.0.1"))).toBe(false);
		expect(["1.10.0", "1.9.0", "1.9.0.1"].map(v).sort(compareVersions)).toEqual(["1.9.0", "1.9.0.1", "1.10.0"]);
	});

	const parts = fc.array(fc.nat({ max: 999_999_999 }), { minLength: 4, maxLength: 4 });
	const write = (numbers: number[]) => v(numbers.join("."));

	test("is the order of the parts, up to nine digits each", { timeout: 60_000 }, () => {
		fc.assert(
			fc.property(parts, fc.nat({ max: 3 }), fc.nat({ max: 999_999_999 }), (a, index, part) => {
				const b = a.with(index, part);
				expect(Math.sign(compareVersions(write(a), write(b)))).toBe(Math.sign((a[index] ?? 0) - part));
			}),
			{ numRuns: 3000 },
		);
	});
});

describe("highest and lowest", () => {
	test.each([
		[["1.8.0", "1.10.0", "1.9.0"], "1.10.0", "1.8.0"],
		[["0.9.2.0"], "0.9.2.0", "0.9.2.0"],
		[["1.10.0", "1.8.0", "1.9.0"], "1.10.0", "1.8.0"],
		[["1.8.0", "1.8.0.0"], "1.8.0", "1.8.0"],
		[[], undefined, undefined],
	] as const)("of %j", (texts, top, bottom) => {
		const all: DbVersion[] = texts.map(v);
		expect(highest(all)).toBe(top);
		expect(lowest(all)).toBe(bottom);
	});
});

describe("the fourth part", () => {
	test.each([
		["1.8.0.0", "1.8.0"],
		["1.8.0", "1.8.0"],
		["1.8.0.1", "1.8.0.1"],
		["1.8.0.10", "1.8.0.10"],
		["10.20.30.0", "10.20.30"],
	] as const)("%s is usually written %s", (version, written) => expect(usual(v(version))).toBe(written));

	test.each([
		["24.8.14.39", "24.8.14"],
		["1.8.0", "1.8.0"],
	] as const)("%s has the three parts %s before it", (version, parts) => expect(threeParts(v(version))).toBe(parts));

	test.each([
		["1.8.0", "1.8.0.1", true],
		["1.8.0.1", "1.8.0.2", true],
		["1.8.0", "1.8.0.0", false],
		["1.8.0.1", "1.8.0.1", false],
		["1.8.0.1", "1.8.1.1", false],
	] as const)("alone tells %s and %s apart: %s", (a, b, alike) => expect(areAlike(v(a), v(b))).toBe(alike));
});
