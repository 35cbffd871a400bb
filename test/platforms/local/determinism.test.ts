import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { classify } from "../../../src/platforms/local/statement";
import { Bench, type Installed, libraries } from "./bench";

/** Not deterministic in the engine's terms, and yet the same on every replica: by the data, the statement or the settings. */
const same = [
	/^(dictGet|dictHas|dictIsIn|joinGet|hasColumnInTable|timeSeries|arrayPartial(Reverse)?Sort)/,
	/^(current|default|enabled)(Profiles|Roles|User|Schemas|Database)$|^current_(database|schemas|user)$|^(user|session_user|authUser|authenticatedUser|DATABASE|SCHEMA)$/,
	/^(timezone|timeZone|serverTimezone|serverTimeZone)$/,
	/^(arrayJoin|unnest|isConstant|toColumnTypeName|dumpColumnStructure|__applyFilter|financialNetPresentValueExtended)$/,
];

describe.each(Object.keys(libraries) as Installed[])("of what engine %s knows", (version) => {
	let bench: Bench;
	beforeAll(async () => {
		bench = new Bench();
		await bench.start(version);
	});
	afterAll(() => bench.close());
	const list = async (sql: string) => (await bench.value(sql)).split("\n").filter((name) => name !== "");
	const refused = (sql: string) => classify(sql).kind === "refused";

	it("every function that differs by replica is refused in writes", async () => {
		const names = await list("SELECT name FROM system.functions WHERE deterministic = 0 AND NOT is_aggregate");
		expect(names.length === 0).toBe(false);
		const missed = names.filter(
			(name) => !same.some((known) => known.test(name)) && !refused(`INSERT INTO t SELECT ${name}()`),
		);
		expect(missed).toEqual([]);
	});

	it("every table function that reads from outside, or other rows on each replica, is refused in writes", async () => {
		const allowed =
			/^(numbers|numbers_mt|zeros|zeros_mt|primes|values|SQLStandardValues|generateSeries|generate_series|null|view|viewIfPermitted|viewExplain|merge|dictionary|loop)$/;
		const names = await list("SELECT name FROM system.table_functions");
		const missed = names.filter((name) => !allowed.test(name) && !refused(`INSERT INTO t SELECT * FROM ${name}('x')`));
		expect(missed).toEqual([]);
		const here = /^(fuzz|generateRandom|input$|mergeTree|prometheusQuery|timeSeries)/;
		const read = names.filter(
			(name) => !allowed.test(name) && !here.test(name) && !refused(`SELECT * FROM ${name}('x')`),
		);
		expect(read).toEqual([]);
	});

	it("every table engine that would not keep rows on all replicas is refused", async () => {
		const names = await list("SELECT name FROM system.table_engines");
		const taken = names.filter((name) => !refused(`CREATE TABLE t (a Int8) ENGINE = ${name} ORDER BY a`));
		expect(taken.sort()).toEqual(
			["", "Aggregating", "Coalescing", "Collapsing", "Graphite", "Replacing", "Summing", "VersionedCollapsing"]
				.map((kind) => `${kind}MergeTree`)
				.concat("Dictionary", "Merge", "Null")
				.sort(),
		);
	});
});
