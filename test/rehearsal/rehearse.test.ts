import { expect, test } from "vitest";
import { PlatformError } from "../../src/control/errors";
import { type SqlServer, type Started, type Trial, TrialEnded } from "../../src/control/trial";
import type { Rehearsal } from "../../src/core/rehearsal";
import { rehearsing } from "../../src/rehearsal/rehearse";
import { v } from "../build";
import { ScriptedServer } from "./server";

const now = Date.parse("2026-11-29T00:00:00Z");
const hour = 3_600_000;
const of = { from: v("1.7.1"), to: v("1.8.0"), queries: 200, now };
const places = [{ name: "node", replicas: ["db-0-0"] }];

/** A cluster with one table. */
const clusterOf = (digest = "1") =>
	new ScriptedServer((sql) => {
		if (sql.includes("AS digest")) return [{ digest }];
		if (!sql.includes("create_table_query AS statement")) return undefined;
		return [{ database: "d", name: "t", engine: "Log", statement: "CREATE TABLE d.t (x Int8) ENGINE = Log" }];
	});

/** A place for a trial, which counts how often it is started. */
function place(started: Partial<Started> = {}, trial: Partial<Trial> = {}) {
	const its = { starts: 0 };
	const start = async () => {
		its.starts++;
		return { places, server: new ScriptedServer(), ...started };
	};
	return Object.assign(its, { trial: { artifact: "image@sha256:1", cluster: clusterOf(), start, ...trial } });
}

async function rehearsed(): Promise<Rehearsal> {
	const found = await rehearsing(of)(place().trial, undefined);
	if (found === undefined) throw new Error("nothing was tried");
	return found;
}

test("finds out what is recorded", async () => {
	expect(await rehearsed()).toEqual({
		at: "2026-11-29T00:00:00.000Z",
		from: "1.7.1",
		to: "1.8.0",
		about: expect.stringMatching(/^[0-9a-f]{32}$/),
		places,
		tables: { loaded: 1, refused: { count: 0, first: [] }, notCreated: { count: 0, first: [] }, skipped: 0 },
		settings: { unknown: { count: 0, first: [] }, defaults: { count: 0, first: [] } },
	});
});

test("does not repeat what passed, is about the same, and is younger than a day", async () => {
	const last = await rehearsed();
	const there = place();
	expect(await rehearsing({ ...of, now: now + 23 * hour })(there.trial, last)).toBeUndefined();
	expect(there.starts).toBe(0);
});

test.each<[string, Partial<typeof of> & { readonly again?: boolean }, Partial<Trial>, Partial<Rehearsal>]>([
	["asked to", { again: true }, {}, {}],
	["a day is over", { now: now + 24 * hour }, {}, {}],
	["it is another version", { to: v("1.9.0") }, {}, {}],
	["it is another image", {}, { artifact: "image@sha256:2" }, {}],
	["the tables or settings changed", {}, { cluster: clusterOf("2") }, {}],
	["it failed", {}, {}, { failure: { cause: "exits", words: "exits" } }],
	["it was left out", {}, {}, { leftOut: "no right" }],
])("repeats it if %s", async (_, differs, trial, last) => {
	const there = place({}, trial);
	const found = await rehearsing({ ...of, ...differs })(there.trial, { ...(await rehearsed()), ...last });
	expect(found).toBeDefined();
	expect(there.starts).toBe(1);
});

test.each<[string, Partial<Started>, Partial<Trial>, object]>([
	[
		"no server started",
		{ server: undefined, failure: { cause: "exits", words: "exits" } },
		{},
		{ failure: { cause: "exits" } },
	],
	["its tables can't be tried", { server: undefined, tablesLeftOut: "Code: 516" }, {}, { tablesLeftOut: "Code: 516" }],
	[
		"it can't be tried",
		{ server: undefined, places: [], leftOut: "no right" },
		{},
		{ leftOut: "no right", places: [] },
	],
	["no replica serves", {}, { cluster: undefined }, { places }],
])("tries only the start if %s", async (_, started, trial, expected) => {
	const found = await rehearsing(of)(place(started, trial).trial, undefined);
	expect(found).toMatchObject(expected);
	expect(found).not.toHaveProperty("tables");
});

test("tries only the start of the version that runs", async () => {
	const found = await rehearsing({ ...of, to: v("1.7.1.0") })(place().trial, undefined);
	expect(found).toMatchObject({ places });
	expect(found).not.toHaveProperty("tables");
});

test("a server that ends while it loads tables is the version's failure", async () => {
	const failure = { cause: "memory", words: "was killed" } as const;
	const server: SqlServer = { rows: async () => [], run: () => Promise.reject(new TrialEnded(failure)) };
	const found = await rehearsing(of)(place({ server }).trial, undefined);
	expect(found).toMatchObject({ failure, places });
	expect(found).not.toHaveProperty("tables");
});

test("of a platform that fails in between nothing is known", async () => {
	const server: SqlServer = { rows: async () => [], run: () => Promise.reject(new PlatformError("gone")) };
	await expect(rehearsing(of)(place({ server }).trial, undefined)).rejects.toThrow("gone");
});
