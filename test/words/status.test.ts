import { expect, test } from "vitest";
import {
	type ClusterStatus,
	headings,
	noClustersText,
	outText,
	progressBar,
	pulumiProblems,
	recordedText,
	remarks,
	row,
	sightingText,
	statusElsewhereText,
	watchTexts,
} from "../../src/words/status";
import { creation, v } from "../build";
import { golden } from "./golden";

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
const nothing = { versions: [], latest: undefined, updateAvailable: undefined, state: "Unknown", replicas: [] };
const next = { command: "pulumi up --stack dev" };
const scaled = [{ where: "StatefulSet analytics-0", replicas: 1, wanted: 2 }];
const stopped = { ...status, scaled, unfinished: { from, to, since }, next };
const underWay = { ...status, unfinished: { from, to, since, by: "ann@build-7, process 4711" }, next: undefined };
const progress = { cluster: "a", from, to, done: 1, of: 2, seconds: 14 };

const line = (it: ClusterStatus, several = false) => row(it, several).join(" | ");
const below = (it: ClusterStatus) => remarks(it).join(" / ");

golden("status", {
	headings: headings(false).join(" | "),
	"headings of several stacks": headings(true).join(" | "),
	"a line": line(status),
	"a line of several stacks": line(status, true),
	"nothing is known": line({ ...status, ...nothing }),
	"an update stopped": line(stopped),
	"an update is under way": line(underWay),
	"remark: an update": below(status),
	"remark: a refused update": below({
		...status,
		refusals: [{ rule: "blocked-version", property: "version", reason: "1.8.0 is blocked in the catalogue." }],
	}),
	"remark: nothing": below({ ...status, next: undefined }),
	"remark: scaled": below({ ...status, scaled, next }),
	"remark: stopped": below(stopped),
	"remark: under way": below(underWay),
	"remark: a problem": below({ ...status, next: undefined, problem: "no route\nto host" }),
	"bar: version": progressBar(progress),
	"bar: settings": progressBar({ ...progress, from: to, done: 2 }),
	"bar: creation": progressBar({ ...progress, creates: true }),
	"bar: nothing": progressBar({ ...progress, done: 0, of: 0 }),
	"sighting: phase": sightingText("a", { replica: "a-0-1", phase: "pulling\nthe image" }),
	"sighting: serves": sightingText("a", { replica: "a-0-1", serves: "1.8.0", done: { done: 1, of: 2 } }),
	"sighting: serves something": sightingText("a", { replica: "a-0-1", serves: undefined }),
	"watch: waiting": watchTexts.waiting(["a", "b"]),
	"watch: began a change": watchTexts.began("a", { from: to, to, since }, "ann"),
	"watch: began a creation": watchTexts.began("a", creation("1.8.0"), "ann"),
	"watch: finished": watchTexts.finished("a", "1.8.0"),
	"watch: stopped": watchTexts.stopped("a", "1.8.0", true),
	"watch: ended": watchTexts.ended("a", "1.8.0", true),
	"watch: trying again": watchTexts.retrying("a", "no route\nto host"),
	"pulumi: missing": pulumiProblems.missing(),
	"pulumi: folder": pulumiProblems.folder("/x"),
	"pulumi: no project": pulumiProblems.noProject("/x"),
	"pulumi: not logged in": pulumiProblems.notLoggedIn(),
	"pulumi: no such stack": pulumiProblems.noStack("x"),
	"pulumi: no stack": pulumiProblems.noStack(undefined),
	"pulumi: passphrase": pulumiProblems.passphrase(),
	"pulumi: unreadable": pulumiProblems.unreadable(),
	"pulumi: other": pulumiProblems.other("no\nroute"),
	"no stacks": noClustersText([]),
	"no clusters": noClustersText(["a", "b"]),
	"no clusters in many stacks": noClustersText(Array.from({ length: 9 }, String)),
	recorded: recordedText,
	out: outText,
	"program elsewhere": statusElsewhereText("clusters"),
});

test("a line has a cell for each heading", () => {
	for (const several of [true, false]) expect(headings(several)).toHaveLength(row(status, several).length);
});
