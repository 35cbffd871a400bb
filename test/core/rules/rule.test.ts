import { expect, test } from "vitest";
import { chosenBefore, mayResume } from "../../../src/core/rules/rule";
import { states } from "../../../src/core/state";
import { cluster, creation, mark, v } from "../../build";

test("an unfinished update of ours goes on from Updating and Degraded", () => {
	const resumable = (marked: boolean) =>
		states.filter((state) => mayResume(cluster("1.7.1", { state, ...(marked && { mark: mark("1.7.1", "1.8.0") }) })));
	expect(resumable(true)).toEqual(["Updating", "Degraded"]);
	expect(resumable(false)).toEqual([]);
});

test("an unfinished creation goes on from Starting and Degraded", () => {
	const of = (state: (typeof states)[number]) => mayResume(cluster("1.7.1", { state, mark: creation("1.7.1") }));
	expect(states.filter(of)).toEqual(["Starting", "Degraded"]);
});

const notOpened = { "0-1": { serving: false, openedBy: v("1.8.0") } };

test.each([
	["all run it", cluster("1.8.0 1.8.0.0"), true],
	["one does not", cluster("1.8.0 1.7.1"), false],
	["of one it is not known", cluster("1.8.0 ?"), false],
	["an unfinished update goes to it", cluster("1.7.1 1.7.1", { mark: mark("1.7.1", "1.8.0.0") }), true],
	["an unfinished update goes elsewhere", cluster("1.7.1 1.7.1", { mark: mark("1.7.1", "1.9.0") }), false],
	["one was asked to start another, and did not", cluster("1.8.0 1.9.0", { but: notOpened }), true],
	[
		"one was noted while stopped",
		cluster("1.8.0", { state: "Stopped", but: { "0-0": { openedBy: v("1.7.1") } } }),
		true,
	],
	["there is none", { ...cluster("1.8.0"), replicas: [] }, false],
])("chosenBefore: %s", (_, observed, expected) => expect(chosenBefore(observed, v("1.8.0"))).toBe(expected));
