import { expect, test } from "vitest";
import { releasesOf } from "../../src/catalogue";
import { releases } from "../build";
import { fakeRegistry } from "../remote/fake-registry";

test.each([
	["", undefined, ["1.7.1", "1.8.0", "24.8.4.13"]],
	["", "^1\\.", ["1.7.1", "1.8.0"]],
	["", "^2\\.", []],
	[":v{version}-ubi", undefined, ["1.8.0", "1.9.0"]],
	[":v{version}-ubi", "9", ["1.9.0"]],
])("image%s and tags %s", async (suffix, tags, expected) => {
	const registry = await fakeRegistry([
		"1.7.1",
		"1.8.0",
		"latest",
		"v1.8.0-ubi",
		"v1.9.0-ubi",
		"1.9.0-rc1",
		"24.8.4.13",
		"1.8",
	]);
	const found = await releasesOf({ registry: { image: `${registry.image}${suffix}`, ...(tags && { tags }) } });
	expect(found.map(({ version }) => version)).toEqual(expected);
});

test("a list is what it is, and nothing is none", async () => {
	expect(await releasesOf({ list: releases("1.8.0") })).toEqual(releases("1.8.0"));
	expect(await releasesOf({})).toEqual([]);
});
