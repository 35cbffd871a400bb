import fc from "fast-check";
import { expect, test } from "vitest";
import { harmless, harmlessJson, visible } from "../../src/core/visible";

const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const texts = fc.string({
	unit: fc.oneof(fc.string({ unit: "binary", minLength: 1 }), fc.constantFrom(..."<{%\n\t\u001b")),
});

test("writes out what acts where it is printed", () => {
	expect(visible("a\u009b2J\u202eb\n")).toBe("a\\u{9b}2J\\u{202e}b\\u{a}");
	expect(harmless("\u001b[31mred\n\tand <{%bold%}>")).toBe(" [31mred\n\tand < {%bold%}>");
	expect(harmlessJson({ name: "\u009b2J" })).toBe('{\n  "name": "\\u009b2J"\n}');
});

test("leaves nothing that acts, whatever it is given", () => {
	fc.assert(
		fc.property(texts, (text) => {
			expect(visible(text)).not.toMatch(acting);
			const safe = harmless(text);
			expect(safe.replace(/[\n\t]/g, "")).not.toMatch(acting);
			expect(safe).not.toContain("<{%");
			const json = harmlessJson({ [text]: text });
			expect(json.replaceAll("\n", "")).not.toMatch(acting);
			expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ [text]: text })));
		}),
	);
});

test("a sign of two halves is written as JSON writes both", () => {
	expect(harmlessJson("\u{e0001}")).toBe('"\\udb40\\udc01"');
	expect(JSON.parse(harmlessJson("\u{e0001}"))).toBe("\u{e0001}");
});
