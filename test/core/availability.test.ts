import { describe, expect, test } from "vitest";
import { availability, problemOf, servesAt } from "../../src/core/availability";
import type { ObservedReplica } from "../../src/core/cluster";
import { cluster, v } from "../build";

const one = (but: Partial<ObservedReplica>) => cluster("1.8.0", { but: { "0-0": but } }).replicas[0] as ObservedReplica;

describe("problemOf and servesAt", () => {
	test.each([
		// replica, its problem, does it serve 1.8.0
		["as it should be", {}, undefined, true],
		["down", { serving: false }, "down", false],
		["down and read-only when last asked", { serving: false, readOnly: true }, "down", false],
		["read-only", { readOnly: true }, "read-only", false],
		["read-only and behind", { readOnly: true, caughtUp: false }, "read-only", false],
		["behind", { caughtUp: false }, "behind", false],
		[
			"without an answer to whether it is behind or read-only",
			{ caughtUp: undefined, readOnly: undefined },
			undefined,
			true,
		],
		["without its new settings", { outdated: true }, undefined, false],
		["at another version", { version: v("1.7.1") }, undefined, false],
		["at a version that nobody knows", { version: undefined }, undefined, false],
		["opened by a later version than it runs", { openedBy: v("1.9.0") }, undefined, true],
	] as const)("%s", (_, but, problem, serves) => {
		expect([problemOf(one(but)), servesAt(one(but), v("1.8.0"))]).toEqual([problem, serves]);
	});

	test("no version is served by nobody", () => expect(servesAt(one({}), undefined)).toBe(false));
});

describe("availability", () => {
	const up = { serving: true, readOnly: false };
	const down = { serving: false, readOnly: undefined };
	const readOnly = { serving: true, readOnly: true };
	const notKnown = { serving: true, readOnly: undefined };

	test.each([
		// shards, reads, writes that need one, writes that need all
		["all up", [[up, up]], true, true, true],
		["one down", [[up, down]], true, true, false],
		["one read-only", [[up, readOnly]], true, true, false],
		["all read-only", [[readOnly, readOnly]], true, false, false],
		["not known to be read-only", [[notKnown]], true, true, true],
		["all down", [[down, down]], false, false, false],
		["one shard down", [[up], [down]], false, false, false],
		["a shard without members", [[up], []], false, false, false],
	] as const)("%s", (_, shards, reads, one, all) => {
		expect(availability(shards, "one")).toEqual({ reads, writes: one });
		expect(availability(shards, "all")).toEqual({ reads, writes: all });
	});
});
