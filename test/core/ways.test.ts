import { describe, expect, test } from "vitest";
import type { ObservedCluster } from "../../src/core/cluster";
import { known, type Question } from "../../src/core/question";
import type { Refusal } from "../../src/core/refusal";
import { decide, versionRules } from "../../src/core/rules";
import type { DbVersion } from "../../src/core/version";
import { type Instead, waysFrom } from "../../src/core/ways";
import { fc, questions } from "../arbitrary";
import { ask, cluster, mark, refusalOf, releases, v } from "../build";

const catalogue = releases("1.7.1 1.8.0 1.9.0 1.10.0");
const at = cluster("1.8.0 1.8.0");

describe("waysFrom", () => {
	const only = (...versions: string[]) => {
		return (version: DbVersion, { state }: ObservedCluster = at) =>
			versions.includes(state === "Stopped" ? `${version} stopped` : version);
	};

	test.each([
		["of the catalogue, nearest first", at, ["1.10.0", "1.9.0"], ["1.9.0", "1.10.0"]],
		["what runs, though the catalogue lacks it", cluster("1.8.5"), ["1.8.5", "1.9.0"], ["1.8.5", "1.9.0"]],
		["an unfinished update's", cluster("1.8.0", { mark: mark("1.8.0", "1.9.5") }), ["1.9.5"], ["1.9.5"]],
		["each once, as it runs", cluster("1.8.0.0"), ["1.8.0", "1.8.0.0"], ["1.8.0.0"]],
	])("now: %s", (_, cluster, passing, expected) => {
		expect(waysFrom({ cluster, catalogue }, only(...passing)).now()).toEqual(expected);
	});

	test.each([
		["the newest", undefined, 1, ["1.8.0", "1.9.0", "1.10.0"], { instead: ["1.10.0"] }],
		["of several, newest first", undefined, 2, ["1.8.0", "1.9.0", "1.10.0"], { instead: ["1.10.0", "1.9.0"] }],
		["none but later ones", "1.9.0", 3, ["1.8.0", "1.9.0", "1.10.0"], { instead: ["1.10.0"] }],
		[
			"what passes stopped, where nothing else does",
			"1.8.0",
			1,
			["1.8.0", "1.9.0 stopped"],
			{ instead: ["1.9.0"], stopped: true },
		],
		["not what passes stopped, where another does", undefined, 1, ["1.8.0", "1.9.0 stopped"], { instead: ["1.8.0"] }],
		["none where none passes", undefined, 1, [], { instead: [] }],
	] as const)("newest: %s", (_, beyond, most, passing, expected) => {
		const ways = waysFrom({ cluster: at, catalogue }, only(...passing));
		expect(ways.newest(beyond && v(beyond), most)).toEqual(expected);
	});

	test("newest: a deprecated version only where there is no other", () => {
		const deprecating = (...versions: string[]) =>
			catalogue.map((it) => (versions.includes(it.version) ? { ...it, deprecated: true as const } : it));
		const newest = (...versions: string[]) =>
			waysFrom({ cluster: at, catalogue: deprecating(...versions) }, only("1.9.0", "1.10.0")).newest().instead;
		expect(newest("1.10.0")).toEqual(["1.9.0"]);
		expect(newest("1.9.0", "1.10.0")).toEqual(["1.10.0"]);
	});

	test("a cluster with an unfinished update that can't go on can't be stopped first", () => {
		const unfinished = cluster("1.8.0 1.9.0", { state: "Updating", mark: mark("1.8.0", "1.9.0") });
		const stopped = (...passing: string[]) =>
			waysFrom({ cluster: unfinished, catalogue }, only(...passing)).onceStopped([v("1.10.0")]);
		expect(stopped("1.10.0 stopped")).toEqual([]);
		expect(stopped("1.9.0", "1.10.0 stopped")).toEqual(["1.10.0"]);
	});

	test("one that is stopped already, or is not known, has no way once it is stopped", () => {
		const all = () => true;
		const once = (cluster: ObservedCluster | undefined) =>
			waysFrom({ cluster, catalogue }, all).onceStopped([v("1.10.0")]);
		expect(once(cluster("1.8.0", { state: "Stopped" }))).toEqual([]);
		expect(once(undefined)).toEqual([]);
		expect(once(at)).toEqual(["1.10.0"]);
	});

	test("in turn: each is asked of a cluster that the one before was carried out on", () => {
		const asked: [DbVersion, ObservedCluster | undefined][] = [];
		const unfinished = cluster("1.7.1 1.8.0", {
			state: "Degraded",
			mark: mark("1.7.1", "1.8.0"),
			but: { "0-0": { serving: false } },
		});
		const ways = (refused?: string) =>
			waysFrom({ cluster: unfinished, catalogue }, (version, its) => {
				asked.push([version, its]);
				return version !== refused;
			});
		const versions = ["1.8.0", "1.9.0", "1.10.0"].map(v);
		expect(ways().inTurn(versions)).toBe(true);
		expect(asked).toEqual([
			["1.8.0", unfinished],
			["1.9.0", cluster("1.8.0 1.8.0")],
			["1.10.0", cluster("1.9.0 1.9.0")],
		]);
		expect(versions.map((refused) => ways(refused).inTurn(versions))).toEqual([false, false, false]);
		expect(waysFrom({ catalogue }, () => true).inTurn(versions)).toBe(true);
	});
});

describe("a blocked version, and the next is too far from what runs", () => {
	const releasesOf = (text: string) =>
		known(releases(text).map((it) => (it.version === "1.8.0" ? { ...it, blocked: true as const } : it)));
	const observed = cluster("1.7.1 1.7.1");

	test("is not to be left for that one while the cluster serves", () => {
		const question = ask(observed, "1.8.0", { catalogue: releasesOf("1.7.1@23.3 1.8.0@23.8 2.3.0@24.8") });
		expect(refusalOf("blocked-version", question)).toMatchObject({ instead: ["2.3.0"], stopped: true });
		expect(refusalOf("upgrade-path", { ...question, target: "2.3.0" })).toBeDefined();
		expect(decide({ ...question, target: "2.3.0", cluster: known({ ...observed, state: "Stopped" }) })).toEqual([]);
	});

	test("is left for the first of several stepping stones", () => {
		const text = "1.7.1@22.3 1.8.0@22.8 1.9.0@23.3 2.0.0@24.3 2.3.0@25.3";
		const question = ask(observed, "1.8.0", { catalogue: releasesOf(text) });
		expect(refusalOf("blocked-version", question)).toMatchObject({ instead: ["1.9.0"] });
		expect(decide({ ...question, target: "1.9.0" })).toEqual([]);
		expect(refusalOf("upgrade-path", { ...question, target: "2.3.0" })?.steppingStones).toEqual(["1.9.0", "2.0.0"]);
	});
});

/** What a refusal tells people to set: what passes now, and what does once the cluster is stopped. */
function named(refusal: Refusal): { now: readonly DbVersion[]; stopped: readonly DbVersion[] } {
	const { instead = [], stopped } = refusal as Partial<Instead>;
	const now = [...(stopped ? [] : instead)];
	if (refusal.rule === "upgrade-path") now.push(...refusal.steppingStones.slice(0, 1));
	if (refusal.rule === "no-downgrade" && refusal.instead === undefined) now.push(refusal.highest);
	if (refusal.rule === "unfinished-update" && refusal.instead === undefined) now.push(refusal.unfinished);
	return { now, stopped: stopped ? instead : [] };
}

test("what a refusal tells people to set is refused by no rule about versions", { timeout: 180_000 }, () => {
	const told = new Map<string, number>();
	const refuses = (question: Question) => decide(question, versionRules);
	const count = (what: string, versions: readonly DbVersion[]) => {
		if (versions.length > 0) told.set(what, (told.get(what) ?? 0) + 1);
	};
	const creates = fc.constantFrom(undefined, true as const);
	// Engines that are too far apart, with one between them, are rare at random.
	const far = known(releases("1.7.1@22.8 1.9.0@23.3 2.0.0@24.3"));
	const tooFar = ask(cluster("1.7.1 1.7.1"), "2.0.0", { catalogue: far });
	fc.assert(
		fc.property(questions, creates, (any, creates) => {
			const seen = any.cluster.known ? any.cluster.value : undefined;
			const marked = seen?.mark && creates && { ...seen, mark: { ...seen.mark, creates } };
			const question = marked ? { ...any, cluster: known(marked) } : any;
			for (const refusal of refuses(question)) {
				const { now, stopped } = named(refusal);
				count(refusal.rule, now);
				count("stopped", stopped);
				for (const target of now) expect(refuses({ ...question, target })).toEqual([]);
				if (stopped.length === 0 || !question.cluster.known) continue;
				const cluster = known({ ...question.cluster.value, state: "Stopped" as const });
				for (const target of stopped) expect(refuses({ ...question, cluster, target })).toEqual([]);
			}
		}),
		{ numRuns: 5000, examples: [[tooFar, undefined]] },
	);
	const rules = versionRules.map(({ name }) => name).filter((name) => name !== "minimum-version");
	expect([...told.keys()].sort()).toEqual([...rules, "stopped"].sort());
});
