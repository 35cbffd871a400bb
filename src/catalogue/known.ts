import type { Release } from "../core/release";
import { type DbVersion, parseVersion, usual } from "../core/version";

/**
 * The change logs of MyScaleDB, each at the commit that was read: the older in the vendor's repository, the newer, from
 * 2.0.0 on, in its successor's.
 */
const changeLogs = {
	myscale: "https://github.com/myscale/MyScaleDB/blob/2d0d7ec4c190c7ac177a1869eacd1dff68668934/MYSCALE_CHANGELOG.md",
	openDcai: "https://github.com/OpenDCAI/MyScaleDB/blob/a455bf257379ad6d2d980f95ff7b791d83c0484c/MYSCALE_CHANGELOG.md",
} as const;

/**
 * The engines of MyScaleDB. 23.3: the answer of `SELECT version()` on a 1.x server (23.3.2.1); the change logs name no
 * other engine before 2.0.0. 24.8: "v2.0.0: Upgrade ClickHouse to v24.8.8.1-lts"; they name no other one up to 2.3.0.
 */
const engines = { one: "23.3", two: "24.8" } as const;

/** Dates are from the change logs; that of 1.6.4 is from https://github.com/myscale/MyScaleDB/releases. */
const myScaleDb: readonly (readonly [version: string, date: string, engine: string, notes: string])[] = [
	["1.6.4", "2024-08-12", engines.one, "https://github.com/myscale/MyScaleDB/releases"],
	["1.7.0", "2024-08-19", engines.one, changeLogs.myscale],
	["1.7.1", "2024-09-02", engines.one, changeLogs.myscale],
	["1.8.0", "2024-09-24", engines.one, changeLogs.myscale],
	["1.9.0", "2024-11-07", engines.one, changeLogs.myscale],
	["2.0.0", "2025-04-02", engines.two, changeLogs.openDcai],
	["2.1.0", "2025-07-02", engines.two, changeLogs.openDcai],
	["2.2.0", "2025-09-15", engines.two, changeLogs.openDcai],
	["2.3.0", "2025-10-30", engines.two, changeLogs.openDcai],
];

/**
 * Versions whose engine the package knows, for catalogues that do not give it. It is not a catalogue itself: newer
 * versions come out without this package. A ClickHouse version needs no entry: it is its own engine.
 */
export const knownReleases: readonly Release[] = myScaleDb.map(([text, date, engine, notes]) => ({
	version: text as DbVersion,
	date,
	engine,
	notes,
}));

/** By the usual spelling: a catalogue may be long, and is searched for each cluster. */
const byVersion = new Map(knownReleases.map((release) => [release.version, release]));

/** Adds built-in knowledge to each release; the catalogue has precedence. */
export function withKnown(releases: readonly Release[]): Release[] {
	return releases.map((release) => {
		const known = byVersion.get(usual(release.version));
		return known === undefined ? release : { ...known, ...release };
	});
}

/**
 * A ClickHouse release as its own list spells it: `v24.8.4.13-lts`. Its notes are on GitHub under that tag, as in
 * https://github.com/ClickHouse/ClickHouse/releases. Others, such as `-testing` and `-prestable`, are not for clusters.
 */
export function clickHouseRelease(tag: string): Release | undefined {
	const [, text] = /^v(\d+\.\d+\.\d+\.\d+)-(?:lts|stable)$/.exec(tag) ?? [];
	const version = parseVersion(text);
	if (version === undefined) return undefined;
	return { version, engine: version, notes: `https://github.com/ClickHouse/ClickHouse/releases/tag/${tag}` };
}
