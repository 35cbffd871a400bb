import { expect, test } from "vitest";
import { listed, outcomeOf, type Rehearsal, rehearsalPolicies, unrehearsed } from "../../src/core/rehearsal";
import { v } from "../build";

const at = "2026-11-28T10:00:00.000Z";
const day = 24 * 3_600_000;
const exits = { cause: "exits", words: "no" } as const;
const of = (more: Partial<Rehearsal> = {}): Rehearsal => ({
	at,
	from: v("1.7.1"),
	to: v("1.8.0"),
	about: "0",
	places: [{ name: "a node", replicas: ["a-0-0"] }],
	...more,
});
const tables = (refused: number) => ({
	loaded: 3,
	refused: listed(Array.from({ length: refused }, (_, n) => ({ name: `t${n}`, reason: "no" }))),
	notCreated: listed([{ name: "old", reason: "no" }]),
	skipped: 1,
});
const failing = { planned: 0, failing: listed([{ hash: "1", error: "x" }]), skipped: 0 };
const settings = { unknown: listed(["x"]), defaults: listed([{ name: "y", from: "0", to: "1" }]) };

test.each<[string, Partial<Rehearsal>, ReturnType<typeof outcomeOf>]>([
	["starts", {}, "passed"],
	["settings and queries refuse nothing", { tables: tables(0), settings, queries: failing }, "passed"],
	["a table that does not load", { tables: tables(1) }, "failed"],
	["no server", { failure: exits }, "failed"],
	[
		"one node of two",
		{
			places: [
				{ name: "a", replicas: [] },
				{ name: "b", replicas: [], failure: exits },
			],
		},
		"failed",
	],
	["one node", { places: [{ name: "a", replicas: [], failure: exits }] }, "failed"],
	["not tried", { places: [], leftOut: "no right" }, "left-out"],
])("what a rehearsal comes to: %s", (_, more, outcome) => expect(outcomeOf(of(more))).toBe(outcome));

test("lists the first and counts all", () => {
	const { first, count } = listed(Array.from({ length: 5000 }, (_, n) => n));
	expect([first.length, count]).toEqual([20, 5000]);
});

test.each<[string, Rehearsal | undefined, number, string, ReturnType<typeof unrehearsed>]>([
	["none", undefined, 0, "1.8.0", "none"],
	["of another version", of(), 0, "1.9.0", "none"],
	["of the same in another spelling", of(), 0, "1.8.0.0", undefined],
	["passed", of(), day - 1, "1.8.0", undefined],
	["expired", of(), day, "1.8.0", "expired"],
	["failed", of({ failure: exits }), 0, "1.8.0", "failed"],
	["left out", of({ leftOut: "x" }), 0, "1.8.0", "left-out"],
])("whether an update may rely on it: %s", (_, rehearsal, age, to, why) =>
	expect(unrehearsed(rehearsal, v(to), Date.parse(at) + age)).toBe(why),
);

test("there are three policies, of which the first is the default", () => {
	expect(rehearsalPolicies).toEqual(["before", "required", "off"]);
});
