import type { Failure } from "../../src/core/cluster";
import type { HeldTable } from "../../src/core/holdings";
import { compareVersions, type DbVersion } from "../../src/core/version";

/** How a version behaves when a replica starts it. */
export interface Engine {
	/**
	 * What becomes of it. `missing`: there is no such image, so that the data is not touched. `loops`: it exits and is
	 * started again, over and over. Default `serves`.
	 */
	readonly fate?: "serves" | "exits" | "hangs" | "missing" | "loops";
	/** Of `boots`, the milliseconds before its process begins, as while an image is pulled. Default 0. */
	readonly pulls?: number;
	/** Of `boots`, the milliseconds in which the process before it still stops, and has time for that. Default 0. */
	readonly stops?: number;
	/** Milliseconds until it answers, in which its phase changes four times. Default 2,000. */
	readonly boots?: number;
	/** Milliseconds that it needs to catch up after that. Default 0. */
	readonly lags?: number;
	/** Milliseconds for which it is read-only once it answers. Default 0. */
	readonly readOnly?: number;
	/** It says that it is another version, or does not say. */
	readonly reports?: DbVersion | "nothing";
	/** The share of its clients' queries that fail, with this code of ClickHouse. Default none. */
	readonly fails?: { readonly code: number; readonly share: number };
	/** It can't say how its clients' queries ended. */
	readonly logless?: boolean;
	/** It can't be asked whether it is read-only or behind. */
	readonly mute?: boolean;
}

/** One replica of the scripted platform. All that it shows follows from this and the time. */
export interface Unit {
	readonly name: string;
	readonly shard: number;
	readonly ordinal: number;
	/** What it runs, or would start. */
	version: DbVersion;
	openedBy: DbVersion | undefined;
	process?: { readonly version: DbVersion; readonly engine: Engine; readonly since: number };
	lastWords?: string;
	drained: boolean;
	readOnlyUntil: number;
	behindUntil: number;
	/** When each query that it runs for a client ends. */
	queries: number[];
	/** The settings that its process read at its start. */
	settings: string;
	/** It is new, and clients don't reach it yet. */
	joining: boolean;
	/** Somebody scaled: it is not asked for though it is the cluster's, or is there though it is not. */
	scaled?: "away" | "surplus";
	/** It holds something that no other replica holds. */
	alone?: boolean;
	/** Its tables; they stay when its process ends. */
	tables: HeldTable[];
	/** Numbers of the rows on its volume, of tables that replicate. */
	readonly stored: Set<number>;
	/** Why its data ends with its process. */
	volatile?: string | undefined;
	/** What its next start finds gone from its volume, as a fault: all, or the last of its tables. */
	loses?: "all" | "a table";
	/** Others made it, by scaling the set: it is none of the cluster's. */
	foreign?: boolean;
	/** A roll took it out of service and it has not served since. */
	outByUs: boolean;
	/** A roll took it out while it served, and has neither let it back nor restarted it. */
	taken?: boolean;
	/** It was taken out because it lacks what another serves, so that nobody misses it. */
	useless?: boolean;
}

export interface Condition {
	readonly phase: string;
	readonly failure?: Failure;
	readonly serving: boolean;
	readonly readOnly: boolean | undefined;
	readonly caughtUp: boolean | undefined;
	readonly version: DbVersion | undefined;
	readonly starting?: DbVersion;
	readonly busy?: true;
}

/** Milliseconds before one that loops is started again. */
const backOff = 10_000;

const down = { serving: false, readOnly: undefined, caughtUp: undefined };

export function conditionOf(unit: Unit, now: number): Condition {
	const { process, version } = unit;
	if (unit.scaled === "away")
		return { ...down, version, phase: "scaled away", ...failed("scaled", "it is not asked for") };
	if (unit.scaled === "surplus") return { ...down, version, phase: "beyond the cluster's size" };
	if (process === undefined) {
		const { lastWords } = unit;
		return {
			...down,
			version,
			phase: lastWords === undefined ? "not started" : "ended",
			...failed("exits", lastWords),
		};
	}
	const { fate = "serves", pulls = 0, stops = 0, boots = 2000, lags = 0, readOnly = 0, reports, mute } = process.engine;
	const sinceStart = now - process.since;
	const age = fate === "loops" ? sinceStart % (boots + backOff) : sinceStart;
	if (fate === "missing")
		return { ...down, version, phase: "no image", ...failed("image", `there is no image of ${version}`) };
	if (age < stops) return { ...down, version: undefined, phase: "stopping", busy: true };
	if (age < pulls) return { ...down, version: undefined, starting: version, phase: "pulling the image" };
	if ((fate === "exits" || fate === "loops") && age >= boots) {
		return {
			...down,
			version,
			phase: "ended",
			...failed("exits", 'exits at start: "Code: 1000. DB::Exception: cannot load"'),
		};
	}
	if (age < boots || fate === "hangs") {
		return { ...down, version, phase: `loading tables: ${fate === "hangs" ? 1 : Math.floor((4 * age) / boots)} of 4` };
	}
	const caughtUp = age >= boots + lags && now >= unit.behindUntil;
	return {
		phase: caughtUp
			? "serving"
			: `behind by ${Math.ceil((Math.max(unit.behindUntil, process.since + boots + lags) - now) / 1000)} s`,
		// It enters the endpoints once it has caught up; falling behind later does not take it out of them.
		serving: !unit.drained && !unit.joining && age >= boots + lags,
		readOnly: mute ? undefined : age < boots + readOnly || now < unit.readOnlyUntil,
		caughtUp: mute ? undefined : caughtUp,
		version: reports === "nothing" ? undefined : (reports ?? process.version),
	};
}

/** Whether it answers a question about itself, be it among the endpoints or not. */
export function answers({ process }: Unit, now: number): boolean {
	if (process === undefined || (process.engine.fate ?? "serves") !== "serves") return false;
	return now - process.since >= Math.max(process.engine.pulls ?? 0, process.engine.boots ?? 2000);
}

/** Whether it fetches what others of its shard were given. One that does not tell that it lags is taken not to. */
export function fetches(unit: Unit, now: number): boolean {
	const { boots = 2000, lags = 0, mute } = unit.process?.engine ?? {};
	const since = unit.process?.since ?? now;
	return answers(unit, now) && (mute === true || (now >= unit.behindUntil && now - since >= boots + lags));
}

const failed = (cause: Failure["cause"], words: string | undefined) =>
	words === undefined ? {} : { failure: { cause, words } };

/** Starts the unit's version; an older one than opened the data must never come this far. */
export function boot(unit: Unit, engine: Engine, now: number): void {
	unit.process = { version: unit.version, engine, since: now };
	unit.lastWords = undefined;
	unit.drained = false;
	unit.taken = false;
	unit.queries = [];
	if (engine.fate === "missing") return;
	if (unit.openedBy !== undefined && compareVersions(unit.version, unit.openedBy) < 0) {
		throw new Error(`${unit.name}: ${unit.version} opened the data of ${unit.openedBy}`);
	}
	unit.openedBy = unit.version;
}
