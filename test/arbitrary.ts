import fc from "fast-check";
import type { ObservedCluster, ObservedReplica, Rival } from "../src/core/cluster";
import type { HeldTable, Holdings, Layout } from "../src/core/holdings";
import { known, policies, type Question, type Release, unknown, type Window } from "../src/core/question";
import { states } from "../src/core/state";
import type { DbVersion } from "../src/core/version";
import { v } from "./build";

/** For tests that are ES modules: these arbitraries are made with the other build of fast-check. */
export { fc };

/** Few enough that two are often the same, or the same in another spelling; around the bounds that rules know. */
const pool = ["0.9.1.4", "0.9.2.0", "0.9.2", "0.10.11.0", "1.7.1", "1.8.0", "1.8.0.0", "1.8.0.1", "1.9.0", "2.0.0"].map(
	v,
);

export const versions: fc.Arbitrary<DbVersion> = fc.oneof(
	{ weight: 4, arbitrary: fc.constantFrom(...pool) },
	{
		weight: 1,
		arbitrary: fc
			.array(fc.nat({ max: 999_999_999 }), { minLength: 3, maxLength: 4 })
			.map((parts) => v(parts.join("."))),
	},
);

/**
 * Of any code points. fast-check's own unit `binary` does the same, and reads a million of them when it is made: seconds in
 * each test file.
 */
const codePoints = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code));
const anyText = (constraints: fc.StringConstraints = {}) => fc.string({ ...constraints, unit: codePoints });

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const tables: fc.Arbitrary<HeldTable> = fc.record(
	{
		database: fc.constantFrom("default", "shop"),
		name: fc.constantFrom("rows", "loc", ".inner.v"),
		engine: fc.constantFrom("ReplicatedMergeTree", "MergeTree", "Memory", "View"),
		path: fc.constantFrom("/a", "/b"),
		rows: fc.constantFrom(0, 1, 2, null),
	},
	{ requiredKeys: ["database", "name", "engine"] },
);

/** The hosts are among the names of the replicas of {@link clusters}. */
const layouts: fc.Arbitrary<Layout> = fc.record(
	{
		shard: fc.constantFrom("0", "1"),
		clusters: fc.dictionary(
			fc.constantFrom("db", "all"),
			fc.array(fc.array(fc.constantFrom("analytics-0-0", "analytics-0-1", "analytics-1-0"), { maxLength: 3 }), {
				maxLength: 3,
			}),
		),
	},
	{ requiredKeys: ["clusters"] },
);

/** A table stands in it once. */
export const holdings: fc.Arbitrary<Holdings> = fc.record(
	{
		tables: fc.uniqueArray(tables, { selector: ({ database, name }) => `${database}.${name}`, maxLength: 4 }),
		layout: layouts,
		at: fc.constant("/data"),
		volatile: fc.constant("/data is on the emptyDir volume data"),
	},
	{ requiredKeys: ["tables"] },
);

const replicas = fc.record({
	version: maybe(versions),
	openedBy: maybe(versions),
	serving: fc.boolean(),
	readOnly: maybe(fc.boolean()),
	caughtUp: maybe(fc.boolean()),
	outdated: fc.boolean(),
	trouble: maybe(anyText({ minLength: 1 })),
	holds: maybe(holdings),
});

const marks = fc.record({
	from: versions,
	to: versions,
	since: fc.constantFrom("2026-11-23T10:00:00Z", "2026-11-24T10:00:00Z"),
});

const rivals: fc.Arbitrary<Rival> = fc.record({
	cluster: fc.constantFrom("aaa", "zzz"),
	mark: marks,
	active: fc.boolean(),
	path: fc.constant("/clickhouse/0/rows"),
	replica: fc.constant("zzz-0-0"),
});

/** Any cluster that the types allow, also such as no platform would show, with none to four replicas in each shard. */
export const clusters: fc.Arbitrary<ObservedCluster> = fc
	.record({
		state: fc.constantFrom(...states),
		asked: maybe(fc.constant(true as const)),
		mark: maybe(marks),
		rivals: maybe(fc.array(rivals, { maxLength: 2 })),
		shards: fc.array(fc.array(replicas, { maxLength: 4 }), { maxLength: 3 }),
	})
	.map(({ state, asked, mark, rivals, shards }) => ({
		name: "analytics",
		state,
		replicas: shards.flatMap((shard, s) =>
			shard.map(
				(replica, ordinal): ObservedReplica => ({ ...replica, shard: s, ordinal, name: `analytics-${s}-${ordinal}` }),
			),
		),
		...(asked && { asked }),
		...(mark !== undefined && { mark }),
		...(rivals !== undefined && { rivals }),
	}));

const engines = fc.oneof(fc.constantFrom("23.3", "23.8", "24.3", "24.8", "25.3.1.2-lts"), fc.string());

const why = fc.option(fc.oneof(fc.constant(true as const), anyText({ minLength: 1 })), {
	nil: undefined,
	freq: 4,
});

export const catalogues: fc.Arbitrary<Release[]> = fc.array(
	fc.record({ version: versions, engine: maybe(engines), deprecated: why, blocked: why }),
	{ maxLength: 8 },
);

const windows: fc.Arbitrary<Window> = fc.record({
	open: fc.boolean(),
	until: fc.constant("2026-11-28T01:00:00Z"),
	timeZone: fc.constantFrom("UTC", "Europe/Berlin"),
});

export const targets: fc.Arbitrary<string> = fc.oneof(
	{ weight: 4, arbitrary: versions },
	{ weight: 1, arbitrary: anyText() },
	{ weight: 1, arbitrary: fc.stringMatching(/^\s?v?[\d.]{0,12}(-rc1|latest)?\s?$/) },
	{ weight: 1, arbitrary: fc.constant("latest") },
);

export const questions: fc.Arbitrary<Question> = fc.record({
	target: targets,
	cluster: fc.oneof(
		{ weight: 8, arbitrary: clusters.map(known) },
		{ weight: 1, arbitrary: fc.string({ minLength: 1 }).map(unknown) },
	),
	catalogue: fc.oneof(
		{ weight: 8, arbitrary: catalogues.map(known) },
		{ weight: 1, arbitrary: fc.string({ minLength: 1 }).map(unknown) },
	),
	policy: fc.constantFrom(...policies),
	known: maybe(catalogues),
	localTables: maybe(fc.subarray(["default.loc", "shop.*", "default.rows"])),
	window: maybe(windows),
	unrehearsed: maybe(fc.constantFrom("none", "failed", "left-out", "expired")),
});
