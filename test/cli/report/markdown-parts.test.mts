import fc from "fast-check";
import { marked, type Token } from "marked";
import { describe, expect, test } from "vitest";
import { code, fitting, link, table, text } from "../../../src/cli/report/markdown-parts.ts";

/** The text that a reader sees, and the kinds of all that is not plain text. */
function read(markdown: string): { seen: string; kinds: string[] } {
	const kinds: string[] = [];
	const seen = (tokens: readonly Token[]): string =>
		tokens
			.map((token) => {
				if (token.type !== "text" && token.type !== "escape") kinds.push(token.type);
				if ("tokens" in token && token.tokens !== undefined) return seen(token.tokens);
				return token.type === "text" || token.type === "escape" || token.type === "codespan" ? token.text : "";
			})
			.join("");
	return { seen: seen(marked.lexer(markdown)), kinds };
}

const unescaped = (seen: string) =>
	seen.replace(/\u200b/g, "").replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name as "lt"]);
const plain = (words: string) => words.replace(/[\s\p{C}]+/gu, " ").trim();
const nasty = fc.oneof(
	fc.string({ unit: "binary" }),
	fc
		.array(
			fc.constantFrom(
				..."`*_[]()<>|~$@#!&\\-+.:/{}\"'\n",
				"![x](http://evil)",
				"<img src=x>",
				"</details>",
				"<!-- pulumi-dbcluster: test/test -->",
				"@ann",
				"o/r#1",
				"GH-1",
				"https://evil.example",
				"www.evil.example",
				"```",
				"a",
				" ",
			),
			{ maxLength: 12 },
		)
		.map((parts) => parts.join("")),
);

describe("somebody else's words", () => {
	test("are seen as they are, and are no Markdown, HTML or link", () => {
		fc.assert(
			fc.property(nasty, (words) => {
				const { seen, kinds } = read(`so: ${text(words)}`);
				expect(plain(unescaped(seen))).toBe(plain(`so: ${words}`));
				expect(kinds).toEqual(["paragraph"]);
			}),
		);
	});

	test("stay in their cell of a table", () => {
		fc.assert(
			fc.property(nasty, nasty, (first, second) => {
				const [token] = marked.lexer(table(["a", "b"], [[text(first), text(second)]]));
				const { rows } = token as Extract<Token, { type: "table" }>;
				expect(rows).toHaveLength(1);
				expect(rows[0]?.map((cell: { text: string }) => plain(unescaped(read(`x${cell.text}`).seen)))).toEqual(
					[first, second].map((words) => plain(`x${plain(words)}`)),
				);
			}),
		);
	});

	test("ping nobody and refer to nothing", () => {
		fc.assert(fc.property(nasty, (words) => !/[@#][\w]|GH-\d/i.test(text(words))));
		expect(text("by @ann in o/r#12, GH-7")).toBe("by @\u200bann in o/r#\u200b12, GH\u200b-7");
	});

	test("end somewhere", () => {
		expect(text("x".repeat(5000)).length).toBe(1500);
	});

	test("are easy to read where nothing is wrong with them", () => {
		expect(text('1.7.1 is older than 1.8.0: set version to 1.8.0, or "latest".')).toBe(
			'1.7.1 is older than 1.8.0: set version to 1.8.0, or "latest".',
		);
	});
});

describe("a name as code", () => {
	test("is what it is", () => {
		expect(code("analytics-0")).toBe("`analytics-0`");
		expect(code("a`b|@ann")).toBe("<code>a\\`b\\|@\u200bann</code>");
	});

	test("lets nothing out, whatever is in it", () => {
		fc.assert(
			fc.property(nasty, (name) => {
				const { kinds } = read(`x ${code(name)}`);
				// The tags are ours: one that opens and one that closes.
				expect(["codespan", "html,html"]).toContain(kinds.filter((kind) => kind !== "paragraph").join());
			}),
		);
	});
});

test("a link leads where it says", () => {
	const { kinds } = read(link("1.8.0", "https://example.com/a_(b)?c=<d>"));
	expect(kinds).toEqual(["paragraph", "link"]);
	expect(link("1.8.0", "https://example.com/a b")).toBe("[1.8.0](<https://example.com/a%20b>)");
});

test("as many pieces as have room, from the first on", () => {
	fc.assert(
		fc.property(fc.array(fc.string()), fc.nat(200), (pieces, room) => {
			const { kept, left } = fitting(pieces, room);
			expect(kept).toEqual(pieces.slice(0, pieces.length - left));
			expect(kept.join("\n\n").length).toBeLessThanOrEqual(room);
			const next = pieces[kept.length];
			if (next !== undefined) expect(kept.join("\n\n").length + next.length + 4).toBeGreaterThan(room);
		}),
	);
});
