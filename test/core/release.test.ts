import fc from "fast-check";
import { expect, test } from "vitest";
import {
	allowed,
	engineOf,
	isSameImage,
	latestOf,
	type Release,
	releaseOf,
	settable,
	spelledOtherwise,
} from "../../src/core/release";
import { compareVersions } from "../../src/core/version";
import { catalogues } from "../arbitrary";
import { releases, v } from "../build";

const catalogue = (text: string, but: Readonly<Record<string, Partial<Release>>>) =>
	releases(text).map((release) => ({ ...release, ...but[release.version] }));

test("a release is found however many parts it is written with", () => {
	expect(releaseOf(v("1.8.0.0"), releases("1.7.1 1.8.0@23.3"))).toEqual({ version: "1.8.0", engine: "23.3" });
	expect(releaseOf(v("1.8.1"), releases("1.8.0"))).toBeUndefined();
	// Of one that is listed twice the first entry counts.
	expect(releaseOf(v("1.8.0"), releases("1.8.0@23.3 1.8.0.0@24.3"))?.engine).toBe("23.3");
});

test.each([
	["as listed", "1.8.0", { engine: "23.3", most: "23.3" }],
	["of a ClickHouse version", "26.8.1.2", { engine: "26.8.1.2", most: "26.8.1.2" }],
	["between two", "1.8.0.1", { engine: "23.3", like: "1.8.0", most: "24.3" }],
	["above all", "9.0.0", { engine: "24.8", like: "2.0.0", most: undefined }],
	["below all", "1.7.1", { engine: undefined, like: undefined, most: "23.3" }],
	[
		"what the catalogue says goes before what is known besides",
		"1.9.1",
		{ engine: "24.3", like: "1.9.0", most: "24.8" },
	],
])("the engine: %s", (_, version, expected) => {
	const catalogue = releases("1.8.0@23.3 1.8.5 1.9.0@24.3 26.8.1.1@26.8.1.1");
	expect(engineOf(v(version), { catalogue, known: releases("1.9.0@23.3 2.0.0@24.8") })).toEqual(expected);
});

test.each([
	["the newest", {}, "1.10.0"],
	["but not a blocked one", { "1.10.0": { blocked: "corrupts indexes" } }, "1.9.0"],
	["nor a deprecated one", { "1.10.0": { blocked: true }, "1.9.0": { deprecated: true } }, "1.8.0"],
	[
		"unless all are",
		{ "1.10.0": { blocked: true }, "1.9.0": { deprecated: true }, "1.8.0": { deprecated: "old" } },
		"1.9.0",
	],
	[
		"none where all are blocked",
		{ "1.10.0": { blocked: true }, "1.9.0": { blocked: true }, "1.8.0": { blocked: true } },
		undefined,
	],
] as const)("latest is %s", (_, but, expected) => {
	expect(latestOf(catalogue("1.8.0 1.10.0 1.9.0", but))).toBe(expected);
});

test("latest is allowed, in the catalogue, and absent only where nothing is allowed", () => {
	fc.assert(
		fc.property(catalogues, (list) => {
			const latest = latestOf(list);
			if (latest === undefined) expect(allowed(list)).toEqual([]);
			else expect(allowed(list)).toContain(latest);
			const newer = list.filter(({ version }) => latest !== undefined && compareVersions(version, latest) > 0);
			for (const { deprecated, blocked } of newer) expect(deprecated ?? blocked).toBeDefined();
		}),
	);
});

test("two tags of one image are one release, and what runs stays the latest by its own name", () => {
	const list = catalogue("24.8.13.5 24.8.14.39", { "24.8.14.39": { aliases: [v("24.8.14")] } });
	expect(releaseOf(v("24.8.14"), list)?.version).toBe("24.8.14.39");
	const several = catalogue("24.8.14.39", { "24.8.14.39": { aliases: [v("24.8.14"), v("24.8.15")] } });
	for (const tag of ["24.8.14", "24.8.15"]) expect(releaseOf(v(tag), several)?.version).toBe("24.8.14.39");
	expect(latestOf(list)).toBe("24.8.14.39");
	expect(latestOf(list, v("24.8.14"))).toBe("24.8.14");
	expect(latestOf(list, v("24.8.13.5"))).toBe("24.8.14.39");
	expect(isSameImage(v("24.8.14"), v("24.8.14.39"), list)).toBe(true);
	expect(isSameImage(v("24.8.14"), v("24.8.13.5"), list)).toBe(false);
	expect(isSameImage(v("24.9.0"), v("24.9.1"), list)).toBe(false);
});

test("what only another spelling has is no version, is never the latest, and is known by its tag", () => {
	const spelling = (tag: string) => ({ spelling: { image: "acme/db:v{version}", tag } });
	const list = catalogue("1.7.0 1.8.0 1.9.0", { "1.7.0": spelling("v1.7.0"), "1.9.0": spelling("v1.9.0") });
	expect(settable(list)).toEqual(releases("1.8.0"));
	expect(releaseOf(v("1.9.0"), list)).toBeUndefined();
	expect(latestOf(list)).toBe("1.8.0");
	expect(spelledOtherwise(list).map(({ tag }) => tag)).toEqual(["v1.9.0"]);
	expect(spelledOtherwise(list, v("1.7.0")).map(({ tag }) => tag)).toEqual(["v1.7.0"]);
	expect(spelledOtherwise(list, v("1.8.0")).map(({ tag }) => tag)).toEqual(["v1.9.0"]);
	expect(spelledOtherwise(releases("1.8.0"), v("1.7.0"))).toEqual([]);
	const [same] = catalogue("1.8.0", { "1.8.0": spelling("v1.8.0") });
	const both = [...releases("1.8.0"), ...(same === undefined ? [] : [same])];
	expect(spelledOtherwise(both)).toEqual([]);
	expect(spelledOtherwise(both.slice(1)).map(({ tag }) => tag)).toEqual(["v1.8.0"]);
	expect(spelledOtherwise(both, v("1.7.0"))).toEqual([]);
});
