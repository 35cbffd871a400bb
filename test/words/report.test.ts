import { expect, test } from "vitest";
import {
	availableText,
	countsText,
	elsewhereText,
	estimateText,
	leftOutText,
	unreadableText,
	versionsText,
} from "../../src/words/report";

test("counts what was found, the most urgent first", () => {
	expect(countsText(["unchanged", "updated", "refused", "unchanged"])).toBe(
		"1 refused, 1 will be updated, 2 unchanged",
	);
	expect(countsText([])).toBeUndefined();
});

test.each([
	["1.7.1", "1.8.0", "1.7.1 → 1.8.0"],
	["1.8.0", "1.8.0", "1.8.0"],
	[undefined, "1.8.0", "1.8.0"],
	["1.7.1", undefined, "1.7.1"],
	[undefined, undefined, ""],
])("from %s to %s: %s", (from, to, text) => {
	expect(versionsText(from, to)).toBe(text);
});

const last = { from: "1.7.0", to: "1.7.1", day: "2026-11-20", seconds: 14.33, replicas: 2, out: [5.8, 6.24] } as const;

test("the last update is an estimate where it had as many replicas", () => {
	expect(estimateText(last, 2)).toBe(
		"about 14 s, if it goes like the last one (from 1.7.0 to 1.7.1 on 2026-11-20, 2 replicas, each out for 5.8 s to 6.2 s)",
	);
	expect(estimateText(last, undefined)).toBe(estimateText(last, 2));
});

test("the last update is a measurement and no more where it had others", () => {
	expect(estimateText({ ...last, to: "1.7.0", replicas: 1, out: [6, 6] }, 4)).toBe(
		"the last one took 14 s (of the settings at 1.7.0 on 2026-11-20, 1 replica, each out for 6 s)",
	);
});

test("errors about something else are counted, and their places named", () => {
	expect(elsewhereText([], 1)).toBe("1 error is not about a database cluster.");
	expect(elsewhereText(["bucket", "topic"], 3)).toBe("3 errors are not about a database cluster (bucket and topic).");
});

test("says of the rest that there is more", () => {
	expect(leftOutText(1)).toBe("1 more cluster has no room here.");
	expect(leftOutText(12)).toBe("12 more clusters have no room here.");
	expect(availableText("1.8.0")).toBe("1.8.0 is available");
	expect(unreadableText("preview.json", "no such file")).toBe("preview.json can't be read: no such file");
});
