import { expect, test } from "vitest";
import { clickHouseRelease, knownReleases, withKnown } from "../../src/catalogue/known";
import { isLink, shapes } from "../../src/catalogue/release";
import { known } from "../../src/core/question";
import { compareVersions, parseVersion } from "../../src/core/version";
import { ask, cluster, refusalOf, releases, v } from "../build";

test("what is known is in order, once each, with an engine, a day and a source that can be opened", () => {
	for (const [index, { version, engine = "", date = "", notes = "" }] of knownReleases.entries()) {
		expect(parseVersion(version)).toBe(version);
		expect(engine).toMatch(shapes.engine);
		expect(date).toMatch(shapes.date);
		expect(isLink(notes)).toBe(true);
		const before = knownReleases[index - 1];
		if (before !== undefined) {
			expect(compareVersions(before.version, version)).toBeLessThan(0);
			expect((before.date ?? "") <= date).toBe(true);
		}
	}
});

test("the address of a page is one that a browser opens, and short enough for a message", () => {
	for (const text of ["http://a.b", `https://a.b/${"x".repeat(2000)}`]) expect(isLink(text)).toBe(true);
	for (const text of ["a.b", "ftp://a.b", "javascript:1", `https://a.b/${"x".repeat(2048)}`])
		expect(isLink(text)).toBe(false);
});

test("with it, the change of engine between 1.9.0 and 2.0.0 is refused though nobody gave an engine", () => {
	const catalogue = known(releases("1.9.0 2.0.0"));
	const question = ask(cluster("1.9.0 1.9.0"), "2.0.0", { catalogue, known: knownReleases });
	expect(refusalOf("upgrade-path", question)).toMatchObject({ runningEngine: "23.3", targetEngine: "24.8" });
	expect(refusalOf("upgrade-path", { ...question, target: "1.9.0" })).toBeUndefined();
});

test("what the catalogue says goes before what is known", () => {
	expect(withKnown(releases("1.8.0@24.1 1.8.5"))).toEqual([
		{ ...knownReleases.find(({ version }) => version === "1.8.0"), engine: "24.1" },
		{ version: "1.8.5" },
	]);
	expect(withKnown([{ version: v("1.8.0.0"), notes: "https://a.b" }])).toMatchObject([
		{ version: "1.8.0.0", notes: "https://a.b", engine: "23.3", date: "2024-09-24" },
	]);
});

test.each([
	["v24.8.4.13-lts", "24.8.4.13"],
	["v25.12.9.61-stable", "25.12.9.61"],
])("%s is a ClickHouse release with its notes", (tag, version) => {
	const notes = `https://github.com/ClickHouse/ClickHouse/releases/tag/${tag}`;
	expect(clickHouseRelease(tag)).toEqual({ version, engine: version, notes });
});

test.each(["v24.8.1.1-testing", "v20.1.2.4-prestable", "24.8.4.13-lts", "v24.8.4-lts", "latest", ""])(
	"%j is none",
	(tag) => expect(clickHouseRelease(tag)).toBeUndefined(),
);
