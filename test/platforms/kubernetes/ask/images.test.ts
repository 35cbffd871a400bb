import { describe, expect, it } from "vitest";
import { ControlError } from "../../../../src/control/errors";
import { kubernetesPlatform } from "../../../../src/platforms/kubernetes";
import { isImageOf, resolveImage, versionOfImage } from "../../../../src/platforms/kubernetes/ask/images";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";
import { parseReference, tagged as taggedImage } from "../../../../src/remote/reference";
import { v } from "../../../build";
import { fakeRegistry } from "../../../remote/fake-registry";

describe("images", () => {
	it.each([
		["myscale/myscaledb", "myscale/myscaledb:1.8.0"],
		["127.0.0.1:5000/myscaledb", "127.0.0.1:5000/myscaledb:1.8.0"],
		["myscale/myscaledb:v{version}-ubi", "myscale/myscaledb:v1.8.0-ubi"],
	])("%s is tagged as %s", (image, tagged) => {
		expect(taggedImage(image, v("1.8.0"))).toBe(tagged);
		expect(versionOfImage(image, tagged)).toBe("1.8.0");
		expect(isImageOf(image, tagged)).toBe(true);
		expect(isImageOf(image, `other/${tagged}`)).toBe(false);
		expect(versionOfImage(image, `${tagged}@sha256:${"0".repeat(64)}`)).toBe("1.8.0");
	});

	it.each([
		["myscale/myscaledb", "myscale/myscaledb"],
		["myscale/myscaledb", "myscale/myscaledb:latest"],
		["myscale/myscaledb", "myscale/myscaledb@sha256:0123"],
		["myscale/myscaledb", "127.0.0.1:5000/myscaledb"],
		["myscale/myscaledb:{version}-ubi", "myscale/myscaledb:1.8.0"],
	])("with %s, the tag of %s names no version", (image, reference) => {
		expect(versionOfImage(image, reference)).toBeUndefined();
	});

	it.each([
		["clickhouse:1.0.0", "registry-1.docker.io", "library/clickhouse", "1.0.0"],
		["myscale/myscaledb:1.8.0", "registry-1.docker.io", "myscale/myscaledb", "1.8.0"],
		["docker.io/myscale/myscaledb:1.8.0", "registry-1.docker.io", "myscale/myscaledb", "1.8.0"],
		["ghcr.io/a/b/c:1.8.0", "ghcr.io", "a/b/c", "1.8.0"],
		["localhost:5000/a:1.8.0", "localhost:5000", "a", "1.8.0"],
	])("%s is found where container engines find it", (reference, registry, repository, tag) => {
		expect(parseReference(reference)).toEqual({ registry, repository, tag });
	});
});

describe("a registry", () => {
	const registry = async (tags: readonly string[]) => (await fakeRegistry(tags)).image;

	it("pins an image to the digest of its tag", async () => {
		const image = await registry(["1.8.0"]);
		expect(await resolveImage(image, v("1.8.0"))).toEqual({
			reference: `${image}:1.8.0@sha256:1.8.0`,
			version: "1.8.0",
			pullAlways: false,
		});
	});

	it("and a pin must agree", async () => {
		const image = await registry(["1.8.0", "1.9.0"]);
		const pin = { version: v("1.8.0"), digest: "sha256:1.8.0" };
		const reference = `${image}:1.8.0@sha256:1.8.0`;
		expect(await resolveImage(image, v("1.8.0"), pin)).toMatchObject({ reference });
		const other = resolveImage(image, v("1.8.0"), { ...pin, digest: "sha256:2" });
		await expect(other).rejects.toThrow(
			`has ${image}:1.8.0 with the digest sha256:1.8.0, but version asks for sha256:2`,
		);
		// A pin is about one version: another one is what its tag is.
		expect(await resolveImage(image, v("1.9.0"), pin)).toMatchObject({ reference: `${image}:1.9.0@sha256:1.9.0` });
	});

	it("that can't be asked leaves the pin", async () => {
		const pin = { version: v("1.8.0"), digest: "sha256:1" };
		expect(await resolveImage("127.0.0.1:1/db", v("1.8.0"), pin)).toEqual({
			reference: "127.0.0.1:1/db:1.8.0@sha256:1",
			version: "1.8.0",
			pullAlways: false,
		});
	});

	it("that knows no such tag is an error that names it", async () => {
		const image = await registry(["1.8.0"]);
		const error: unknown = await resolveImage(image, v("1.9.9")).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(ControlError);
		expect((error as Error).message).toContain(`${image}:1.9.9`);
	});

	it("that can't be asked leaves the tag, pulled at each start", async () => {
		expect(await resolveImage("127.0.0.1:1/db", v("1.8.0"))).toEqual({
			reference: "127.0.0.1:1/db:1.8.0",
			version: "1.8.0",
			pullAlways: true,
		});
	});

	const listed = (image: string) => {
		const read = readSettings({ namespace: "db", image, passwordSecret: { name: "a" } });
		if ("problems" in read) throw new Error(JSON.stringify(read.problems));
		return kubernetesPlatform.releases(read.settings);
	};

	it("that can't be reached is an error for people, and no crash", async () => {
		const closed = await fakeRegistry([]);
		await closed.server?.close();
		const error: unknown = await listed(closed.image).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(ControlError);
		expect((error as Error).message).toMatch(/^the registry 127\.0\.0\.1:\d+ can't be reached: .*ECONNREFUSED/);
	});

	it("lists its versions, page by page, and leaves other tags out", async () => {
		const found = await listed(await registry(["1.8.0", "latest", "0.9.2.0", "1.8.0-rc1", "1.7.1"]));
		expect(found.map(({ version }) => version)).toEqual(["1.8.0", "0.9.2.0", "1.7.1"]);
	});

	describe("with revisions", () => {
		const revisions = ["1.8.0-r9", "1.8.0-r10", "1.8.0-r2", "1.9.0-r1", "1.8.0-rc1"];
		const open = async (tags = revisions) => {
			const opened = await fakeRegistry(tags);
			return { opened, image: `${opened.image}:{version}-r*`, of: (tag: string) => `${opened.image}:${tag}` };
		};

		it("gives the highest of the version, as a number, pinned to its digest", async () => {
			const { opened, image, of } = await open();
			expect(await resolveImage(image, v("1.8.0"))).toEqual({
				reference: `${of("1.8.0-r10")}@sha256:1.8.0-r10`,
				version: "1.8.0",
				pullAlways: false,
			});
			expect(opened.asked(/HEAD/)).toHaveLength(1);
			expect(versionOfImage(image, `${of("1.8.0-r10")}@sha256:1`)).toBe("1.8.0");
			expect(isImageOf(image, of("1.8.0-r2"))).toBe(true);
			expect(isImageOf(image, of("1.8.0"))).toBe(false);
		});

		it("gives the one that is pinned", async () => {
			const { image, of } = await open();
			const pin = { version: v("1.8.0"), digest: "sha256:1.8.0-r2" };
			expect((await resolveImage(image, v("1.8.0"), pin)).reference).toBe(`${of("1.8.0-r2")}@sha256:1.8.0-r2`);
			await expect(resolveImage(image, v("1.8.0"), { ...pin, digest: "sha256:1" })).rejects.toThrow(
				`has ${of("1.8.0-r10")} with the digest sha256:1.8.0-r10, but version asks for sha256:1`,
			);
		});

		it("knows none of another version, and none without the registry", async () => {
			const { image } = await open();
			await expect(resolveImage(image, v("1.8.1"))).rejects.toThrow(/1\.8\.1-r\* does not exist/);
			await expect(resolveImage("127.0.0.1:1/db:{version}-r*", v("1.8.0"))).rejects.toThrow(
				/^the highest tag that matches 127\.0\.0\.1:1\/db:1\.8\.0-r\* is unknown: the registry 127\.0\.0\.1:1 can't be reached/,
			);
		});
	});

	it("that spells the number otherwise has the version all the same", async () => {
		const image = await registry(["1.8.0", "1.9.0.0"]);
		expect((await resolveImage(image, v("1.8.0.0"))).reference).toBe(`${image}:1.8.0@sha256:1.8.0`);
		expect((await resolveImage(image, v("1.9.0"))).reference).toBe(`${image}:1.9.0.0@sha256:1.9.0.0`);
	});

	it("that has the version only under another spelling says which", async () => {
		const image = await registry(["1.8.0", "1.9.0-debian-12-r1", "1.9.0-debian-12-r3"]);
		await expect(resolveImage(image, v("1.9.0"))).rejects.toThrow(
			`image ${image}:1.9.0 does not exist: its registry has no such tag. It has 1.9.0-debian-12-r3, for which image must be ${image}:{version}-debian-12-r*`,
		);
	});
});
