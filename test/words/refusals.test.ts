import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cause } from "../../src/core/cluster";
import { known, type Question, unknown } from "../../src/core/question";
import type { Refusal, RuleName } from "../../src/core/refusal";
import { decide } from "../../src/core/rules";
import { parseVersion } from "../../src/core/version";
import { refusalText } from "../../src/words/refusals";
import { questions } from "../arbitrary";
import { ask, cluster, creation, mark, refusalOf, releases, tables, v } from "../build";

function say(rule: RuleName, question: Question): string | undefined {
	const refusal = refusalOf(rule, question);
	return refusal && refusalText(refusal);
}

describe("version-format", () => {
	const accepted = `Set version to three or four numbers with dots between, such as 1.8.0 or 0.9.2.0, or "latest".`;
	test.each([
		["", `"" is not a DB version: it is empty.`],
		["1.8", `"1.8" is not a DB version: it has 2 numbers, not three or four.`],
		["1", `"1" is not a DB version: it has 1 number, not three or four.`],
		["latest!", `"latest!" is not a DB version: it is not numbers with dots between.`],
		["v1.8.0-rc1", `"v1.8.0-rc1" is not a DB version: it has more than numbers and dots.`],
		["v1.8.0", `"v1.8.0" is not a DB version: it begins with a v. Did you mean 1.8.0?`],
		[" 1.8.0", `" 1.8.0" is not a DB version: it has blanks or line breaks around it. Did you mean 1.8.0?`],
		["1.8.0\n", `"1.8.0\\n" is not a DB version: it has blanks or line breaks around it. Did you mean 1.8.0?`],
		["01.8.0", `"01.8.0" is not a DB version: a number in it begins with 0. Did you mean 1.8.0?`],
		["1.8.1234567890", `"1.8.1234567890" is not a DB version: a number in it has more than nine digits.`],
	])("%j", (target, expected) => {
		expect(say("version-format", ask(cluster("1.7.1"), target))).toBe(`${expected} ${accepted}`);
	});

	test("of an endless text only the beginning is shown", () => {
		expect(say("version-format", ask(cluster("1.7.1"), "x".repeat(100_000)))?.length).toBeLessThan(250);
	});

	test("latest, and nobody knows which that is", () => {
		const latest = (catalogue: Question["catalogue"]) =>
			say("version-format", ask(cluster("1.7.1"), "latest", { catalogue }));
		expect(latest(unknown("no route to host"))).toBe(
			`which version is "latest" is not known: the catalogue can't be read: no route to host. Set version to a number, such as 1.8.0, or preview again when the catalogue can be read.`,
		);
		expect(latest(known([]))).toBe(
			`which version is "latest" is not known: the catalogue is empty. Set version to a number, such as 1.8.0, or look at what versions names.`,
		);
	});
});

describe("last-copy", () => {
	const holding = (one?: string, other?: string) => {
		const of = (text?: string) => (text === undefined ? {} : { holds: { tables: tables(text) } });
		return { ...cluster("1.7.1 1.7.1", { but: { "0-0": of(one), "0-1": of(other) } }), asked: true as const };
	};
	const why = "no replica is taken down for 1.8.0 while those of its shard hold different tables: ";

	test("a table that one lacks", () => {
		expect(say("last-copy", ask(holding("a@/a b@/b", "a@/a"), "1.8.0"))).toBe(
			`${why}analytics-0-1 lacks default.b, which analytics-0-0 holds. Make it there: take the statement of SHOW CREATE TABLE default.b on analytics-0-0 and run it on analytics-0-1 with ATTACH in the place of CREATE; rows that replicate then come by themselves. Or drop what nobody needs, or, where the replicas differ on purpose, name it in update.localTables. Then preview again.`,
		);
	});

	test("of many the first", () => {
		const many = Array.from({ length: 9 }, (_, n) => `t${n}=1`).join(" ");
		expect(say("last-copy", ask(holding(many, ""), "1.8.0"))).toContain("; 4 more tables differ. Make them there: ");
	});

	test("one that can't be asked", () => {
		expect(say("last-copy", ask(holding("a@/a"), "1.8.0"))).toBe(
			`${why}analytics-0-1 can't be asked what it holds. See to it that it answers, then preview again.`,
		);
	});
});

describe("no-downgrade", () => {
	test("what runs", () => {
		const catalogue = known(releases("1.7.1 1.8.0"));
		expect(say("no-downgrade", ask(cluster("1.8.0 1.7.0"), "1.7.1", { catalogue }))).toBe(
			"1.7.1 is older than 1.8.0, which the cluster runs, and a DB version never goes back. Set version to 1.8.0 or later.",
		);
	});

	test("what opened the data", () => {
		const observed = cluster("1.7.1", { but: { "0-0": { openedBy: v("1.8.0") } } });
		const catalogue = known(releases("1.7.1 1.8.0"));
		expect(say("no-downgrade", ask(observed, "1.7.1", { catalogue }))).toBe(
			"1.7.1 is older than 1.8.0, which has opened the cluster's data, and a DB version never goes back. Set version to 1.8.0 or later.",
		);
	});

	test("what passes instead, where not just any later version does", () => {
		const catalogue = known(releases("1.7.1 1.8.0 1.9.0"));
		expect(say("no-downgrade", ask(cluster("1.8.0 1.8.0"), "1.7.1", { catalogue }))).toBe(
			"1.7.1 is older than 1.8.0, which the cluster runs, and a DB version never goes back. Set version to 1.8.0, or to 1.9.0.",
		);
		expect(say("no-downgrade", ask(cluster("1.8.0 1.7.0"), "1.7.1", { catalogue }))).toBe(
			"1.7.1 is older than 1.8.0, which the cluster runs, and a DB version never goes back. Set version to 1.9.0.",
		);
	});

	test("what passes only once the cluster is stopped", () => {
		const catalogue = known(releases("1.7.0@23.3 1.7.1@23.3 1.8.0@24.8"));
		expect(say("no-downgrade", ask(cluster("1.8.0 1.7.1"), "1.7.0", { catalogue }))).toBe(
			`1.7.0 is older than 1.8.0, which the cluster runs, and a DB version never goes back. Stop the cluster, update it stopped and start it: set desiredState to "Stopped" and run pulumi up, then version to 1.8.0 and run it again, then desiredState to "Started".`,
		);
	});

	test("nothing that is known", () => {
		expect(say("no-downgrade", ask(cluster("1.8.0 1.7.0"), "1.7.1"))).toBe(
			"1.7.1 is older than 1.8.0, which the cluster runs, and a DB version never goes back. No version that is known will do: wait for one that does.",
		);
	});
});

test("minimum-version tells how to migrate", () => {
	expect(say("minimum-version", ask(cluster("1.7.1 0.9.1.4"), "1.8.0"))).toBe(
		"analytics-0-1 runs 0.9.1.4, and updates in place begin at 0.9.2.0. Create a new cluster with version 1.8.0 and move the data: export each table to local disk (SELECT * FROM table INTO OUTFILE 'table.parquet' FORMAT Parquet), or to S3 (INSERT INTO FUNCTION s3('https://bucket/table.parquet', 'key', 'secret', 'Parquet') SELECT * FROM table), and insert it there. The vendor's support helps.",
	);
});

describe("eligible-state", () => {
	test.each(["Starting", "Stopping", "Updating", "Restoring"] as const)("%s passes by itself", (state) => {
		expect(say("eligible-state", ask(cluster("1.7.1", { state }), "1.8.0"))).toBe(
			`the cluster is ${state}; an update to 1.8.0 starts only from Started, Stopped or Idle. Preview again when it is done. The vendor's support helps if it never is.`,
		);
	});

	test("Degraded names who is down, with last words", () => {
		const but = { "0-0": { serving: false }, "0-1": { serving: false, trouble: 'exits at start: "Code: 1000.\nno"' } };
		expect(say("eligible-state", ask(cluster("1.7.1 1.7.1 1.7.1", { state: "Degraded", but }), "1.8.0"))).toBe(
			`the cluster is Degraded (analytics-0-0 does not serve and analytics-0-1: exits at start: "Code: 1000. no"); an update to 1.8.0 starts only from Started, Stopped or Idle. Mend the cluster first, then preview again. The vendor's support helps if it can't be mended.`,
		);
	});

	test("Degraded asks for what its cause asks for", () => {
		const text = (cause: Cause) => {
			const but = { "0-1": { serving: false, trouble: "no", cause } };
			return say("eligible-state", ask(cluster("1.7.1 1.7.1", { state: "Degraded", but }), "1.8.0"));
		};
		expect(text("scaled")).toBe(
			"the cluster is Degraded (analytics-0-1: no); an update to 1.8.0 starts only from Started, Stopped or Idle. Scale it back (kubectl scale), then preview again. The vendor's support helps if it can't be mended.",
		);
		expect(text("image")).toContain(
			". See to it that its image (locally, its engine) is there and can be pulled, then",
		);
		expect(text("exits")).toContain(". Mend the cluster first, then preview again.");
	});

	test("Unknown", () => {
		expect(say("eligible-state", ask(cluster("1.7.1", { state: "Unknown" }), "1.8.0"))).toBe(
			"the cluster is Unknown; an update to 1.8.0 starts only from Started, Stopped or Idle. Mend the cluster first, then preview again. The vendor's support helps if it can't be mended.",
		);
	});

	test("unreadable", () => {
		const question = { ...ask(cluster("1.7.1"), "1.8.0"), cluster: unknown("connect ECONNREFUSED 10.0.0.1:443") };
		expect(say("eligible-state", question)).toBe(
			"the cluster can't be read: connect ECONNREFUSED 10.0.0.1:443. Without knowing what it runs, no update to 1.8.0 is allowed. See to it that the cluster can be reached from here, then preview again.",
		);
	});
});

test("unfinished-update", () => {
	const halfway = cluster("1.8.0 1.9.0", { state: "Degraded", mark: mark("1.8.0", "1.9.0") });
	expect(say("unfinished-update", ask(halfway, "1.8.0"))).toBe(
		"the update from 1.8.0 to 1.9.0, begun at 2026-11-23T10:00:00Z, stopped midway, and 1.8.0 is older than 1.9.0: data that 1.9.0 has opened can't go back. Set version to 1.9.0 to go on with it, or to a later one. The vendor's support helps if neither starts.",
	);
	const unmade = cluster("1.9.0", { state: "Degraded", mark: creation("1.9.0"), but: { "0-0": { serving: false } } });
	expect(say("unfinished-update", ask(unmade, "1.8.0"))).toMatch(
		/^the creation at 1\.9\.0, begun at 2026-11-23T10:00:00Z, stopped midway, and 1\.8\.0 is older than 1\.9\.0: /,
	);
});

describe("known-version", () => {
	test.each([
		[
			"1.7.1 1.7.2 1.8.0 1.9.0 1.6.0",
			"1.8.5 is not a version that is known; the newest that can be set are 1.9.0, 1.8.0 and 1.7.2. Set version to one of these, or, if 1.8.5 exists, name it in versions.",
		],
		[
			"1.6.0",
			"1.8.5 is not a version that is known; the newest that can be set is 1.7.1. Set version to it, or, if 1.8.5 exists, name it in versions.",
		],
		[
			"",
			"1.8.5 is not a version that is known: the catalogue is empty. Look at what versions names, or name 1.8.5 there.",
		],
	])("the catalogue holds %j", (text, expected) => {
		const question = ask(cluster("1.7.1"), "1.8.5", { catalogue: known(releases(text)), policy: "any" });
		expect(say("known-version", question)).toBe(expected);
	});

	test("nothing that is known passes", () => {
		const observed = cluster("1.7.1 1.9.0", { state: "Updating", mark: mark("1.7.1", "1.9.0") });
		const catalogue = known(releases("1.9.0@24.8 1.7.1@23.3"));
		expect(say("known-version", ask(observed, "1.9.5", { catalogue }))).toBe(
			"1.9.5 is not a version that is known. No version that is known will do: wait for one that does, or, if 1.9.5 exists, name it in versions.",
		);
	});
});

test("latest-only, by way of another, by way of a stop, and where neither leads there", () => {
	const begins = "1.8.0 is not the latest version, and every update goes to the latest, which is 2.0.0.";
	const way = (catalogue: string, more = {}) =>
		say("latest-only", ask(cluster("1.7.1 1.7.1", more), "1.8.0", { catalogue: known(releases(catalogue)) }));
	expect(way("1.7.1@23.3 1.8.0@23.3 1.9.0@24.3 2.0.0@24.8")).toBe(
		`${begins} Set version to 1.9.0, or set update.policy to "any" to choose for yourself.`,
	);
	expect(way("1.7.1@23.3 1.8.0@23.3 2.0.0@24.8")).toBe(
		`${begins} Stop the cluster, update it stopped and start it: set desiredState to "Stopped" and run pulumi up, then version to 2.0.0 and run it again, then desiredState to "Started", or set update.policy to "any" to choose for yourself.`,
	);
	const data = { "0-0": { openedBy: v("0.9.1.4") } };
	expect(way("1.7.1 1.8.0 2.0.0", { state: "Stopped", but: { "0-0": { ...data["0-0"], serving: false } } })).toBe(
		`${begins} No version that is known will do: wait for one that does, or set update.policy to "any" to choose for yourself.`,
	);
});

test("latest-only", () => {
	expect(say("latest-only", ask(cluster("1.7.1"), "1.8.0", { catalogue: known(releases("1.8.0 1.9.0")) }))).toBe(
		'1.8.0 is not the latest version, and every update goes to the latest, which is 1.9.0. Set version to 1.9.0 or "latest", or update.policy to "any" to choose for yourself.',
	);
});

describe("upgrade-path", () => {
	const built =
		"2.0.0 is built on ClickHouse 24.8 and 1.7.1, which analytics-0-0 runs, on 23.3: a year or more and at least two long-term releases apart, they must not run side by side.";
	const stopped = `set desiredState to "Stopped" and run pulumi up, then version to 2.0.0 and run it again, then desiredState to "Started".`;
	test.each([
		["1.7.1@23.3 2.0.0@24.8", `${built} Stop the cluster, update it stopped and start it: ${stopped}`],
		[
			"1.7.1@23.3 1.9.0@24.3 2.0.0@24.8",
			`${built} Set version to 1.9.0, then to 2.0.0, with a pulumi up for each. Or update the cluster stopped: ${stopped}`,
		],
	])("%s", (text, expected) => {
		expect(say("upgrade-path", ask(cluster("1.7.1 1.7.1"), "2.0.0", { catalogue: known(releases(text)) }))).toBe(
			expected,
		);
	});
});

describe("last-healthy-replica", () => {
	test.each([
		[{ caughtUp: false }, "has not caught up"],
		[{ readOnly: true, trouble: "session expired" }, "is read-only (session expired)"],
		[{ caughtUp: undefined }, "may not have caught up, which can't be told"],
	])("%j", (other, words) => {
		expect(say("last-healthy-replica", ask(cluster("1.7.1 1.7.1", { but: { "0-0": other } }), "1.8.0"))).toBe(
			`the update to 1.8.0 would begin with analytics-0-1, and no other replica of its shard could answer meanwhile: analytics-0-0 ${words}. Preview again when another serves and has caught up. The vendor's support helps if none does.`,
		);
	});

	test("down", () => {
		const refusal: Refusal = {
			rule: "last-healthy-replica",
			property: "version",
			target: "1.8.0",
			replica: "a-1",
			others: [{ replica: "a-0", problem: "down" }],
		};
		expect(refusalText(refusal)).toContain(": a-0 does not serve. ");
	});
});

describe("layout", () => {
	const told = (facts: object): string =>
		refusalText({
			rule: "layout",
			property: "version",
			target: "1.8.0",
			declared: [["a", "b"]],
			shards: [["a"], ["b"]],
			pair: ["a", "b"],
			apart: true,
			evidence: { by: "macro", values: ["0", "1"] },
			...facts,
		} as Refusal);
	const one = "1 shard of 2 replicas (shards: 1, replicas: 2): a and b";
	const two = "2 shards of 1 replica (shards: 2, replicas: 1): a; b";
	const first = `no replica is taken down for 1.8.0 while the servers tell another layout than the declared one, which is`;
	const last = "Then preview again. Or move the rows to a cluster that is declared as the servers tell.";
	const merged = { declared: [["a"], ["b"]], shards: [["a", "b"]], apart: false };

	test.each([
		[
			{ evidence: { by: "paths", table: "default.t", paths: ["/0/t", "/1/t"] } },
			`${first} ${one}: they tell ${two}. default.t has the path /0/t in Keeper on a, and /1/t on b, so neither can answer for the other. Where default.t is to be one table of both, make it anew on each under one path, such as '/clickhouse/{shard}/default.t'; where each is to have rows of its own, name it in update.localTables. ${last}`,
		],
		[
			{},
			`${first} ${one}: they tell ${two}. the macro shard is "0" on a, and "1" on b, so neither can answer for the other. Where they are copies, set the macro shard so. ${last}`,
		],
		[
			{ evidence: { by: "clusters", cluster: "db" } },
			`${first} ${one}: they tell ${two}. what they know as the cluster "db" has a and b in different shards, so neither can answer for the other. Where that is not so, mend remote_servers in their configuration. ${last}`,
		],
		[
			{ ...merged, evidence: { by: "paths", table: "default.t", paths: ["/t", "/t"] } },
			`${first} ${two}: they tell ${one}. default.t has the path /t in Keeper on both a and b, so each is a copy of the other. Where each shard is to have rows of its own in default.t, make it anew under a path with {shard} in it. ${last}`,
		],
		[
			{ ...merged, evidence: { by: "macro", values: ["1", "1"] } },
			`${first} ${two}: they tell ${one}. the macro shard is "1" on both a and b, so each is a copy of the other. Where each has rows of its own, set the macro shard so. ${last}`,
		],
	])("%j", (facts, words) => expect(told(facts)).toBe(words));

	test("shards of different sizes are told by their replicas, and of many only the first", () => {
		expect(told({ shards: [["a", "c"], ["b"]] })).toContain("they tell 2 shards of different sizes: a and c; b. ");
		const many = Array.from({ length: 9 }, (_, n) => [`r${n}`]);
		expect(told({ shards: many })).toContain("(shards: 9, replicas: 1): r0; r1; r2; r3; r4; 4 more. ");
	});
});

test("shared-tables", () => {
	const rival = {
		cluster: "other",
		mark: mark("1.7.1", "1.8.0"),
		active: true,
		path: "/clickhouse/0/rows",
		replica: "other-0-0",
	};
	expect(say("shared-tables", ask({ ...cluster("1.7.1 1.7.1"), rivals: [rival] }, "1.9.0"))).toBe(
		"the cluster 'other' holds copies of the same tables (other-0-0, under /clickhouse/0/rows in Keeper), and its update from 1.7.1 to 1.8.0, begun at 2026-11-23T10:00:00Z, is not done: with an update to 1.9.0 both might take down their last copies at once. Let pulumi up end the update of 'other' first, then preview again.",
	);
});

describe("blocked-version", () => {
	const lift = "if the block is wrong, lift it where versions come from.";
	const blocked = (text: string, reason: true | string, at: string) =>
		known(releases(text).map((release) => (release.version === at ? { ...release, blocked: reason } : release)));

	test("with a version to go to instead, and without", () => {
		const catalogue = blocked("1.8.0 1.9.0 1.9.1", "corrupts indexes", "1.9.0");
		expect(say("blocked-version", ask(cluster("1.8.0"), "1.9.0", { catalogue }))).toBe(
			`1.9.0 is blocked in the catalogue: corrupts indexes. Set version to 1.9.1, or, ${lift}`,
		);
		const last = blocked("1.8.0 1.9.0", true, "1.9.0");
		expect(say("blocked-version", ask(cluster("1.8.0"), "1.9.0", { catalogue: last }))).toBe(
			`1.9.0 is blocked in the catalogue. No later version that is known will do: wait for one, or, ${lift} The vendor's support helps.`,
		);
	});

	test("of an update that stopped midway", () => {
		const observed = cluster("1.8.0 1.9.0", { state: "Updating", mark: mark("1.8.0", "1.9.0") });
		const catalogue = blocked("1.8.0 1.9.0 1.9.1", "corrupts indexes", "1.9.0");
		expect(say("blocked-version", ask(observed, "1.9.0", { catalogue }))).toBe(
			`1.9.0 is blocked in the catalogue: corrupts indexes. The update to it stopped midway, and replicas that do not have it yet are not to get it. Set version to 1.9.1, which goes on from there, or, ${lift}`,
		);
	});
});

test("maintenance-window", () => {
	const window = { open: false, until: "2026-11-28T01:00:00Z", timeZone: "Europe/Berlin" };
	expect(say("maintenance-window", ask(cluster("1.8.0"), "1.9.0", { window }))).toBe(
		"the maintenance window is closed until Sat 2026-11-28 02:00 (Europe/Berlin), and no update to 1.9.0 begins before. Run pulumi up again then. In an emergency set update.ignoreWindow to true.",
	);
});

test("each refusal is one line that names the value, a reason and a way out, whatever the cluster holds", {
	timeout: 60_000,
}, () => {
	const wayOut =
		/Set version to|Stop the cluster|Create a new cluster|[Pp]review again|Look at what versions names|wait for one|Run pulumi up again then|Copy the tables to a cluster/;
	fc.assert(
		fc.property(questions, (question) => {
			for (const refusal of decide(question)) {
				const text = refusalText(refusal);
				expect(text).toMatch(/^[^\n\r\p{Cc}]{40,2000}$/u);
				expect(text).toMatch(wayOut);
				expect(text).toMatch(/[.]$/);
				if (parseVersion(question.target) !== undefined) expect(text).toContain(question.target);
				if (!/undefined|object/.test(JSON.stringify(question))) expect(text).not.toMatch(/undefined|\[object|NaN/);
			}
		}),
		{ numRuns: 3000 },
	);
});

describe("persistent-data", () => {
	const scratch = (volume: string) => ({
		holds: { tables: [], volatile: `/var/lib/clickhouse/ is on the emptyDir volume ${volume}` },
	});
	const refused = (versions: string, but: Record<string, ReturnType<typeof scratch>>) =>
		say("persistent-data", ask(cluster(versions, { but }), "1.8.0"));
	const wayOut =
		"Copy the tables to a cluster whose data is on volume claims, such as a new DbCluster with version 1.8.0, and use that one.";

	test("one replica", () => {
		expect(refused("1.7.1 1.7.1", { "0-1": scratch("data") })).toBe(
			`analytics-0-1 would lose data with the pod: /var/lib/clickhouse/ is on the emptyDir volume data. ${wayOut}`,
		);
	});

	test("several, each reason once", () => {
		const but = { "0-0": scratch("b"), "0-1": scratch("a"), "0-2": scratch("a") };
		expect(refused("1.7.1 1.7.1 1.7.1", but)).toBe(
			`analytics-0-0, analytics-0-1 and analytics-0-2 would lose data with the pod: /var/lib/clickhouse/ is on the emptyDir volume b and /var/lib/clickhouse/ is on the emptyDir volume a. ${wayOut}`,
		);
	});
});
