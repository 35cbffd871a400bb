import { describe, expect, test } from "vitest";
import { releasesOf } from "../../src/catalogue";
import { settable } from "../../src/core/release";
import { releases, v } from "../build";
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
	// What other spellings have is listed, too, and can't be set.
	expect(settable(found).map(({ version }) => version)).toEqual(expected);
});

test("a list is what it is, and nothing is none", async () => {
	expect(await releasesOf({ list: releases("1.8.0") })).toEqual(releases("1.8.0"));
	expect(await releasesOf({})).toEqual([]);
});

const bitnami = [
	"24.12.3-debian-12-r1",
	"25.2.1-debian-12-r0",
	"25.7.5-debian-12-r2",
	"25.7.5-debian-12-r10",
	"25.7.5-debian-12-r9",
	"25.7.5-debian-12",
	"25.7.5-debian-12-r11-debug",
];

test("tags whose revision changes with the version are one catalogue", async () => {
	const registry = await fakeRegistry(bitnami);
	const found = await releasesOf({ registry: { image: `${registry.image}:{version}-debian-12-r*` } });
	expect(found).toEqual(releases("24.12.3 25.2.1 25.7.5"));
	expect(registry.asked(/manifests/)).toEqual([]);
});

describe("what only other spellings have", () => {
	const spelled = async (tags: string[], suffix = "", about: string[] = [], filter?: string) => {
		const registry = await fakeRegistry(tags);
		const image = `${registry.image}${suffix}`;
		const found = await releasesOf({ registry: { image, ...(filter && { tags: filter }) } }, about.map(v));
		return found.flatMap(({ version, spelling }) =>
			spelling === undefined ? [] : [`${version} ${spelling.tag} ${spelling.image.replace(registry.image, "")}`],
		);
	};

	test("is the newest of each, with its image", async () => {
		expect(await spelled(bitnami, ":{version}-debian-12-r1")).toEqual([
			"25.7.5 25.7.5-debian-12-r10 :{version}-debian-12-r*",
			"25.7.5 25.7.5-debian-12 :{version}-debian-12",
		]);
		expect(await spelled(["1.8.0", "v1.9.0", "v1.10.0", "1.7.9-ubi"])).toEqual(["1.10.0 v1.10.0 :v{version}"]);
		expect(await spelled(["v1.8.0", "1.9.0"], ":v{version}")).toEqual(["1.9.0 1.9.0 "]);
	});

	test("is not what is older, a pre-release, filtered or there under the own spelling, too", async () => {
		expect(await spelled(["1.8.0", "1.7.0-ubi", "1.8.0-ubi", "1.9.0-rc1", "1.9.0-beta", "nightly-1.9.0"])).toEqual([]);
		expect(await spelled(["1.8.0", "1.8.0.0-ubi", "latest", "1.2.3.4.5-ubi", "2.1"])).toEqual([]);
		expect(await spelled(["1.8.0", "v2.0.0"], "", [], "1")).toEqual([]);
	});

	test("is an older one only if that is asked for", async () => {
		expect(await spelled(["1.8.0", "1.7.0-ubi", "1.6.0-ubi"], "", ["1.7.0"])).toEqual([
			"1.7.0 1.7.0-ubi :{version}-ubi",
		]);
	});
});

describe("two tags of one digest", () => {
	const of = async (tags: string[], digests: Record<string, string>, about: string[] = []) => {
		const registry = await fakeRegistry(tags);
		Object.assign(registry.digests, digests);
		const found = await releasesOf({ registry: { image: registry.image } }, about.map(v));
		return {
			found,
			heads: registry
				.asked(/HEAD .*manifests/)
				.map((line) => line.replace(/.*\//, ""))
				.sort(),
			registry,
		};
	};
	const moving = { "24.8.14": "24.8.14.39", "25.3.1": "25.3.1.7" };
	const tags = ["24.8.14", "24.8.14.39", "24.8.13.5", "25.3.1", "25.3.1.7", "1.8.0", "1.8.0.0", "25.2.9.1"];

	test("are one version, and only those alike are asked for", async () => {
		const { found, heads } = await of(tags, moving, ["24.8.14"]);
		expect(found).toEqual([
			{ version: "24.8.14.39", aliases: ["24.8.14"] },
			{ version: "24.8.13.5" },
			{ version: "25.3.1.7", aliases: ["25.3.1"] },
			{ version: "1.8.0" },
			{ version: "25.2.9.1" },
		]);
		expect(heads).toEqual(["24.8.14", "24.8.14.39", "25.3.1", "25.3.1.7"]);
	});

	test("of which one is the newest that runs are not asked for", async () => {
		expect((await of(tags, moving, ["25.3.1.7"])).heads).toEqual([]);
	});

	test("of other digests are two, and of many only some are asked for", async () => {
		const many = Array.from({ length: 30 }, (_, index) => `24.8.14.${index + 1}`);
		const { found, heads } = await of(["24.8.14", ...many], {}, ["24.8.14", "24.8.14.2"]);
		expect(found).toHaveLength(31);
		expect(heads).toEqual(["24.8.14", "24.8.14.2", "24.8.14.27", "24.8.14.28", "24.8.14.29", "24.8.14.30"]);
	});

	test("are asked for once in a while", async () => {
		const { registry } = await of(tags, moving);
		const before = registry.server?.asked.length;
		await releasesOf({ registry: { image: registry.image } });
		expect(registry.server?.asked.length).toBe(before);
	});
});
