import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mayRunSideBySide } from "../../../src/core/engine";
import { known, unknown } from "../../../src/core/question";
import { decide, versionRules } from "../../../src/core/rules";
import { upgradePath } from "../../../src/core/rules/upgrade-path";
import { ask, cluster, mark, refusalOf, releases, unread, v } from "../../build";

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
		blocked: fc.subarray(Array.from({ length: 10 }, (_, minor) => minor)),
		policy: fc.constantFrom("latest", "any"),
	});

	test("lead there: no rule about versions refuses any, nor the end, from the one before", { timeout: 180_000 }, () => {
		let hops = 0;
		let ends = 0;
		fc.assert(
			fc.property(ways, ({ engines, running, goal, target, blocked, policy }) => {
				const listed = releases(engines.map((it, minor) => `1.${minor}.0@${it}`).join(" "));
				const catalogue = known(
					listed.map((it, at) => (blocked.includes(at) ? { ...it, blocked: true as const } : it)),
				);
				const unfinished = goal === undefined ? {} : ({ state: "Updating", mark: mark("1.0.0", goal) } as const);
				let observed = cluster(running.join(" "), unfinished);
				const refusal = refusalOf("upgrade-path", ask(observed, target, { catalogue, policy }));
				const stones = refusal?.steppingStones ?? [];
				if (stones.length > 0) ends++;
				let at = refusal?.running;
				for (const version of stones.length > 0 ? [...stones, target] : []) {
					hops++;
					expect(decide(ask(observed, version, { catalogue, policy }), versionRules)).toEqual([]);
					const engineOf = (version?: string) => engines[Number(version?.split(".")[1])];
					expect(mayRunSideBySide(engineOf(at), engineOf(version))).toBe(true);
					observed = cluster(`${version} ${version}`);
					at = v(version);
				}
			}),
			{ numRuns: 3000 },
		);
		expect(hops).toBeGreaterThan(ends);
		expect(ends).toBeGreaterThan(0);
	});

	test.each([
		["blocked", "1.7.1@23.3 1.9.0@24.3 2.0.0@24.8", "any", ["2.0.0"]],
		["in no catalogue", "1.7.1@23.3 1.9.0@24.3", "any", []],
		["not the latest", "1.7.1@23.3 1.9.0@24.3 2.0.0@24.8 2.1.0@24.8", "latest", []],
	] as const)("end in no version that is refused itself: %s", (_, text, policy, blocked) => {
		const listed = releases(text).map((it) =>
			(blocked as readonly string[]).includes(it.version) ? { ...it, blocked: true as const } : it,
		);
		const question = ask(at, "2.0.0", { catalogue: known(listed), policy, known: releases("2.0.0@24.8") });
		expect(refusalOf("upgrade-path", question)).toMatchObject({ steppingStones: [], instead: ["1.9.0"] });
	});
});

describe("a version that is not listed has at least the engine of the nearest lower one that is", () => {
	test.each([
		["the target", "1.7.1", "2.0.1", "1.7.1@23.3 2.0.0@24.8", { targetEngine: "24.8", targetLike: "2.0.0" }],
		["far beyond", "1.7.1", "9.0.0", "1.7.1@23.3 2.0.0@24.8", { targetEngine: "24.8", targetLike: "2.0.0" }],
		["what runs", "1.9.1", "2.0.0", "1.9.0@23.3 2.0.0@24.8", { runningEngine: "23.3", runningLike: "1.9.0" }],
		["of more than one", "1.7.1", "2.0.1", "1.7.1@23.3 1.9.0@23.8 2.0.0@24.8 2.1.0@25.3", { targetLike: "2.0.0" }],
	] as const)("%s", (_, runs, target, besides, expected) => {
		const more = { known: releases(besides), policy: "any" } as const;
		const refusal = refusalOf("upgrade-path", ask(cluster(`${runs} ${runs}`), target, more));
		expect(refusal).toMatchObject(expected);
		const single = ask(cluster(runs), target, more);
		expect(refusalOf("upgrade-path", single)).toBeUndefined();
	});

	test.each([
		["the same engine on both sides", "1.8.0", "1.8.5", "1.8.0@23.3 2.0.0@24.8"],
		["both are like the same", "1.8.1", "1.8.2", "1.8.0@23.3 2.0.0@24.8"],
		["a lower one tells nothing of an engine that is newer already", "1.7.1", "1.8.5", "1.7.1@25.3 1.8.0@23.3"],
		["there is no lower one", "1.5.0", "1.6.0", "1.7.1@24.8"],
	])("passes: %s", (_, runs, target, besides) => {
		const question = ask(cluster(`${runs} ${runs}`), target, { known: releases(besides) });
		expect(refusalOf("upgrade-path", question)).toBeUndefined();
	});

	test("is no stepping stone: its engine may be a later one", () => {
		const catalogue = known(releases("1.7.1@23.3 1.9.0@24.3 1.9.1 2.0.0@24.8"));
		const refusal = refusalOf("upgrade-path", ask(at, "2.0.0", { catalogue }));
		expect(refusal).toMatchObject({ steppingStones: ["1.9.0"] });
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

test("is silent where the target is no version, or the cluster can't be read", () => {
	expect(unread(upgradePath, ask(at, "2.0.0", { catalogue: far }))).toEqual({ asked: 1, noVersion: [], noCluster: [] });
});

test("the target itself passes once the cluster is stopped, though a later one does as well", () => {
	const catalogue = known(releases("1.7.1@23.3 2.0.0@24.8 2.1.0@24.8"));
	expect(refusalOf("upgrade-path", ask(at, "2.0.0", { catalogue, policy: "any" }))).toMatchObject({
		instead: ["2.0.0"],
		stopped: true,
	});
});
