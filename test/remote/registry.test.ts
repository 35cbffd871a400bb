import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defaultLimits } from "../../src/remote/http";
import { parseReference } from "../../src/remote/reference";
import { findImage, listTags, readTags } from "../../src/remote/registry";
import { failure } from "./failure";
import { type FakeRegistry, fakeRegistry } from "./fake-registry";
import { TestServer } from "./server";

let folder = "";
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "dbcluster-docker-"));
	vi.stubEnv("DOCKER_CONFIG", folder);
});
afterEach(() => {
	vi.unstubAllEnvs();
	rmSync(folder, { recursive: true, force: true });
});

const tags = ["1.7.1", "latest", "1.8.0", "1.9.0", "1.9.1"];
const limits = { ...defaultLimits, pause: 1 };
const of = ({ image }: FakeRegistry, tag = "1.8.0") => parseReference(`${image}:${tag}`);
const logIn = ({ host }: FakeRegistry, who: string) => {
	const auth = Buffer.from(who).toString("base64");
	const entry = who.startsWith("refresh:") ? { identitytoken: who.slice("refresh:".length) } : { auth };
	writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [host]: entry } }));
};

describe.each(["token", "basic", "nothing"] as const)("a registry that wants a proof by %s", (proof) => {
	test("lists its tags page by page, and tells digests", async () => {
		const registry = await fakeRegistry(tags, { proof, ...(proof === "basic" && { only: "ann:hunter2" }) });
		if (proof === "basic") logIn(registry, "ann:hunter2");
		expect(await readTags(of(registry), limits)).toEqual(tags);
		expect(registry.asked(/tags\/list/).length).toBe(proof === "nothing" ? 3 : 4);
		expect(registry.asked(/\/token/).length).toBe(proof === "token" ? 1 : 0);
		expect(await findImage(of(registry))).toEqual({ digest: "sha256:1.8.0" });
		expect(await findImage(of(registry, "2.0.0"))).toBe("missing");
	});
});

describe("a registry that lets only some pull", () => {
	test.each(["ann:hunter2", "refresh:hunter2"])("lets in who is logged in as %s", async (only) => {
		const registry = await fakeRegistry(tags, { proof: "token", only });
		expect(await failure(readTags(of(registry), limits))).toBe(
			`the registry ${registry.host} does not list the tags of db (status 401): log in to it, with docker login ${registry.host}`,
		);
		logIn(registry, only);
		expect(await readTags(of(registry), limits)).toEqual(tags);
	});

	test("and whose password is out of date is asked to log in, and the password is not shown", async () => {
		const registry = await fakeRegistry(tags, { proof: "token", only: "ann:hunter2" });
		logIn(registry, "ann:formerly");
		const said = await failure(readTags(of(registry), limits));
		expect(said).toContain("docker login");
		expect(said).not.toContain("formerly");
	});

	test("says so where Docker's configuration is out of order", async () => {
		const registry = await fakeRegistry(tags, { proof: "token", only: "ann:hunter2" });
		writeFileSync(join(folder, "config.json"), "{");
		expect(await failure(readTags(of(registry), limits))).toMatch(
			/requires a login, and the credentials can't be used: Docker's configuration .* not valid JSON\. Run docker login /,
		);
	});
});

test("what is public is told, also with a password that is out of date or a configuration out of order", async () => {
	const registry = await fakeRegistry(tags);
	logIn(registry, "ann:formerly");
	expect(await readTags(of(registry), limits)).toEqual(tags);
	const other = await fakeRegistry(tags);
	writeFileSync(join(folder, "config.json"), "{");
	expect(await readTags(of(other), limits)).toEqual(tags);
});

test("a thousand who list the tags of one image cost one fetch", async () => {
	const registry = await fakeRegistry(tags, { proof: "nothing" });
	await Promise.all(Array.from({ length: 1000 }, () => listTags(of(registry))));
	expect(await listTags(of(registry, "1.9.0"))).toEqual(tags);
	expect(registry.asked(/./)).toHaveLength(3);
});

const json = (body: string) => (response: ServerResponse) => void response.end(body);
const status = (code: number) => (response: ServerResponse) => {
	response.statusCode = code;
	response.end();
};

test("too many requests are sent again", async () => {
	const registry = await fakeRegistry(["1.8.0"]);
	registry.instead.push(status(429), status(503));
	expect(await readTags(of(registry), limits)).toEqual(["1.8.0"]);
});

test.each([
	["a repository without tags", json('{"name":"db","tags":null}'), []],
	["a repository without a list", json('{"name":"db"}'), []],
	["tags that are no text", json('{"tags":["1.8.0",7,null]}'), ["1.8.0"]],
])("%s", async (_, answer, expected) => {
	const registry = await fakeRegistry(["1.8.0"], { proof: "nothing" });
	registry.instead.push(answer);
	expect(await readTags(of(registry), limits)).toEqual(expected);
});

test.each([
	["no JSON", json("<html>"), "does not answer with a list of tags: make sure that image names a container registry"],
	[
		"another list",
		json('{"tags":"1.8.0"}'),
		"does not answer with a list of tags: make sure that image names a container registry",
	],
	["a list without a name", json("[]"), undefined],
	["a huge list", json(`{"tags":["${"x".repeat(20_000)}"]}`), "sends more than 10,000 bytes"],
	[
		"a repository that is not there",
		status(404),
		"does not list the tags of db (status 404): check the name of the image",
	],
	[
		"a refusal",
		status(403),
		"does not list the tags of db (status 403): make sure that the logged-in user may pull this image",
	],
	["trouble", status(400), "does not list the tags of db (status 400)"],
])("%s", async (_, answer, said) => {
	const registry = await fakeRegistry(["1.8.0"], { proof: "nothing" });
	registry.instead.push(answer);
	const listing = readTags(of(registry), { ...limits, bytes: 10_000 });
	if (said === undefined) expect(await listing).toEqual([]);
	else expect(await failure(listing)).toBe(`the registry ${registry.host} ${said}`);
});

test("pages without an end are left", async () => {
	const server = await TestServer.open((_, response) => {
		response.setHeader("link", `</v2/db/tags/list?last=1>; rel="next"`);
		response.end('{"tags":["1.8.0"]}');
	});
	expect(await failure(readTags({ registry: server.host, repository: "db" }, limits))).toBe(
		`the registry ${server.host} does not end its list of tags within 100 pages, 100,000 tags and 120 seconds`,
	);
});

test("a password goes nowhere without https, whatever the registry asks for", async () => {
	const server = await TestServer.open((_, response) => {
		response.writeHead(401, { "www-authenticate": 'Bearer realm="http://example.com/token",service="x"' });
		response.end();
	});
	expect(await failure(readTags({ registry: server.host, repository: "db" }, limits))).toBe(
		`the registry ${server.host} requires a token from example.com without https, which is not allowed`,
	);
});

test("a registry that is out of reach", async () => {
	const registry = await fakeRegistry([]);
	await registry.server?.close();
	expect(await failure(findImage(of(registry)))).toMatch(
		/^the registry 127\.0\.0\.1:\d+ can't be reached: .*ECONNREFUSED/,
	);
});
