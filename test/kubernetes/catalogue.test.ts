import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { releasesOf } from "../../src/catalogue";
import { kubernetesPlatform } from "../../src/platforms/kubernetes";
import { check } from "../../src/pulumi/judge/check";
import { parseReference } from "../../src/remote/reference";
import { findImage, readTags } from "../../src/remote/registry";
import { environment, Space, unavailable, versions } from "./harness";

const { missing, ...there } = versions;
const { image } = environment;

describe.skipIf(unavailable !== undefined)("a real registry", () => {
	let space: Space;
	beforeAll(async () => {
		space = await Space.open();
	});
	afterAll(() => space.close());

	it("lists the tags of an image, filtered where that is asked for, and is the platform's own catalogue", async () => {
		const found = async (tags?: string) => {
			const releases = await releasesOf({ registry: { image, ...(tags !== undefined && { tags }) } });
			return releases.map(({ version }) => version);
		};
		expect(await found()).toEqual(expect.arrayContaining(Object.values(there)));
		expect(await found()).not.toContain(missing);
		expect((await found("^1\\.8\\.[0-2]$")).sort()).toEqual(["1.8.0", "1.8.1", "1.8.2"]);
		const own = await kubernetesPlatform.releases(space.settings());
		expect(own.map(({ version }) => version).sort()).toEqual((await found()).sort());
	});

	it("tells digests, what is missing, and that a repository is", async () => {
		const of = (tag: string) => findImage(parseReference(`${image}:${tag}`));
		expect(await of(versions.v2)).toEqual({ digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
		expect(await of(missing)).toBe("missing");
		const { registry } = parseReference(image);
		await expect(readTags({ registry, repository: "nobody/has-this" })).rejects.toThrow(/check the name of the image$/);
	});

	it("is what latest means for a new cluster, and what is blocked is not made", async () => {
		const asked = (more: Record<string, unknown>) =>
			check({}, { owner: "p/s/db", name: "db", version: "latest", kubernetes: space.given(), ...more });
		const registry = { image, tags: "^1\\.8\\.[0-2]$" };
		expect(await asked({ versions: { registry } })).toMatchObject({ inputs: { version: "1.8.2" }, failures: [] });
		const { failures } = await asked({ version: versions.v4, versions: { registry: { image, tags: "^1\\.7" } } });
		expect(failures).toEqual([
			{ property: "version", reason: expect.stringMatching(/^1\.8\.2 is not a known version/) },
		]);
		const list = [{ version: "1.8.0" }, { version: "1.8.2", blocked: "corrupts indexes" }];
		expect((await asked({ version: versions.v4, versions: { list } })).failures).toEqual([
			{
				property: "version",
				reason: expect.stringMatching(/^1\.8\.2 is blocked in the catalogue: corrupts indexes\./),
			},
		]);
	});
});
