import { describe, expect, it, test } from "vitest";
import type { HeldTable, Holdings } from "../../src/core/holdings";
import { type Before, digestOf, holdAll, type Missing, missingFrom } from "../../src/roll/missing-tables";

const table = (name: string, more: Partial<HeldTable> = {}): HeldTable => ({
	database: "default",
	name,
	engine: "ReplicatedMergeTree",
	path: `/${name}`,
	...more,
});
const log = (rows: number): HeldTable => ({ database: "default", name: "log", engine: "Log", rows });
const holds = (...tables: HeldTable[]): Holdings => ({ tables });
const [a, b] = [table("a"), table("b")];

describe("the digest of what a replica holds", () => {
	it("is the same in whatever order the tables come, and however many rows they have", () => {
		expect(digestOf(holds(a, log(1)))).toEqual(digestOf(holds(log(7), a)));
		expect(digestOf(holds(a, b))).toMatchObject({ tables: 2, digest: expect.stringMatching(/^[0-9a-f]{32}$/) });
	});

	test.each([
		["a name", table("c")],
		["a database", table("b", { database: "other" })],
		["an engine", table("b", { engine: "ReplicatedReplacingMergeTree" })],
		["a path", table("b", { path: "/elsewhere" })],
		["no path", { database: "default", name: "b", engine: "ReplicatedMergeTree" }],
	])("changes with %s", (_, other) => {
		expect(digestOf(holds(a, other)).digest).not.toBe(digestOf(holds(a, b)).digest);
	});

	it("stays what earlier releases stored with a cluster", () => {
		const { digest } = digestOf(holds(a, b, log(1)));
		expect(digest).toBe("84b567f43a6d32fe795fbd41775b55d4");
	});

	it("leaves out what differs on purpose, and keeps which tables those were", () => {
		const digest = digestOf(holds(a, log(1)), ["default.log"]);
		expect(digest).toEqual({ ...digestOf(holds(a)), localTables: ["default.log"] });
		expect(digestOf(holds(a), [])).not.toHaveProperty("localTables");
	});

	it("keeps who else held all of it", () => {
		const others = [
			{ name: "a-0-0", holds: holds(b, a) },
			{ name: "a-0-2", holds: holds(a) },
		];
		expect(holdAll(holds(a, b), others)).toEqual(["a-0-0"]);
		expect(digestOf(holds(a, b), [], ["a-0-0"])).toEqual({ ...digestOf(holds(a, b)), others: ["a-0-0"] });
	});

	it("is small of thousands of tables", () => {
		const many = holds(...Array.from({ length: 10_000 }, (_, index) => table(`t${index}`)));
		expect(JSON.stringify(digestOf(many)).length).toBeLessThan(100);
	});
});

describe("what a replica lacks", () => {
	const peer = (...tables: HeldTable[]) => [{ name: "a-0-0", holds: holds(...tables) }];
	const nobody: ReturnType<typeof peer> = [];
	type Case = [string, Holdings, Before, typeof nobody, Missing | undefined];

	test.each<Case>([
		["nothing known of it", holds(), {}, nobody, undefined],
		["all that it had", holds(a, b), { holds: holds(a, b) }, nobody, undefined],
		["more than it had", holds(a, b), { holds: holds(a) }, peer(a), undefined],
		["a table less than it had", holds(a), { holds: holds(a, b) }, nobody, { tables: ["default.b"], count: 1 }],
		[
			"a table less than it had, which another has",
			holds(a),
			{ holds: holds(a, b) },
			peer(a, b),
			{ tables: ["default.b"], count: 1, elsewhere: "a-0-0" },
		],
		["a table that only another has", holds(a), {}, peer(b), { tables: ["default.b"], count: 1, elsewhere: "a-0-0" }],
		[
			"a table of the same name under another path",
			holds(table("a", { path: "/fresh" })),
			{ holds: holds(a) },
			nobody,
			{ tables: ["default.a"], count: 1 },
		],
		[
			"a table less than it and another had, which nobody has any more",
			holds(a),
			{ holds: holds(a, b), theirs: peer(a, b) },
			peer(a),
			undefined,
		],
		[
			"a table that it and another had, as it was before both created it again",
			holds(table("a", { path: "/fresh" })),
			{ holds: holds(a), theirs: peer(a) },
			peer(table("a", { path: "/fresh" })),
			undefined,
		],
		[
			"a table less than it had, and another never had it",
			holds(a),
			{ holds: holds(a, b), theirs: peer(a) },
			peer(a),
			{ tables: ["default.b"], count: 1 },
		],
		[
			"a table less than it and another had that does not answer any more",
			holds(a),
			{ holds: holds(a, b), theirs: peer(a, b) },
			[{ name: "a-0-2", holds: holds(a) }],
			{ tables: ["default.b"], count: 1 },
		],
		["fewer rows of its own", holds(log(2)), { holds: holds(log(3)) }, nobody, { tables: ["default.log"], count: 1 }],
		["more rows of its own", holds(log(4)), { holds: holds(log(3)) }, nobody, undefined],
		[
			"rows that end with each restart",
			holds({ ...log(0), engine: "Memory" }),
			{ holds: holds({ ...log(3), engine: "Memory" }) },
			nobody,
			undefined,
		],
		[
			"fewer than an earlier process counted",
			holds(),
			{ digest: digestOf(holds(a, b)) },
			nobody,
			{ tables: [], count: 2 },
		],
		["others, as many as were counted", holds(a, table("c")), { digest: digestOf(holds(a, b)) }, nobody, undefined],
		["as many as were counted, more now", holds(a, b), { digest: digestOf(holds(a)) }, nobody, undefined],
		[
			"fewer than were counted, and one that had all of them answers",
			holds(a),
			{ digest: digestOf(holds(a, b), [], ["a-0-0"]) },
			peer(a),
			undefined,
		],
		[
			"fewer than were counted, and none that had all of them answers",
			holds(a),
			{ digest: digestOf(holds(a, b), [], ["a-0-2"]) },
			peer(a),
			{ tables: [], count: 1 },
		],
		[
			"fewer than were counted, of which others name some",
			holds(),
			{ digest: digestOf(holds(a, b)) },
			peer(a),
			{ tables: ["default.a"], count: 2, elsewhere: "a-0-0" },
		],
	])("%s", (_, now, before, others, missing) => {
		expect(missingFrom(now, before, others)).toStrictEqual(missing);
	});

	it("names the first five, sorted, and counts all", () => {
		const many = ["g", "f", "e", "d", "c", "b", "a"].map((name) => table(name));
		expect(missingFrom(holds(), { holds: holds(...many) }, nobody)).toEqual({
			tables: ["a", "b", "c", "d", "e"].map((name) => `default.${name}`),
			count: 7,
		});
	});

	it("is nothing of tables that differ on purpose, by their name or their database", () => {
		for (const local of [["default.b"], ["default.*"]])
			expect(missingFrom(holds(), { holds: holds(b) }, peer(b), local)).toBeUndefined();
	});

	it("can't be told by a number that was counted of other tables", () => {
		expect(missingFrom(holds(a), { digest: digestOf(holds(a, b)) }, nobody, ["default.b"])).toBeUndefined();
	});
});
