import { expect, test } from "vitest";
import {
	countsText,
	desiredTexts,
	estimateText,
	leftOutText,
	reportAvailableText,
	reportElsewhereText,
	unreadableText,
	verdicts,
	versionsText,
	words,
} from "../../src/words/report";
import { golden } from "./golden";

const last = { from: "1.7.0", to: "1.7.1", day: "2026-11-20", seconds: 14.33, replicas: 2, out: [5.8, 6.24] } as const;
const { columns, ...sentences } = words;

golden("report", {
	verdicts: Object.fromEntries(
		Object.entries(verdicts).map(([verdict, { sign, says }]) => [verdict, `${sign} ${says}`]),
	),
	columns,
	words: sentences,
	desiredState: desiredTexts,
	"counts, the most urgent first": countsText(["unchanged", "updated", "refused", "unchanged"]),
	"counts of none": countsText([]),
	"another version": versionsText("1.7.1", "1.8.0"),
	"the same version": versionsText("1.8.0", "1.8.0"),
	"from an unknown version": versionsText(undefined, "1.8.0"),
	"to an unknown version": versionsText("1.7.1", undefined),
	"no version": versionsText(undefined, undefined),
	"an estimate by as many replicas": estimateText(last, 2),
	"a measurement of other replicas": estimateText({ ...last, to: "1.7.0", replicas: 1, out: [6, 6] }, 4),
	"an error elsewhere": reportElsewhereText([], 1),
	"errors elsewhere": reportElsewhereText(["bucket", "topic"], 3),
	"one left out": leftOutText(1),
	"several left out": leftOutText(12),
	available: reportAvailableText("1.8.0"),
	"no file": unreadableText("preview.json", "no such file"),
});

test("the last update is an estimate where the number of replicas is not known", () => {
	expect(estimateText(last, undefined)).toBe(estimateText(last, 2));
});
