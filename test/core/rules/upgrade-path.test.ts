import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mayRunSideBySide } from "../../../src/core/engine";
import { known, unknown } from "../../../src/core/question";
import { decide } from "../../../src/core/rules";
import { ask, cluster, mark, refusalOf, releases } from "../../build";

const far = known(releases("1.7.1@23.3 2.0.0@24.8"));
const at = cluster("1.7.1 1.7.1");

test("versions that must not run side by side are refused", () => {
	expect(refusalOf("upgrade-path", ask(at, "2.0.0", { catalogue: far }))).toEqual({
		rule: "upgrade-path",
		property: "version",
		target: "2.0.0",
		replica: "analytics-0-0",
		running: "1.7.1",
		runningEngine: "23.3",
		targetEngine: "24.8",
		steppingStones: [],
		instead: ["2.0.0"],
		stopped: true,
	});
});

describe("passes", () => {
	test.each([
		["less than a year", at, "1.7.1@23.3 2.0.0@24.2"],
		["over a year, with one long-term release between", at, "1.7.1@23.8 2.0.0@24.8"],
		["an engine is not known", at, "1.7.1 2.0.0@24.8"],
		["the target's engine is not known", at, "1.7.1@23.3 2.0.0"],
		["what runs is not in the catalogue", at, "2.0.0@24.8"],
		["one server meets no other", cluster("1.7.1"), "1.7.1@23.3 2.0.0@24.8"],
		["stopped servers meet no other", cluster("1.7.1 1.7.1", { state: "Stopped" }), "1.7.1@23.3 2.0.0@24.8"],
		["all run it", cluster("2.0.0 2.0.0"), "1.7.1@23.3 2.0.0@24.8"],
		["what runs is newer", cluster("2.1.0 2.1.0"), "2.1.0@23.3 2.0.0@24.8"],
	] as const)("%s", (_, observed, text) => {
		expect(refusalOf("upgrade-path", ask(observed, "2.0.0", { catalogue: known(releases(text)) }))).toBeUndefined();
	});

	test("an unknown catalogue", () => {
		expect(refusalOf("upgrade-path", ask(at, "2.0.0", { catalogue: unknown("no route") }))).toBeUndefined();
	});
});

test.each([
	["an idle cluster is woken for it", cluster("1.7.1 1.7.1", { state: "Idle" })],
	["shards of one replica meet each other", cluster("1.7.1 / 1.7.1")],
	["one that lags behind counts", cluster("2.0.0 1.7.1")],
	[
		"one that lags behind in an unfinished update counts",
		cluster("2.0.0 1.7.1", { state: "Degraded", mark: mark("1.7.1", "2.0.0") }),
	],
])("%s", (_, observed) => {
	expect(refusalOf("upgrade-path", ask(observed, "2.0.0", { catalogue: far }))).toBeDefined();
});

describe("stepping stones", () => {
	test.each([
		["the fewest, the newest of each", at, "1.7.1@23.3 1.8.0@23.8 1.9.0@24.3 1.10.0@24.3 2.0.0@24.8", ["1.10.0"]],
		["several", at, "1.7.1@22.3 1.8.0@23.3 1.9.0@24.3 2.0.0@25.3", ["1.8.0", "1.9.0"]],
		["none that lead there", at, "1.7.1@22.3 1.8.0@22.8 2.0.0@24.8", []],
		["none whose engine is not known", at, "1.7.1@23.3 1.8.0 2.0.0@24.8", []],
		["none below what runs", cluster("1.7.1 1.8.5"), "1.7.1@23.3 1.8.0@24.3 1.8.5@23.3 2.0.0@24.8", []],
		[
			"none below the target of an unfinished update",
			cluster("1.7.1 1.7.1", { state: "Updating", mark: mark("1.7.1", "1.9.0") }),
			"1.7.1@23.3 1.8.0@24.3 1.9.0@22.3 2.0.0@24.8",
			[],
		],
		[
			"the target of an unfinished update itself",
			cluster("1.7.1 1.9.0", { state: "Updating", mark: mark("1.7.1", "1.9.0") }),
			"1.7.1@23.3 1.9.0@24.3 2.0.0@24.8",
			["1.9.0"],
		],
	] as const)("%s", (_, observed, text, expected) => {
		const refusal = refusalOf("upgrade-path", ask(observed, "2.0.0", { catalogue: known(releases(text)) }));
		expect(refusal?.steppingStones).toEqual(expected);
	});

	/** Versions 1.0.0 to 1.9.0 on engines in any order, and a cluster at some of them, perhaps halfway. */
	const engine = fc.tuple(fc.constantFrom(22, 23, 24, 25), fc.constantFrom(3, 8, 11)).map((parts) => parts.join("."));
	const release = fc.integer({ min: 1, max: 9 }).map((minor) => `1.${minor}.0`);
	const ways = fc.record({
		engines: fc.array(engine, { minLength: 10, maxLength: 10 }),
		running: fc.array(release, { minLength: 2, maxLength: 3 }),
		goal: fc.option(release, { nil: undefined }),
		target: release,
	});

	test("lead there, and none is refused", { timeout: 180_000 }, () => {
		let hops = 0;
		fc.assert(
			fc.property(ways, ({ engines, running, goal, target }) => {
				const catalogue = known(releases(engines.map((it, minor) => `1.${minor}.0@${it}`).join(" ")));
				const unfinished = goal === undefined ? {} : ({ state: "Updating", mark: mark("1.0.0", goal) } as const);
				const refusal = refusalOf("upgrade-path", ask(cluster(running.join(" "), unfinished), target, { catalogue }));
				let at = refusal?.running;
				for (const stone of refusal?.steppingStones ?? []) {
					hops++;
					const observed = cluster(at === refusal?.running ? running.join(" ") : `${at} ${at}`, unfinished);
					const rules = decide(ask(observed, stone, { catalogue, policy: "any" })).map(({ rule }) => rule);
					expect(rules).not.toContain("no-downgrade");
					expect(rules).not.toContain("unfinished-update");
					const engineOf = (version?: string) => engines[Number(version?.split(".")[1])];
					expect(mayRunSideBySide(engineOf(at), engineOf(stone))).toBe(true);
					at = stone;
				}
			}),
			{ numRuns: 3000 },
		);
		expect(hops).toBeGreaterThan(0);
	});
});

test("what is known of versions besides stands in where the catalogue does not tell an engine, or can't be read", () => {
	const observed = cluster("1.7.1 1.7.1");
	const besides = releases("1.7.1@23.3 2.0.0@24.8");
	for (const catalogue of [known(releases("2.0.0")), unknown("no route to host")]) {
		const refusal = refusalOf("upgrade-path", ask(observed, "2.0.0", { catalogue, known: besides }));
		expect(refusal).toMatchObject({ runningEngine: "23.3", targetEngine: "24.8" });
		expect(refusalOf("upgrade-path", ask(observed, "2.0.0", { catalogue }))).toBeUndefined();
	}
	// The catalogue knows better.
	const own = known(releases("1.7.1@24.3 2.0.0"));
	expect(refusalOf("upgrade-path", ask(observed, "2.0.0", { catalogue: own, known: besides }))).toBeUndefined();
});

test("a ClickHouse version needs nobody to tell its engine", () => {
	const catalogue = known(releases("23.3.22.3 24.3.18.7 24.8.14.39"));
	const refusal = refusalOf("upgrade-path", ask(cluster("23.3.22.3 23.3.22.3"), "24.8.14.39", { catalogue }));
	expect(refusal).toMatchObject({ runningEngine: "23.3.22.3", steppingStones: ["24.3.18.7"] });
});
