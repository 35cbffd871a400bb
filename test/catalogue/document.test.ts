import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { documentReleases, fetchDocument, parseDocument } from "../../src/catalogue/document";
import { ControlError } from "../../src/control/errors";
import { defaultLimits } from "../../src/remote/http";
import { TestServer } from "../remote/server";

const limits = { ...defaultLimits, pause: 1 };
const name = "https://example.com/v";
const versions = (text: string) => parseDocument(text, name).map(({ version }) => version);

test("JSON, an array of texts", () => {
	expect(parseDocument('\uFEFF ["1.8.0", "v1.9.0", "0.9.2.0"]\n', name)).toEqual([
		{ version: "1.8.0" },
		{ version: "1.9.0" },
		{ version: "0.9.2.0" },
	]);
});

test("JSON, an array of objects, with all that there is to say", () => {
	const whole = {
		version: "1.9.0",
		engine: "23.3",
		date: "2024-11-07",
		notes: "https://example.com/1.9.0",
		deprecated: "1.9.1 is faster",
		blocked: "corrupts indexes",
	};
	const said = [whole, { version: "1.8.0", deprecated: true, blocked: true, ours: { team: "data" } }, "1.7.1"];
	expect(parseDocument(JSON.stringify(said), name)).toEqual([
		whole,
		{ version: "1.8.0", deprecated: true, blocked: true },
		{ version: "1.7.1" },
	]);
});

test("lines as in ClickHouse's own list", () => {
	const text = "v24.8.4.13-lts\t2024-09-06\r\nv24.8.1.1-testing\t2024-08-01\n\nv24.7.6.8-stable\t2024-09-06\n";
	const notes = "https://github.com/ClickHouse/ClickHouse/releases/tag";
	expect(parseDocument(text, name)).toEqual([
		{ version: "24.8.4.13", engine: "24.8.4.13", date: "2024-09-06", notes: `${notes}/v24.8.4.13-lts` },
		{ version: "24.7.6.8", engine: "24.7.6.8", date: "2024-09-06", notes: `${notes}/v24.7.6.8-stable` },
	]);
});

test("lines without a date, and what is no version left out", () => {
	expect(versions("1.7.1\nlatest\n1.8.0\tsoon\n1.8.0-rc1\n# 1.9.0\n")).toEqual(["1.7.1", "1.8.0"]);
	expect(versions('["1.8.0", "latest", {"version": "1.9.0-rc1"}]')).toEqual(["1.8.0"]);
});

test.each([
	["<!doctype html>", "is a web page, not a list of versions"],
	["", 'lists no DB version: it must be JSON, such as ["1.8.0"], or lines such as 1.8.0'],
	["[]", 'lists no DB version: it must be JSON, such as ["1.8.0"], or lines such as 1.8.0'],
	["\u0000\u0001\u0002", 'lists no DB version: it must be JSON, such as ["1.8.0"], or lines such as 1.8.0'],
	['["1.8.0"', "is not valid JSON"],
	['{"versions": []}', 'has errors: it must be an array of versions, such as ["1.8.0"]'],
	['["1.8.0", 7]', 'has errors: entry 2 must be text, such as "1.8.0", or an object, such as { "version": "1.8.0" }'],
	['[{"engine": "23.3"}]', 'has errors: version of entry 1 must be text, such as "1.8.0"'],
	[
		'["1.7.1", {"version": "1.8.0", "engine": "new"}]',
		'has errors: engine of entry 2 must be a ClickHouse version, such as "23.3"',
	],
	[
		'[{"version": "1.8.0", "deprecated": ""}]',
		'has errors: deprecated of entry 1 must be true, or the reason as text, such as "corrupts vector indexes"',
	],
	[
		'[{"version": "1.8.0", "blocked": false}]',
		'has errors: blocked of entry 1 must be true, or the reason as text, such as "corrupts vector indexes"',
	],
	[
		'[{"version": "1.8.0", "notes": "javascript:alert(1)"}]',
		"has errors: notes of entry 1 must be an address that begins with https:// or http://",
	],
	['[{"version": "1.8.0", "date": "tomorrow"}]', 'has errors: date of entry 1 must be a day, such as "2024-08-20"'],
])("%j is an error", (text, said) => {
	expect(() => parseDocument(text, name)).toThrow(new ControlError(`${name} ${said}`));
});

test("is fetched again only where it has changed", async () => {
	let tag = '"one"';
	const server = await TestServer.open((request, response) => {
		response.setHeader("etag", tag);
		if (request.headers["if-none-match"] === tag) {
			response.statusCode = 304;
			return response.end();
		}
		response.end(tag === '"one"' ? '["1.8.0"]' : '["1.8.0", "1.9.0"]');
	});
	const first = await fetchDocument(server.url, undefined, limits);
	expect(first).toEqual({ releases: [{ version: "1.8.0" }], etag: '"one"' });
	expect(await fetchDocument(server.url, first, limits)).toBe(first);
	tag = '"two"';
	expect(await fetchDocument(server.url, first, limits)).toMatchObject({ releases: [{}, {}], etag: '"two"' });
});

test("a server without tags is asked by the date", async () => {
	const modified = "Tue, 20 Aug 2024 10:00:00 GMT";
	const server = await TestServer.open((request, response) => {
		response.setHeader("last-modified", modified);
		response.statusCode = request.headers["if-modified-since"] === modified ? 304 : 200;
		response.end(response.statusCode === 304 ? undefined : '["1.8.0"]');
	});
	const first = await fetchDocument(server.url, undefined, limits);
	expect(await fetchDocument(server.url, first, limits)).toBe(first);
	expect(server.asked).toHaveLength(2);
});

test.each([
	["status 404", 404, "answers with status 404"],
	["a 304 that nobody asked for", 304, "answers with status 304"],
])("%s is an error that shows the address, and nothing that may be a secret", async (_, status, said) => {
	const server = await TestServer.open((_request, response) => {
		response.statusCode = status;
		response.end();
	});
	await expect(fetchDocument(`${server.url}/v.json?token=hunter2`, undefined, limits)).rejects.toThrow(
		new ControlError(
			`the document at versions.url (${server.url}/v.json) ${said}. Check the address, and open it with curl on this machine`,
		),
	);
});

test("a huge one is left", async () => {
	const server = await TestServer.open((_, response) => response.end(`["${"1".repeat(20_000)}"]`));
	await expect(fetchDocument(server.url, undefined, { ...limits, bytes: 10_000 })).rejects.toThrow(
		"sends more than 10,000 bytes",
	);
});

test("a thousand who ask for one address cost one fetch, and another address another", async () => {
	const server = await TestServer.open((_, response) => response.end('["1.8.0"]'));
	const [a, b] = [`${server.url}/${randomUUID()}`, `${server.url}/${randomUUID()}`];
	const all = await Promise.all(Array.from({ length: 1000 }, () => documentReleases(a)));
	expect(new Set(all).size).toBe(1);
	await documentReleases(a);
	expect(server.asked).toHaveLength(1);
	await documentReleases(b);
	expect(server.asked).toHaveLength(2);
});
