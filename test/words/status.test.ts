import { expect, test } from "vitest";
import {
	type ClusterStatus,
	headings,
	noClustersText,
	progressBar,
	pulumiProblems,
	remarks,
	row,
	sightingText,
	watchTexts,
} from "../../src/words/status";
import { creation, v } from "../build";

const [from, to] = [v("1.7.1"), v("1.8.0")];
const since = "2026-11-23T10:00:00Z";
const status: ClusterStatus = {
	name: "analytics",
	project: "shop",
	stack: "dev",
	id: "kubernetes:db/analytics",
	platform: "kubernetes",
	versions: ["1.7.1"],
	latest: "1.8.0",
	updateAvailable: true,
	state: "Started",
	replicas: [
		{ name: "analytics-0-0", version: "1.7.1", serving: true },
		{ name: "analytics-0-1", version: "1.7.1", serving: false },
	],
	source: "live",
	next: { version: "1.8.0", command: "pulumi up --stack dev" },
};

test("a cluster is a line, which names the stack only among several", () => {
	expect(row(status, false)).toEqual(["analytics", "kubernetes", "1.7.1", "1.8.0", "available", "Started", "1 of 2"]);
	expect(row(status, true)[1]).toBe("dev");
	expect(headings(true)).toHaveLength(row(status, true).length);
	expect(headings(false)).toHaveLength(row(status, false).length);
});

test("what is not known is a question mark, and never a no", () => {
	const nothing = { versions: [], latest: undefined, updateAvailable: undefined, state: "Unknown", replicas: [] };
	expect(row({ ...status, ...nothing }, false)).toEqual(["analytics", "kubernetes", "?", "?", "?", "Unknown", "?"]);
});

test("what there is to do is one line, with the one command", () => {
	expect(remarks(status)).toEqual(["analytics: to update, set version to 1.8.0, then: pulumi up --stack dev"]);
	expect(remarks({ ...status, next: undefined })).toEqual([]);
	const scaled = [{ where: "StatefulSet analytics-0", replicas: 1, wanted: 2 }];
	expect(remarks({ ...status, scaled, next: { command: "pulumi up --stack dev" } })).toEqual([
		"analytics: StatefulSet analytics-0 asks for 1 replica, not 2. To set it back: pulumi up --stack dev",
	]);
	const stopped = { ...status, scaled, unfinished: { from, to, since }, next: { command: "pulumi up --stack dev" } };
	expect(remarks(stopped)).toEqual([
		"analytics: the update 1.7.1 -> 1.8.0, begun at 2026-11-23T10:00:00Z, stopped midway. To go on: pulumi up --stack dev",
	]);
	expect(row(stopped, false)[4]).toBe("unfinished");
	const goesOn = { ...status, unfinished: { from, to, since, by: "ann@build-7, process 4711" }, next: undefined };
	expect(remarks(goesOn)).toEqual([
		"analytics: the update 1.7.1 -> 1.8.0 is under way, by ann@build-7, process 4711. To see it: --watch",
	]);
	expect(row(goesOn, false)[4]).toBe("under way");
});

test("a problem is one line, whatever it quotes", () => {
	expect(remarks({ ...status, next: undefined, problem: "no route\nto host" })).toEqual([
		"analytics: no route to host.",
	]);
});

test("a bar is as long as what is done", () => {
	const progress = { cluster: "a", from, to, done: 1, of: 2, seconds: 14 };
	expect(progressBar(progress)).toBe("a 1.7.1 -> 1.8.0 [##########----------] 1 of 2 done, 14 s");
	expect(progressBar({ ...progress, from: to, done: 2 })).toBe(
		"a settings at 1.8.0 [####################] 2 of 2 done, 14 s",
	);
	expect(progressBar({ ...progress, creates: true })).toMatch(/^a creation at 1\.8\.0 \[/);
	expect(progressBar({ ...progress, done: 0, of: 0 })).toContain("[####################] 0 of 0");
});

test("what is seen of a replica is a line", () => {
	expect(sightingText("a", { replica: "a-0-1", phase: "pulling\nthe image" })).toBe("a: a-0-1: pulling the image");
	expect(sightingText("a", { replica: "a-0-1", serves: "1.8.0", done: { done: 1, of: 2 } })).toBe(
		"a: a-0-1 serves 1.8.0; 1 of 2 done",
	);
	expect(sightingText("a", { replica: "a-0-1", serves: undefined })).toBe(
		"a: a-0-1 serves a version that can't be told",
	);
	expect(watchTexts.began("a", { from: to, to, since }, "ann")).toBe(
		"a: a change of settings or size at 1.8.0 is under way, by ann",
	);
	expect(watchTexts.began("a", creation("1.8.0"), "ann")).toBe("a: the creation at 1.8.0 is under way, by ann");
	expect(watchTexts.stopped("a", "1.8.0", true)).toBe("a: the creation at 1.8.0 stopped midway");
	expect(watchTexts.ended("a", "1.8.0", true)).toBe("a: the creation at 1.8.0 has ended");
});

test("each problem with the CLI names the way out", () => {
	const all = [
		pulumiProblems.missing(),
		pulumiProblems.folder("/x"),
		pulumiProblems.noProject("/x"),
		pulumiProblems.notLoggedIn(),
		pulumiProblems.noStack("x"),
		pulumiProblems.noStack(undefined),
		pulumiProblems.passphrase(),
		pulumiProblems.unreadable(),
		noClustersText([]),
		noClustersText(["a", "b"]),
	];
	for (const text of all) expect(text).toMatch(/Install|Name|Go to|Run|set PULUMI|shows|Update/);
	expect(noClustersText(Array.from({ length: 9 }, String))).toContain("in 9 stacks");
});
