import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTimeline } from "../../src/cli/timeline";
import { drawTimeline } from "../../src/cli/timeline-svg";
import type { Timeline } from "../../src/roll/timeline";
import { v } from "../build";

const [from, to] = [v("1.7.1"), v("1.8.0")];

function timeline(change: Partial<Timeline> = {}): Timeline {
	return {
		format: 1,
		cluster: "analytics",
		platform: "kubernetes",
		from,
		to,
		started: "2026-11-23T10:00:00.000Z",
		seconds: 10,
		outcome: "finished",
		writesNeed: "one",
		replicas: [
			{ name: "analytics-0-0", shard: 0, intervals: [{ from: 0, to: 10, is: "serving", version: from }] },
			{
				name: "analytics-0-1",
				shard: 0,
				intervals: [
					{ from: 0, to: 1, is: "serving", version: from },
					{ from: 1, to: 2, is: "draining" },
					{ from: 2, to: 3, is: "down" },
					{ from: 3, to: 8, is: "starting", doing: "pulling the image" },
					{ from: 8, to: 10, is: "serving", version: to },
				],
			},
		],
		available: [{ at: 0, reads: true, writes: true }],
		...change,
	};
}

/** The texts of a picture, and a check that its elements open and close in order and nothing in them is left unescaped. */
function read(picture: string): string[] {
	const open: string[] = [];
	const texts: string[] = [];
	let end = 0;
	for (const match of picture.matchAll(/<(\/?)([a-z]+)((?: [a-zA-Z:-]+="[^"<&]*")*)(\/?)>/g)) {
		const [whole, closing, name = "", , empty] = match;
		const between = picture.slice(end, match.index);
		expect(between).not.toMatch(/[<>]/);
		expect(between.replace(/&(amp|lt|gt|quot|apos);/g, "")).not.toContain("&");
		if (between.trim() !== "") texts.push(between.trim());
		end = match.index + whole.length;
		if (closing) expect(open.pop()).toBe(name);
		else if (!empty) open.push(name);
	}
	expect(open).toEqual([]);
	expect(picture.slice(end)).toBe("\n");
	return texts;
}

describe("the picture of a timeline", () => {
	test("names itself, its lanes, its times and its colours", () => {
		const texts = read(drawTimeline(timeline()));
		for (const text of [
			"analytics on kubernetes: 1.7.1 -&gt; 1.8.0, finished after 10 s",
			"analytics-0-1 did not serve for 7 s (from 1 s to 8 s after the start); reads were available throughout; writes were available throughout.",
			"analytics-0-0",
			"analytics-0-1",
			"reads",
			"writes",
			"0 s",
			"8 s",
			"serves 1.7.1",
			"serves 1.8.0",
			"draining",
			"pulling the image",
			"analytics-0-1: starting (pulling the image) for 5 s (from 3 s to 8 s after the start)",
		])
			expect(texts).toContain(text);
		expect(texts).not.toContain("not available");
	});

	test("tells where and why it stopped, and how long clients went without", () => {
		const texts = read(
			drawTimeline(
				timeline({
					outcome: "stopped",
					stop: { replica: "analytics-0-1", why: "failed" },
					available: [
						{ at: 0, reads: true, writes: true },
						{ at: 1, reads: true, writes: false },
					],
				}),
			),
		);
		expect(texts).toContain("analytics on kubernetes: 1.7.1 -&gt; 1.8.0, stopped at analytics-0-1 after 10 s");
		expect(texts).toContain("analytics-0-1 did not start");
		expect(texts).toContain("not available");
		expect(texts.join()).toContain("writes were not available for 9 s.");
	});

	test("is well-formed, and its texts are texts, whatever the names and times", () => {
		const name = fc.string({ unit: "binary", maxLength: 60 });
		const seconds = fc.double({ min: 0, max: 1e6, noNaN: true });
		fc.assert(
			fc.property(name, name, name, seconds, (cluster, replica, doing, end) => {
				const intervals = [{ from: 0, to: end, is: "starting", doing } as const];
				const picture = drawTimeline(
					timeline({ cluster, seconds: end, replicas: [{ name: replica, shard: 0, intervals }] }),
				);
				read(picture);
				expect(picture).not.toMatch(/NaN|Infinity|undefined/);
				expect(picture).not.toMatch(/[^\P{Cc}\n]/u);
			}),
		);
	});

	test("shows those that were touched where there are too many, and tells how many it leaves out", () => {
		const serving = [{ from: 0, to: 10, is: "serving", version: to } as const];
		const quiet = Array.from({ length: 100 }, (_, n) => ({ name: `a-${n}-0`, shard: n, intervals: serving }));
		const texts = read(drawTimeline(timeline({ replicas: [...quiet, ...timeline().replicas] })));
		expect(texts).toContain("analytics-0-1");
		expect(texts).toContain("38 replicas are not shown");
	});
});

describe("a timeline that is read", () => {
	let folder: string;
	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), "dbc-timeline-"));
	});
	afterAll(() => rmSync(folder, { recursive: true, force: true }));
	const file = (text: string) => {
		const path = join(folder, "t.json");
		writeFileSync(path, text);
		return path;
	};

	test("is what was written", () => {
		expect(readTimeline(file(JSON.stringify(timeline())))).toEqual(timeline());
	});

	test("may have fields of a later release", () => {
		expect(readTimeline(file(JSON.stringify({ ...timeline(), more: 1 })))).toEqual(timeline());
	});

	test.each([
		["{", "is not a timeline of pulumi-dbcluster: it is not JSON."],
		["null", "is not a timeline of pulumi-dbcluster: the whole:"],
		[
			'{"format":2}',
			"is a timeline of format 2, which this version of pulumi-dbcluster does not know. Update pulumi-dbcluster.",
		],
		[JSON.stringify({ ...timeline(), to: "new" }), "is not a timeline of pulumi-dbcluster: to: expected a DB version."],
	])("%s is refused with the reason", (text, reason) => {
		expect(() => readTimeline(file(text))).toThrow(`t.json ${reason}`);
	});

	test("that is not there names the file", () => {
		expect(() => readTimeline(join(folder, "none.json"))).toThrow(/none\.json can't be read: ENOENT/);
	});
});
