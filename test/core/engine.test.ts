import { expect, test } from "vitest";
import { engineIn, isOlder, mayRunSideBySide } from "../../src/core/engine";
import { v } from "../build";

test.each([
	["23.3", "23.3", true],
	["23.3", "24.2", true],
	["23.3", "24.3", true], // a year, but only 23.8 between
	["23.3", "24.4", false], // 13 months, 23.8 and 24.3 between
	["23.3", "24.8", false],
	["23.8", "24.8", true], // a year, but only 24.3 between
	["23.8", "24.9", false],
	["23.4", "24.4", false], // a year to the month, 23.8 and 24.3 between
	["23.4", "24.3", true],
	["23.2", "24.1", true], // 23.3 and 23.8 between, but less than a year
	["22.12", "24.1", false], // over the turn of two years
	["26.5.1.1", "26.7.2.1", true],
	["18.16.1", "23.3", false],
	["23.3.2.1-lts", "24.8.1", false],
] as const)("%s and %s: %s", (a, b, expected) => {
	expect(mayRunSideBySide(a, b)).toBe(expected);
	expect(mayRunSideBySide(b, a)).toBe(expected);
});

test.each([undefined, "", "latest", "23", "2023.3", "23.0", "23.300", "1.1.54378", "v23.3"])(
	"an engine %j that is no year and month passes",
	(engine) => {
		expect(mayRunSideBySide(engine, "24.8")).toBe(true);
		expect(mayRunSideBySide("18.16", engine)).toBe(true);
	},
);

test.each([
	["24.8.4.13", "24.8.4.13"],
	["18.16.1", "18.16.1"],
	["1.8.0", undefined],
	["2.3.0", undefined],
	["18.0.0", "18.0.0"],
	["17.12.0", undefined],
])("a ClickHouse version is its own engine, one of MyScaleDB tells nothing: %s", (version, engine) => {
	expect(engineIn(v(version))).toBe(engine);
});

test.each([
	["23.3", "23.4", true],
	["22.12", "23.1", true],
	["23.3.2.1-lts", "24.8.1", true],
	["18.12", "18.16", false], // numbered through, beyond the months of a year
	["18.1", "18.16", true],
	["23.3", "23.3", false],
	["23.3.1", "23.3.2", false],
	["23.4", "23.3", false],
	["latest", "23.3", false],
	["23.3", "latest", false],
	["23.3", undefined, false],
	[undefined, undefined, false],
] as const)("%s is older than %s: %s", (a, b, expected) => {
	expect(isOlder(a, b)).toBe(expected);
});
