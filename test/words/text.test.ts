import { expect, test } from "vitest";
import { count, duration, list, moment, oneLine, quoted, withFullStop } from "../../src/words/text";

test.each([
	[[], ""],
	[["a"], "a"],
	[["a", "b"], "a and b"],
	[["a", "b", "c"], "a, b and c"],
	[["a", "b", "c", "d", "e", "f"], "a, b, c, d, e and f"],
	[["a", "b", "c", "d", "e", "f", "g", "h"], "a, b, c, d, e and 3 more"],
])("list(%j)", (items, expected) => expect(list(items)).toBe(expected));

test.each([
	["one\n  two\r\n\tthree ", "one two three"],
	["\u001b[31mred\u001b[0m", "[31mred [0m"],
	["\u202eback\u0000", "back"],
	["x".repeat(500), `${"x".repeat(397)}...`],
])("oneLine(%j)", (text, expected) => expect(oneLine(text)).toBe(expected));

test.each([
	["1.8", '"1.8"'],
	["a\nb", '"a\\nb"'],
	['"', '"\\""'],
	["\u0000\u0085\u202e", '"\\u0000\\u{85}\\u{202e}"'],
	["x".repeat(41), `"${"x".repeat(37)}..."`],
	["🙂".repeat(41), `"${"🙂".repeat(37)}..."`],
])("quoted(%j)", (text, expected) => expect(quoted(text)).toBe(expected));

test.each([
	["it exits", "it exits."],
	["it exits.", "it exits."],
	['last words: "Code: 1000"', 'last words: "Code: 1000".'],
])("ended(%j)", (clause, expected) => expect(withFullStop(clause)).toBe(expected));

test.each([
	[0, "no queries"],
	[1, "1 query"],
	[3, "3 queries"],
])("count(%j)", (number, expected) => expect(count(number, "query", "queries")).toBe(expected));

test.each([
	[0, "0 s"],
	[0.42, "0.4 s"],
	[6, "6 s"],
	[9.96, "10 s"],
	[14.4, "14 s"],
	[119.6, "2 min 0 s"],
	[125, "2 min 5 s"],
])("duration(%j)", (seconds, expected) => expect(duration(seconds)).toBe(expected));

test.each([
	["2026-11-28T01:00:00Z", "Europe/Berlin", "Sat 2026-11-28 02:00 (Europe/Berlin)"],
	["2026-07-28T22:30:00.000Z", "Asia/Kolkata", "Wed 2026-07-29 04:00 (Asia/Kolkata)"],
	["2026-01-01T00:00:00Z", "UTC", "Thu 2026-01-01 00:00 (UTC)"],
])("moment(%s, %s)", (iso, timeZone, expected) => expect(moment(iso, timeZone)).toBe(expected));
