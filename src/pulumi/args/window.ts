import { shown } from "../../control/accepts";
import type { Window } from "../../core/question";

/** When updates may begin. */
export interface Schedule {
	/** As cron has it, in five fields. */
	readonly schedule: string;
	readonly minutes: number;
	readonly timeZone: string;
}

/** Whether a window is open at a time, and until when that stays so. */
export function windowAt({ schedule, minutes, timeZone }: Schedule, now: Date): Window {
	const cron = cronOf(schedule, timeZone);
	const length = minutes * 60_000;
	// The first opening whose window has not closed yet.
	const opens = cron.nextRun(new Date(now.getTime() - length));
	if (opens === null) throw new Error(`the schedule ${schedule} matches no time`);
	const open = opens <= now;
	return { open, until: (open ? closing(cron, opens, length) : opens).toISOString(), timeZone };
}

/** Windows that follow one another without a gap are one. None is followed for more than a week. */
function closing(cron: Cron, opens: Date, length: number): Date {
	let closes = new Date(opens.getTime() + length);
	for (let last = opens; closes.getTime() - opens.getTime() < 7 * 86_400_000; ) {
		const next = cron.nextRun(last);
		if (next === null || next > closes) break;
		last = next;
		closes = new Date(next.getTime() + length);
	}
	return closes;
}

/** What is wrong with a window; `undefined` where it opens some day. */
export function windowProblem({ schedule, timeZone }: Schedule): { path: string[]; message: string } | undefined {
	try {
		new Intl.DateTimeFormat("en", { timeZone });
	} catch {
		return { path: ["timeZone"], message: `${shown(timeZone)} is not a time zone, such as "UTC" or "Europe/Berlin".` };
	}
	const wanted = 'a cron schedule of five fields, such as "0 2 * * 6"';
	const malformed = { path: ["schedule"], message: `${shown(schedule)} is not ${wanted}.` };
	// The library also takes a date, which has a colon, and nicknames such as @daily, whatever its mode.
	if (!/^\s*([^\s:]+\s+){4}[^\s:]+\s*$/.test(schedule)) return malformed;
	try {
		if (cronOf(schedule, timeZone).nextRun() !== null) return undefined;
		return { path: ["schedule"], message: `${shown(schedule)} matches no time: give ${wanted}.` };
	} catch {
		return malformed;
	}
}

type Cron = import("croner").Cron;

/**
 * Where hours are given, each time is a time of the day: one that daylight saving skips counts as the first minute after
 * the gap, and one that comes twice counts once. Where they are not, as in `0 * * * *`, times go on through both.
 */
function cronOf(schedule: string, timezone: string): Cron {
	const [minutes = "", ...others] = schedule.trim().split(/\s+/);
	// It takes a list of minutes for times of the day, but not a step or `*`.
	return load([minutesOf(minutes).join(","), ...others].join(" "), { timezone });
}

/** The minutes that a schedule's first field means. */
function minutesOf(field: string): number[] {
	const runs = load(`${field} * * * *`, { utcOffset: 0 }).nextRuns(60, new Date(-1));
	return [...new Set(runs.map((run) => run.getUTCMinutes()))];
}

/** Loaded at first use: most updates are held to no window. */
function load(pattern: string, zone: { timezone: string } | { utcOffset: 0 }): Cron {
	const { Cron } = require("croner") as typeof import("croner");
	return new Cron(pattern, { ...zone, mode: "5-part", fixedTimeRule: "no-wildcard", paused: true });
}
