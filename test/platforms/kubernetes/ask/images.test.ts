import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ControlError } from "../../../../src/control/errors";
import {
	listVersions,
	resolveImage,
	taggedImage,
	versionOfImage,
} from "../../../../src/platforms/kubernetes/ask/images";
import { parseReference } from "../../../../src/remote/reference";
import { v } from "../../../build";

describe("images", () => {
	it.each([
		["myscale/myscaledb", "myscale/myscaledb:1.8.0"],
		["127.0.0.1:5000/myscaledb", "127.0.0.1:5000/myscaledb:1.8.0"],
		["myscale/myscaledb:v{version}-ubi", "myscale/myscaledb:v1.8.0-ubi"],
	])("%s is tagged as %s", (image, tagged) => {
		expect(taggedImage(image, v("1.8.0"))).toBe(tagged);
		expect(versionOfImage(image, tagged)).toBe("1.8.0");
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
	let server: Server | undefined;
	afterEach(() => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))));

	/** A registry as far as it is asked here; wants a token, as the public ones do. */
	async function registry(tags: readonly string[]): Promise<string> {
		server = createServer((request, response) => {
			const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
			const host = `http://${request.headers.host}`;
			if (pathname === "/token")
				return response.end(
					JSON.stringify({ token: `for ${searchParams.get("scope")} of ${searchParams.get("service")}` }),
				);
			if (request.headers.authorization !== "Bearer for repository:db:pull of reg") {
				response.writeHead(401, {
					"www-authenticate": `Bearer realm="${host}/token",service="reg",scope="repository:db:pull"`,
				});
				return response.end();
			}
			const [, tag] = /^\/v2\/db\/manifests\/(.*)$/.exec(pathname) ?? [];
			if (tag !== undefined) {
				response.writeHead(tags.includes(tag) ? 200 : 404, { "docker-content-digest": `sha256:${tag}` });
				return response.end();
			}
			const from = Number(searchParams.get("last") ?? 0);
			if (from + 2 < tags.length) response.setHeader("link", `</v2/db/tags/list?last=${from + 2}>; rel="next"`);
			response.end(JSON.stringify({ name: "db", tags: tags.slice(from, from + 2) }));
		});
		await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
		return `127.0.0.1:${(server.address() as AddressInfo).port}/db`;
	}

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

	it("that can't be reached is an error for people, and no crash", async () => {
		const image = await registry([]);
		server?.close();
		const error: unknown = await listVersions(image).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(ControlError);
		expect((error as Error).message).toMatch(/^the registry 127\.0\.0\.1:\d+ can't be reached: .*ECONNREFUSED/);
	});

	it("lists its versions, page by page, and leaves other tags out", async () => {
		const image = await registry(["1.8.0", "latest", "0.9.2.0", "1.8.0-rc1", "1.7.1"]);
		expect(await listVersions(image)).toEqual(["1.8.0", "0.9.2.0", "1.7.1"]);
	});
});
