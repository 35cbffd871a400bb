import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fetchDocument, parseDocument } from "../../src/catalogue/document";
import { ControlError } from "../../src/control/errors";
import { findImage, readTags } from "../../src/remote/registry";
import { imageReleases } from "../../src/remote/tag-versions";
import { hostileTexts, oddValues } from "./misuse";
import { expectReadable } from "./said";

const headerText = fc
	.oneof(fc.constantFrom(...hostileTexts), fc.string())
	.map((text) => text.replace(/[^\x20-\x7e]/g, "?"));
const body = fc.oneof(
	fc.constantFrom(
		"",
		"null",
		"[]",
		"{",
		"<html>",
		"\u0000",
		`${"[".repeat(50_000)}${"]".repeat(50_000)}`,
		...hostileTexts,
	),
	fc.array(fc.oneof(oddValues, fc.constantFrom("1.8.0", "1.9.0")), { maxLength: 5 }).map((tags) => {
		try {
			return JSON.stringify({ tags, token: tags[0], expires_in: tags[1] });
		} catch {
			return "[".repeat(50_000);
		}
	}),
	fc.string({ unit: "binary" }),
);
const answers = fc.record({
	status: fc.constantFrom(200, 200, 200, 301, 401, 403, 404, 429, 500),
	body,
	headers: fc.dictionary(
		fc.constantFrom("link", "location", "www-authenticate", "docker-content-digest", "retry-after", "etag"),
		fc.oneof(
			headerText,
			fc.constantFrom(
				...[
					'<http://[>; rel="next"',
					'</v2/?last=a>; rel="next"',
					"http://[",
					"//",
					"https://127.0.0.1:1/x",
					"ftp://x",
				],
				...['Bearer realm="http://127.0.0.1:9/t"', 'Bearer realm="::"', "Basic", "sha256:x\u00ff", "9999999999"],
			),
		),
	),
});

/** One server that gives these answers in turn, without end. */
function answering(all: readonly { status: number; body: string; headers: Record<string, string> }[]) {
	let count = 0;
	vi.stubGlobal("fetch", async (_: URL, init: RequestInit) => {
		// As the real one does, with all that it says of a header that can't be sent.
		new Request("http://127.0.0.1/", init);
		const { status, body: text, headers } = all[count++ % all.length] ?? { status: 200, body: "", headers: {} };
		return new Response([204, 304].includes(status) ? null : text, { status, headers });
	});
}
afterEach(() => vi.unstubAllGlobals());

const limits = { milliseconds: 1000, bytes: 1 << 20, tries: 2, pause: 0, patience: 0 };

async function endsInWords(call: () => Promise<unknown>): Promise<unknown> {
	try {
		return await call();
	} catch (error) {
		expect(error).toBeInstanceOf(ControlError);
		expect((error as Error).message.length).toBeLessThan(1500);
		return undefined;
	}
}

describe("a registry", () => {
	test("whatever it answers, its tags and digests are names that can be part of an address, or there is one error", async () => {
		let run = 0;
		await fc.assert(
			fc.asyncProperty(fc.array(answers, { minLength: 1, maxLength: 4 }), async (all) => {
				answering(all);
				const of = { registry: "127.0.0.1:9", repository: `db${run++}` };
				const tags = (await endsInWords(() => readTags(of, limits))) as string[] | undefined;
				for (const tag of tags ?? []) expect(tag).toMatch(/^\w[\w.-]{0,127}$/);
				const found = await endsInWords(() => findImage({ ...of, tag: "1.8.0" }));
				if (typeof found === "object")
					expect((found as { digest?: string }).digest ?? "a:b").toMatch(/^[\w+.-]+:[\w.=-]+$/);
			}),
			{ numRuns: 200 },
		);
	});

	test("a page with more tags than a call can take arguments is read", async () => {
		const tags = Array.from({ length: 300_000 }, (_, index) => `1.${index}.0`);
		answering([{ status: 200, body: JSON.stringify({ tags }), headers: {} }]);
		expect(await readTags({ registry: "127.0.0.1:9", repository: "many" })).toHaveLength(300_000);
	});

	test("a list of tags without an end is one error", async () => {
		answering([
			{ status: 200, body: JSON.stringify({ tags: ["1.8.0"] }), headers: { link: '</x?last=1>; rel="next"' } },
		]);
		const endless = readTags({ registry: "127.0.0.1:9", repository: "endless" }, limits);
		await expect(endless).rejects.toThrow("the registry 127.0.0.1:9 does not end its list of tags within ");
	});

	test("a token that no header can hold is repeated nowhere", async () => {
		answering([
			{ status: 401, body: "", headers: { "www-authenticate": 'Bearer realm="http://127.0.0.1:9/t"' } },
			{ status: 200, body: JSON.stringify({ token: "hunter2\nX: y" }), headers: {} },
		]);
		const error = await readTags({ registry: "127.0.0.1:9", repository: "token" }, limits).catch(
			(it: Error) => it.message,
		);
		expect(JSON.stringify(error)).not.toContain("hunter2");
	});

	test("a repository of 20,000 versions is read in one pass", async () => {
		const tags = Array.from({ length: 20_000 }, (_, index) => `1.${index}.0`);
		answering([{ status: 200, body: JSON.stringify({ tags }), headers: {} }]);
		expect(await imageReleases({ image: "127.0.0.1:9/wide" })).toHaveLength(20_000);
	});
});

describe("a document of versions", () => {
	test("whatever is in it, it is versions, or one error", async () => {
		const texts = fc.oneof(
			body,
			fc.array(fc.record({ version: oddValues, engine: oddValues, blocked: oddValues })).map((list) => {
				try {
					return JSON.stringify(list);
				} catch {
					return "[";
				}
			}),
		);
		await fc.assert(
			fc.asyncProperty(texts, async (text) => {
				await endsInWords(async () => parseDocument(text, "the document"));
			}),
			{ numRuns: 600 },
		);
	});

	test("more versions than any product has are one error", () => {
		const many = (count: number) => Array.from({ length: count }, (_, index) => `1.${index}.0`);
		expect(parseDocument(JSON.stringify(many(20_000)), "it")).toHaveLength(20_000);
		for (const text of [JSON.stringify(many(20_001)), many(20_001).join("\n")])
			expect(() => parseDocument(text, "it")).toThrow("it lists more than 20,000 versions: leave out the old ones");
	});

	test("an address that is none, to which it leads, is one error", async () => {
		answering([{ status: 301, body: "", headers: { location: "http://[" } }]);
		const error = await fetchDocument("https://example.com/v.json?token=hunter2", undefined, limits).catch(
			(it: Error) => it.message,
		);
		expect(error).toMatch(
			/^the document at versions\.url \(https:\/\/example\.com\/v\.json\) redirects to an address that is not a valid URL\./,
		);
		expectReadable(String(error));
	});
});
