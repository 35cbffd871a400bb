import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cause } from "../../src/core/cluster";
import { known, type Question, unknown } from "../../src/core/question";
import type { Refusal, RuleName } from "../../src/core/refusal";
import { decide } from "../../src/core/rules";
import { parseVersion } from "../../src/core/version";
import { refusalText } from "../../src/words/refusals";
import { questions } from "../arbitrary";
import { ask, cluster, mark, refusalOf, releases, v } from "../build";

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

describe("no-downgrade", () => {
	test("what runs", () => {
		expect(say("no-downgrade", ask(cluster("1.8.0 1.7.0"), "1.7.1"))).toBe(
			"1.7.1 is older than 1.8.0, which the cluster runs, and a DB version never goes back. Set version to 1.8.0 or later.",
		);
	});

	test("what opened the data", () => {
		const observed = cluster("1.7.1", { but: { "0-0": { openedBy: v("1.8.0") } } });
		expect(say("no-downgrade", ask(observed, "1.7.1"))).toBe(
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
});

describe("known-version", () => {
	test.each([
		[
			"1.7.1 1.8.0 1.9.0 1.6.0",
			"1.8.5 is not a version that is known; the newest are 1.9.0, 1.8.0 and 1.7.1. Set version to one that exists, or, if 1.8.5 does, name it in versions.",
		],
		[
			"1.9.0",
			"1.8.5 is not a version that is known; the newest is 1.9.0. Set version to one that exists, or, if 1.8.5 does, name it in versions.",
		],
		[
			"",
			"1.8.5 is not a version that is known: the catalogue is empty. Look at what versions names, or name 1.8.5 there.",
		],
	])("the catalogue holds %j", (text, expected) => {
		expect(say("known-version", ask(cluster("1.7.1"), "1.8.5", { catalogue: known(releases(text)) }))).toBe(expected);
	});
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
			`1.9.0 is blocked in the catalogue. No later version is there: wait for one, or, ${lift} The vendor's support helps.`,
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
		/Set version to|Stop the cluster|Create a new cluster|[Pp]review again|Look at what versions names|wait for one|Run pulumi up again then/;
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
