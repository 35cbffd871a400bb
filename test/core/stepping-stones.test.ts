import { describe, expect, test } from "vitest";
import { gapTo, steppingStones, unlistedFor } from "../../src/core/stepping-stones";
import { cluster, mark, releases, v } from "../build";

const stones = (running: string, catalogue: string) =>
	steppingStones(cluster(running), v("2.0.0"), { catalogue: releases(catalogue) });

test.each([
	["none where there is no gap", "1.7.1 1.7.1", "1.7.1@24.3 1.8.0@24.3 2.0.0@24.8", []],
	["the newest that works beside what runs", "1.7.1 1.7.1", "1.7.1@23.3 1.8.0@23.8 1.9.0@24.3 2.0.0@24.8", ["1.9.0"]],
	["several", "1.7.1 1.7.1", "1.7.1@22.3 1.8.0@23.3 1.9.0@24.3 2.0.0@25.3", ["1.8.0", "1.9.0"]],
	["the first works beside every replica", "1.7.1 1.6.0", "1.6.0@24.8 1.7.1@23.3 1.8.0@23.8 1.9.0@24.3 2.0.0@25.8", []],
	["none below what some replicas run", "1.7.1 1.8.5", "1.7.1@23.3 1.8.0@24.3 2.0.0@24.8", []],
	["none beyond the end", "1.7.1 1.7.1", "1.7.1@23.3 1.9.0@24.3 2.0.0@24.8 3.0.0@24.3", ["1.9.0"]],
	[
		"none whose engine is only taken from a lower one",
		"1.7.1 1.7.1",
		"1.7.1@23.3 1.8.0@24.3 1.9.0 2.0.0@24.8",
		["1.8.0"],
	],
	["what some replicas run already", "1.7.1 1.8.0", "1.7.1@23.3 1.8.0@24.3 2.0.0@24.8", ["1.8.0"]],
])("%s", (_, running, catalogue, expected) => expect(stones(running, catalogue)).toEqual(expected));

test("a gap is told by the lowest version that must not work beside the target", () => {
	const catalogue = releases("1.6.0@23.3 1.7.1@23.3 2.0.0@24.8");
	expect(gapTo(cluster("1.7.1 1.6.0"), v("2.0.0"), { catalogue })).toEqual({
		replica: "analytics-0-1",
		running: "1.6.0",
		runningEngine: "23.3",
		targetEngine: "24.8",
	});
});

describe("what is unknown of two engines", () => {
	const known = releases("1.7.1@23.3 1.9.0@23.3 2.0.0@24.8 2.1.0@24.8");
	const unlisted = (running: string, target: string) => unlistedFor(cluster(running), v(target), { known });

	test.each([
		["of the target, beyond the last that is listed", "2.1.0 2.1.0", "3.0.0", "3.0.0", "24.8", "2.1.0"],
		["of the target, between two that are far apart", "1.9.0 1.9.0", "1.9.1", "1.9.1", "23.3", "1.9.0"],
		["of the target before that of what runs", "2.1.1 2.1.1", "2.1.2", "2.1.2", "24.8", "2.1.0"],
		["of what runs", "1.6.0 1.6.0", "1.9.0", "1.6.0", undefined, undefined],
		["of either", "1.5.0 1.5.0", "1.6.0", "1.6.0", undefined, undefined],
	])("%s", (_, running, target, version, engine, like) => {
		expect(unlisted(running, target)).toEqual({ version, ...(engine !== undefined && { engine, like }) });
	});

	test.each([
		["both are listed", "1.7.1 1.7.1", "1.9.0"],
		["all between have the same", "1.7.1 1.7.1", "1.8.2"],
		["what runs is not listed, and any that it may have is near enough", "2.0.1 2.0.1", "2.1.0"],
		["all run it", "3.0.0 3.0.0", "3.0.0"],
		["one server meets no other", "2.1.0", "3.0.0"],
	])("nothing: %s", (_, running, target) => expect(unlisted(running, target)).toBeUndefined());

	test("nothing of a stopped cluster", () => {
		expect(unlistedFor(cluster("2.1.0 2.1.0", { state: "Stopped" }), v("3.0.0"), { known })).toBeUndefined();
	});
});

test("what is known besides the catalogue counts each time", () => {
	const [observed, catalogue] = [cluster("1.7.1 1.7.1"), releases("1.7.1 1.8.0 2.0.0")];
	const far = releases("1.7.1@23.3 1.8.0@24.3 2.0.0@24.8");
	const near = releases("1.7.1@24.3 1.8.0@24.3 2.0.0@24.8");
	const found = [far, near, far].map((known) => steppingStones(observed, v("2.0.0"), { catalogue, known }));
	expect(found).toEqual([["1.8.0"], [], ["1.8.0"]]);
});

test("there is none where no catalogue can be read", () => {
	const known = releases("1.7.1@23.3 1.8.0@24.3 2.0.0@24.8");
	expect(steppingStones(cluster("1.7.1 1.7.1"), v("2.0.0"), { known })).toEqual([]);
});

test("no stone is below the target of an unfinished update", () => {
	const unfinished = cluster("1.7.1 1.7.1", { state: "Updating", mark: mark("1.7.1", "1.9.0") });
	const catalogue = releases("1.7.1@23.3 1.8.0@24.3 2.0.0@24.8");
	expect(steppingStones(unfinished, v("2.0.0"), { catalogue })).toEqual([]);
});

describe("a gap", () => {
	const gap = (running: string, text: string) => gapTo(cluster(running), v("2.0.0"), { catalogue: releases(text) });

	test("is told of the engines that are taken from lower versions", () => {
		expect(gap("1.7.2 1.7.2", "1.7.1@22.3 1.9.0@24.8")).toEqual({
			replica: "analytics-0-0",
			running: "1.7.2",
			runningEngine: "22.3",
			runningLike: "1.7.1",
			targetEngine: "24.8",
			targetLike: "1.9.0",
		});
	});

	test("is there for an older engine that is listed, and not for one that is at least as old as a lower version's", () => {
		expect(gap("1.7.1 1.7.1", "1.7.1@24.8 2.0.0@22.3")).toMatchObject({ runningEngine: "24.8", targetEngine: "22.3" });
		expect(gap("1.7.1 1.7.1", "1.7.1@24.8 1.8.0@22.3")).toBeUndefined();
	});

	test("is told by those whose version is known", () => {
		expect(gap("? 1.7.1", "1.7.1@23.3 2.0.0@24.8")).toMatchObject({ replica: "analytics-0-1" });
	});
});
