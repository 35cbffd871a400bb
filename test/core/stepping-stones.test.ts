import { expect, test } from "vitest";
import { gapTo, steppingStones } from "../../src/core/stepping-stones";
import { cluster, releases, v } from "../build";

const stones = (running: string, catalogue: string) =>
	steppingStones(cluster(running), v("2.0.0"), { catalogue: releases(catalogue) });

test.each([
	["none where there is no gap", "1.7.1 1.7.1", "1.7.1@24.3 1.8.0@24.3 2.0.0@24.8", []],
	["the newest that works beside what runs", "1.7.1 1.7.1", "1.7.1@23.3 1.8.0@23.8 1.9.0@24.3 2.0.0@24.8", ["1.9.0"]],
	["several", "1.7.1 1.7.1", "1.7.1@22.3 1.8.0@23.3 1.9.0@24.3 2.0.0@25.3", ["1.8.0", "1.9.0"]],
	["the first works beside every replica", "1.7.1 1.6.0", "1.6.0@24.8 1.7.1@23.3 1.8.0@23.8 1.9.0@24.3 2.0.0@25.8", []],
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
