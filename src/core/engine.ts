import type { DbVersion } from "./version";

/** A ClickHouse release by its year and month, `23.3`. */
interface Engine {
	readonly year: number;
	readonly month: number;
}

/** The spring and the autumn release of each year have long-term support. */
const ltsMonths = [3, 8];

/**
 * Whether servers of two ClickHouse versions may run in one cluster: they are less than a year apart, or fewer than two
 * LTS releases lie between them. If an engine can't be parsed, the answer is yes.
 *
 * Source: https://clickhouse.com/docs/operations/update, "Multiple ClickHouse server versions in a cluster".
 *
 * @example mayRunSideBySide("23.8", "24.8"); // true: only 24.3 lies between
 * @example mayRunSideBySide("23.3", "24.8"); // false: 17 months apart, with 23.8 and 24.3 between
 */
export function mayRunSideBySide(a: string | undefined, b: string | undefined): boolean {
	const [older, newer] = [parseEngine(a), parseEngine(b)].sort((x, y) => months(x) - months(y));
	if (older === undefined || newer === undefined) return true;
	return months(newer) - months(older) < 12 || ltsBetween(older, newer) < 2;
}

/** Whether one ClickHouse version is older than another; no if either can't be parsed. */
export function isOlder(a: string | undefined, b: string | undefined): boolean {
	const [one, other] = [parseEngine(a), parseEngine(b)];
	return one !== undefined && months(one) < months(other);
}

/**
 * The engine of a DB version that is itself a ClickHouse version: since July 2018 those begin with the year.
 *
 * Source: https://clickhouse.com/docs/whats-new/changelog/2018, release 18.1.0: "Changed the numbering scheme for release
 * versions. Now the first part contains the year of release". No DB version of MyScaleDB comes near that.
 *
 * @example engineIn("24.8.4.13"); // "24.8.4.13"
 * @example engineIn("1.8.0"); // undefined
 */
export function engineIn(version: DbVersion): string | undefined {
	return Number(version.split(".")[0]) >= 18 ? version : undefined;
}

/** `23.3`, also from `23.3.2.1-lts`; `undefined` for anything else. Releases of 2018 were numbered through: 18.16. */
function parseEngine(text: string | undefined): Engine | undefined {
	const [, year, month] = /^(\d{2})\.(\d{1,2})(?!\d)/.exec(text ?? "") ?? [];
	return Number(month) >= 1 ? { year: Number(year), month: Math.min(Number(month), 12) } : undefined;
}

function months(engine: Engine | undefined): number {
	return engine === undefined ? 0 : engine.year * 12 + engine.month;
}

function ltsBetween(older: Engine, newer: Engine): number {
	let count = 0;
	for (let year = older.year; year <= newer.year; year++) {
		for (const month of ltsMonths) {
			const lts = months({ year, month });
			if (lts > months(older) && lts < months(newer)) count++;
		}
	}
	return count;
}
