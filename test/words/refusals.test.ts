import fc from "fast-check";
import { expect, test } from "vitest";
import type { Cause } from "../../src/core/cluster";
import type { Told } from "../../src/core/layout";
import { known, type Question, unknown } from "../../src/core/question";
import type { RuleName } from "../../src/core/refusal";
import { decide } from "../../src/core/rules";
import { parseVersion } from "../../src/core/version";
import { readRule, refusalText, withRule } from "../../src/words/refusals";
import { questions } from "../arbitrary";
import { ask, cluster, creation, mark, refusalOf, releases, tables, v } from "../build";
import { byData, golden } from "./golden";

function say(rule: RuleName, question: Question): string | undefined {
	const refusal = refusalOf(rule, question);
	return refusal && refusalText(refusal);
}

const latest = (catalogue: Question["catalogue"]) =>
	say("version-format", ask(cluster("1.7.1"), "latest", { catalogue }));

const holds = (text?: string) => (text === undefined ? {} : { holds: { tables: tables(text) } });
const lastCopy = (one?: string, other?: string) => {
	const but = { "0-0": holds(one), "0-1": holds(other) };
	return say("last-copy", ask({ ...cluster("1.7.1 1.7.1", { but }), asked: true }, "1.8.0"));
};

const olderThan = (versions: string, catalogue: string) =>
	say("no-downgrade", ask(cluster(versions), "1.7.1", { catalogue: known(releases(catalogue)) }));

const eligible = (...given: Parameters<typeof cluster>) => say("eligible-state", ask(cluster(...given), "1.8.0"));
const degraded = (cause: Cause) => {
	const but = { "0-1": { serving: false, trouble: "no", cause } };
	return eligible("1.7.1 1.7.1", { state: "Degraded", but });
};
const troubled = { "0-0": { serving: false }, "0-1": { serving: false, trouble: 'exits at start: "Code: 1000.\nno"' } };

const unfinished = (versions: string, begun = mark("1.8.0", "1.9.0")) =>
	say("unfinished-update", ask(cluster(versions, { state: "Degraded", mark: begun }), "1.8.0"));

const notKnown = (catalogue: string) =>
	say("known-version", ask(cluster("1.7.1"), "1.8.5", { catalogue: known(releases(catalogue)), policy: "any" }));

const otherwise = (versions: string) =>
	releases(versions).map((release) => ({
		...release,
		spelling: { image: "acme/db:{version}-debian-12-r*", tag: `${release.version}-debian-12-r2` },
	}));
const spelled = (own: string, others: string) =>
	say(
		"known-version",
		ask(cluster("1.7.1"), "1.8.5", { catalogue: known([...releases(own), ...otherwise(others)]), policy: "any" }),
	);

const latestOnly = (catalogue: string, versions: string, more = {}) =>
	say("latest-only", ask(cluster(versions, more), "1.8.0", { catalogue: known(releases(catalogue)) }));

const path = (catalogue: string) =>
	say("upgrade-path", ask(cluster("1.7.1 1.7.1"), "2.0.0", { catalogue: known(releases(catalogue)) }));

const lastHealthy = (but: object) =>
	say("last-healthy-replica", ask(cluster("1.7.1 1.7.1", { but: { "0-0": but } }), "1.8.0"));

const layout = (
	evidence: Told["evidence"],
	apart: boolean,
	shards: string[][] = apart ? [["a"], ["b"]] : [["a", "b"]],
) =>
	refusalText({
		rule: "layout",
		property: "version",
		target: "1.8.0",
		declared: apart ? [["a", "b"]] : [["a"], ["b"]],
		shards,
		pair: ["a", "b"],
		apart,
		evidence,
	});
const macro = { by: "macro", values: ["0", "1"] } as const;

const blocked = (versions: string, catalogue: string, reason: true | string, midway = false) => {
	const releasesThere = releases(catalogue).map((it) => (it.version === "1.9.0" ? { ...it, blocked: reason } : it));
	const observed = cluster(versions, midway ? { state: "Updating", mark: mark("1.8.0", "1.9.0") } : {});
	return say("blocked-version", ask(observed, "1.9.0", { catalogue: known(releasesThere) }));
};

const scratch = (volume: string) => ({
	holds: { tables: [], volatile: `/var/lib/clickhouse/ is on the emptyDir volume ${volume}` },
});
const persistent = (versions: string, but: Record<string, ReturnType<typeof scratch>>) =>
	say("persistent-data", ask(cluster(versions, { but }), "1.8.0"));

const rival = {
	cluster: "other",
	mark: mark("1.7.1", "1.8.0"),
	active: true,
	path: "/clickhouse/0/rows",
	replica: "other-0-0",
};
const window = { open: false, until: "2026-11-28T01:00:00Z", timeZone: "Europe/Berlin" };

golden("refusals", {
	"version-format": byData(
		[
			"",
			"1.8",
			"1",
			"latest!",
			"v1.8.0-rc1",
			"v1.8.0",
			" 1.8.0",
			"1.8.0\n",
			"01.8.0",
			"1.8.1234567890",
			"x".repeat(100_000),
		],
		(target) => say("version-format", ask(cluster("1.7.1"), target)),
	),
	"version-format: latest, the catalogue can't be read": latest(unknown("no route to host")),
	"version-format: latest, the catalogue is empty": latest(known([])),
	"version-format: latest, all under another spelling": latest(known(otherwise("1.9.0 1.8.4"))),
	"last-copy: one lacks a table": lastCopy("a@/a b@/b", "a@/a"),
	"last-copy: many tables": lastCopy(Array.from({ length: 9 }, (_, n) => `t${n}=1`).join(" "), ""),
	"last-copy: another table of the same name": lastCopy("a@/a", "a=1"),
	"last-copy: one can't be asked": lastCopy("a@/a"),
	"no-downgrade: what runs": say(
		"no-downgrade",
		ask(cluster("1.8.0 1.7.0"), "1.7.1", { catalogue: known(releases("1.7.1 1.8.0")) }),
	),
	"no-downgrade: what opened the data": say(
		"no-downgrade",
		ask(cluster("1.7.1", { but: { "0-0": { openedBy: v("1.8.0") } } }), "1.7.1", {
			catalogue: known(releases("1.7.1 1.8.0")),
		}),
	),
	"no-downgrade: what passes only once the cluster is stopped": say(
		"no-downgrade",
		ask(cluster("1.8.0 1.7.1"), "1.7.0", { catalogue: known(releases("1.7.0@23.3 1.7.1@23.3 1.8.0@24.8")) }),
	),
	"no-downgrade: nothing that is known": say("no-downgrade", ask(cluster("1.8.0 1.7.0"), "1.7.1")),
	"no-downgrade: this or the latest": olderThan("1.8.0 1.8.0", "1.7.1 1.8.0 1.9.0"),
	"no-downgrade: only the latest": olderThan("1.8.0 1.7.0", "1.7.1 1.8.0 1.9.0"),
	"minimum-version": say("minimum-version", ask(cluster("1.7.1 0.9.1.4"), "1.8.0")),
	"eligible-state": byData(["Starting", "Stopping", "Updating", "Restoring", "Unknown"] as const, (state) =>
		eligible("1.7.1", { state }),
	),
	"eligible-state: Degraded": eligible("1.7.1 1.7.1 1.7.1", { state: "Degraded", but: troubled }),
	"eligible-state: Degraded, by cause": byData(["scaled", "image", "exits"] as const, degraded),
	"eligible-state: can't be read": say("eligible-state", {
		...ask(cluster("1.7.1"), "1.8.0"),
		cluster: unknown("connect ECONNREFUSED 10.0.0.1:443"),
	}),
	"unfinished-update": unfinished("1.8.0 1.9.0"),
	"unfinished-update: creation": say(
		"unfinished-update",
		ask(cluster("1.9.0", { state: "Degraded", mark: creation("1.9.0"), but: { "0-0": { serving: false } } }), "1.8.0"),
	),
	"known-version": byData(["1.7.1 1.7.2 1.8.0 1.9.0 1.6.0", "1.6.0", ""], notKnown),
	"known-version: only under another spelling": spelled("1.7.1 1.8.0", "1.8.5 1.9.0"),
	"known-version: newer ones under another spelling": spelled("1.7.1 1.8.0", "1.9.0"),
	"known-version: all under another spelling": spelled("", "1.9.0 1.8.4"),
	"known-version: nothing that is known passes": say(
		"known-version",
		ask(cluster("1.7.1 1.9.0", { state: "Updating", mark: mark("1.7.1", "1.9.0") }), "1.9.5", {
			catalogue: known(releases("1.9.0@24.8 1.7.1@23.3")),
		}),
	),
	"latest-only": latestOnly("1.8.0 1.9.0", "1.7.1"),
	"latest-only: by way of another, by way of a stop": byData(
		["1.7.1@23.3 1.8.0@23.3 1.9.0@24.3 2.0.0@24.8", "1.7.1@23.3 1.8.0@23.3 2.0.0@24.8"],
		(catalogue) => latestOnly(catalogue, "1.7.1 1.7.1"),
	),
	"latest-only: nothing leads there": latestOnly("1.7.1 1.8.0 2.0.0", "1.7.1 1.7.1", {
		state: "Stopped",
		but: { "0-0": { openedBy: v("0.9.1.4"), serving: false } },
	}),
	"upgrade-path": byData(["1.7.1@23.3 2.0.0@24.8", "1.7.1@23.3 1.9.0@24.3 2.0.0@24.8"], path),
	"upgrade-path: engines that are not listed": byData(["1.7.1 2.0.1", "1.9.1 2.0.0", "1.9.1 2.0.1"], (versions) => {
		const [running, target = ""] = versions.split(" ");
		const known = releases("1.7.1@23.3 1.9.0@23.3 2.0.0@24.8");
		return say("upgrade-path", ask(cluster(`${running} ${running}`), target, { known }));
	}),
	"upgrade-path: a ClickHouse version is its own engine": say(
		"upgrade-path",
		ask(cluster("23.3.19.32 23.3.19.32"), "24.8.14.39"),
	),
	"last-healthy-replica": byData(
		[{ caughtUp: false }, { readOnly: true, trouble: "session expired" }, { caughtUp: undefined }],
		(but) => lastHealthy(but),
	),
	"last-healthy-replica: down": refusalText({
		rule: "last-healthy-replica",
		property: "version",
		target: "1.8.0",
		replica: "a-1",
		others: [{ replica: "a-0", problem: "down" }],
	}),
	"layout: apart by paths": layout({ by: "paths", table: "default.t", paths: ["/0/t", "/1/t"] }, true),
	"layout: apart by macro": layout(macro, true),
	"layout: apart by clusters": layout({ by: "clusters", cluster: "db" }, true),
	"layout: copies by paths": layout({ by: "paths", table: "default.t", paths: ["/t", "/t"] }, false),
	"layout: copies by macro": layout({ by: "macro", values: ["1", "1"] }, false),
	"layout: shards of different sizes": layout(macro, true, [["a", "c"], ["b"]]),
	"layout: many shards": layout(
		macro,
		true,
		Array.from({ length: 9 }, (_, n) => [`r${n}`]),
	),
	"shared-tables": say("shared-tables", ask({ ...cluster("1.7.1 1.7.1"), rivals: [rival] }, "1.9.0")),
	"blocked-version: another to go to": blocked("1.8.0", "1.8.0 1.9.0 1.9.1", "corrupts indexes"),
	"blocked-version: none to go to": blocked("1.8.0", "1.8.0 1.9.0", true),
	"blocked-version: midway": blocked("1.8.0 1.9.0", "1.8.0 1.9.0 1.9.1", "corrupts indexes", true),
	"maintenance-window": say("maintenance-window", ask(cluster("1.8.0"), "1.9.0", { window })),
	"persistent-data: one replica": persistent("1.7.1 1.7.1", { "0-1": scratch("data") }),
	"persistent-data: several, each reason once": persistent("1.7.1 1.7.1 1.7.1", {
		"0-0": scratch("b"),
		"0-1": scratch("a"),
		"0-2": scratch("a"),
	}),
});

test("each refusal is one line that names the value, a reason and a way out, whatever the cluster holds", {
	timeout: 60_000,
}, () => {
	const wayOut =
		/Set version to|while the cluster is stopped:|Create a new cluster|[Pp]review again|Check the argument versions|wait for a newer version|Run pulumi up again then|Copy the tables to a cluster/;
	fc.assert(
		fc.property(questions, (question) => {
			for (const refusal of decide(question)) {
				const text = refusalText(refusal);
				expect(text).toMatch(/^[^\n\r\p{Cc}]{40,2000}$/u);
				expect(text).toMatch(wayOut);
				expect(readRule(withRule({ rule: refusal.rule, reason: text }))).toEqual({ rule: refusal.rule, reason: text });
				expect(readRule(text)).toEqual({ reason: text });
				expect(text).toMatch(/[.]$/);
				if (parseVersion(question.target) !== undefined) expect(text).toContain(question.target);
				if (!/undefined|object/.test(JSON.stringify(question))) expect(text).not.toMatch(/undefined|\[object|NaN/);
			}
		}),
		{ numRuns: 3000 },
	);
});
