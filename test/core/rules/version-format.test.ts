import { expect, test } from "vitest";
import { known, unknown } from "../../../src/core/question";
import { decide } from "../../../src/core/rules";
import { flawOf } from "../../../src/core/rules/version-format";
import { ask, cluster, refusalOf, v } from "../../build";

test.each([
	["", { flaw: "empty" }],
	[" ", { flaw: "empty" }],
	["\n", { flaw: "empty" }],
	[" 1.8.0", { flaw: "blanks", meant: "1.8.0" }],
	["1.8.0\n", { flaw: "blanks", meant: "1.8.0" }],
	["\tv1.8.0 ", { flaw: "blanks", meant: "1.8.0" }],
	[" 1.8", { flaw: "blanks" }],
	["v1.8.0", { flaw: "prefix", meant: "1.8.0" }],
	["V0.9.2.0", { flaw: "prefix", meant: "0.9.2.0" }],
	["v01.8.0", { flaw: "prefix", meant: "1.8.0" }],
	["v1.8.0-rc1", { flaw: "suffix" }],
	["v1", { flaw: "suffix" }],
	["v1.8", { flaw: "suffix" }],
	["01.8.0", { flaw: "leading-zero", meant: "1.8.0" }],
	["1.08.00", { flaw: "leading-zero", meant: "1.8.0" }],
	["1.8", { flaw: "parts" }],
	["1", { flaw: "parts" }],
	["1.8.0.0.0", { flaw: "parts" }],
	["1.8.1234567890", { flaw: "too-long" }],
	["1.8.0-rc1", { flaw: "suffix" }],
	["1.8.0+build", { flaw: "suffix" }],
	["1.8.x", { flaw: "suffix" }],
	["1.8v.0", { flaw: "suffix" }],
	["10.8.0-rc1", { flaw: "suffix" }],
	["1.10.0-rc1", { flaw: "suffix" }],
	["db-1.8.0-rc1", { flaw: "other" }],
	["001.8.0", { flaw: "leading-zero", meant: "1.8.0" }],
	["1.8.123456789.0.0", { flaw: "parts" }],
	["1.8.0\n1.9.0", { flaw: "other" }],
	["latest!", { flaw: "other" }],
	["Latest", { flaw: "other" }],
	["vector", { flaw: "other" }],
	["1..8", { flaw: "other" }],
	["１.８.０", { flaw: "other" }],
	["undefined", { flaw: "other" }],
])("%j: %j", (text, expected) => {
	expect(flawOf(text, known([]))).toStrictEqual(expected);
	expect(decide(ask(cluster("1.7.1"), text))).toEqual([
		{ rule: "version-format", property: "version", target: text, ...expected },
	]);
});

test.each([
	["digits", "1".repeat(100_000), "too-long"],
	["zeros", "0".repeat(100_000), "too-long"],
	["letters", "a".repeat(100_000), "other"],
	["parts", "1.".repeat(100_000), "other"],
	["blanks", `1.8.0${" ".repeat(100_000)}`, "blanks"],
])("very many %s", (_, text, flaw) => expect(flawOf(text, known([]))).toMatchObject({ flaw }));

test("latest is refused where nobody knows which version it is", () => {
	expect(flawOf("latest", unknown("no route to host"))).toEqual({ flaw: "latest-unknown", why: "no route to host" });
	expect(flawOf("latest", known([]))).toEqual({ flaw: "latest-unknown" });
	const spelling = { image: "acme/db:v{version}", tag: "v1.8.0" };
	const elsewhere = known([{ version: v("1.8.0"), spelling }]);
	expect(flawOf("latest", elsewhere)).toEqual({ flaw: "latest-unknown", elsewhere: [spelling] });
});

test.each([undefined, null, 1.8, {}, []])("takes %j, which no text is", (value) => {
	const question = { ...ask(cluster("1.7.1"), ""), target: value as unknown as string };
	expect(refusalOf("version-format", question)).toMatchObject({ target: String(value) });
});

test.each(["1.8.0", "0.9.2.0", "0.10.11.0"])("accepts %s", (text) => {
	expect(refusalOf("version-format", ask(cluster("0.9.2.0"), text))).toBeUndefined();
});
