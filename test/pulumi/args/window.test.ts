import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { windowAt, windowProblem } from "../../../src/pulumi/args/window";

const saturdays = { schedule: "0 2 * * 6", minutes: 240, timeZone: "Europe/Berlin" };

describe("a window on Saturdays from 2 to 6 in Berlin", () => {
	test.each([
		["2026-11-24T12:00:00Z", false, "2026-11-28T01:00:00.000Z"],
		["2026-11-28T00:59:59Z", false, "2026-11-28T01:00:00.000Z"],
		["2026-11-28T01:00:00Z", true, "2026-11-28T05:00:00.000Z"],
		["2026-11-28T04:59:59.999Z", true, "2026-11-28T05:00:00.000Z"],
		["2026-11-28T05:00:00Z", false, "2026-12-05T01:00:00.000Z"],
		// Summer time: an hour earlier by UTC.
		["2026-07-04T00:30:00Z", true, "2026-07-04T04:00:00.000Z"],
	])("at %s", (now, open, until) => {
		expect(windowAt(saturdays, new Date(now))).toEqual({ open, until, timeZone: "Europe/Berlin" });
	});
});

test("windows without a gap between are one", () => {
	const twice = { schedule: "0 2,4 * * *", minutes: 120, timeZone: "UTC" };
	const at = (now: string) => windowAt(twice, new Date(now));
	expect(at("2026-11-24T02:30:00Z")).toEqual({ open: true, until: "2026-11-24T06:00:00.000Z", timeZone: "UTC" });
	expect(at("2026-11-24T06:00:00Z")).toMatchObject({ open: false, until: "2026-11-25T02:00:00.000Z" });
	// Open at any time: told for a week at most.
	expect(windowAt({ schedule: "* * * * *", minutes: 5, timeZone: "UTC" }, new Date())).toMatchObject({ open: true });
});

test("what it tells is so: right before that time it is as it was, and then it is not", () => {
	const hours = fc.integer({ min: 0, max: 23 });
	fc.assert(
		fc.property(
			fc.constantFrom("15", "0,20,50", "*/30", "5-7"),
			hours,
			fc.integer({ min: 0, max: 6 }),
			fc.integer({ min: 1, max: 1440 }),
			fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"),
			fc.date({ min: new Date("2025-01-01"), max: new Date("2027-12-31"), noInvalidDate: true }),
			(minute, hour, day, minutes, timeZone, now) => {
				const schedule = { schedule: `${minute} ${hour} * * ${day}`, minutes, timeZone };
				const { open, until } = windowAt(schedule, now);
				const then = new Date(until);
				expect(then.getTime()).toBeGreaterThan(now.getTime());
				expect(windowAt(schedule, new Date(then.getTime() - 1)).open).toBe(open);
				expect(windowAt(schedule, then).open).toBe(!open);
			},
		),
		{ numRuns: 300 },
	);
});

/** When windows open on a day before five, as a person there reads the clock. */
function openings(schedule: string, timeZone: string, day: string): string[] {
	const clock = new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "short" });
	const noon = new Date(`${day}T12:00:00Z`).getTime();
	const found: string[] = [];
	for (let at = new Date(noon - 86_400_000); at.getTime() < noon; ) {
		const { open, until } = windowAt({ schedule, minutes: 10, timeZone }, at);
		at = new Date(until);
		if (!open) found.push(clock.format(at));
	}
	return found.filter((time) => time > day && time < `${day} 05`).map((time) => time.slice(day.length + 1));
}

describe.each([
	["Europe/Berlin", "2027-03-28", "2027-10-31", 2],
	["America/New_York", "2027-03-14", "2027-11-07", 1],
] as const)("when the clocks change in %s", (timeZone, forward, back, twice) => {
	test.each([
		["30 2 * * *", ["03:00"]],
		["0,30 2 * * *", ["03:00"]],
		["0-4 2 * * 0", ["03:00"]],
		["*/15 2 * * *", ["03:00"]],
		["* 2 * * *", ["03:00"]],
		["10-50/20 2 * * 6-7", ["03:00"]],
		["30 1-3 * * *", ["01:30", "03:00", "03:30"]],
		["0,30 2,4 * * *", ["03:00", "04:00", "04:30"]],
		["30 */2 * * *", ["00:30", "04:30"]],
		["30 * * * *", ["00:30", "01:30", "03:30", "04:30"]],
	])("%s: a time of the hour that is skipped counts as its end", (schedule, times) => {
		expect(openings(schedule, timeZone, forward)).toEqual(times);
	});

	test.each([
		[`30 ${twice} * * *`, [`0${twice}:30`]],
		[`0,30 ${twice} * * *`, [`0${twice}:00`, `0${twice}:30`]],
		[`*/20 ${twice} * * *`, [`0${twice}:00`, `0${twice}:20`, `0${twice}:40`]],
		["30 * * * *", ["00:30", "01:30", `0${twice}:30`, "02:30", "03:30", "04:30"]],
	])("%s: a time of the hour that comes twice counts once, unless no hour is given", (schedule, times) => {
		expect(openings(schedule, timeZone, back)).toEqual(times);
	});
});

test.each([
	[saturdays, undefined],
	[{ ...saturdays, timeZone: "Mars/Olympus" }, '"Mars/Olympus" is not a time zone, such as "UTC" or "Europe/Berlin".'],
	[
		{ ...saturdays, schedule: "every night" },
		'"every night" is not a cron schedule of five fields, such as "0 2 * * 6".',
	],
	[
		{ ...saturdays, schedule: "0 0 2 * * 6" },
		'"0 0 2 * * 6" is not a cron schedule of five fields, such as "0 2 * * 6".',
	],
	[
		{ ...saturdays, schedule: "0 2 30 2 *" },
		'"0 2 30 2 *" matches no time: give a cron schedule of five fields, such as "0 2 * * 6".',
	],
])("%j", (schedule, said) => expect(windowProblem(schedule)?.message).toBe(said));

test.each([
	"2026-11-28T08:25:00",
	"Sat Nov 28 2026 08:25:00",
	"0:0 2 * * 6",
	"@daily",
	"0 2 * * 6 2027",
	"61 2 * * 6",
	"",
])("only five fields are a schedule, whatever the time is: %s", (schedule) => {
	expect(windowProblem({ ...saturdays, schedule })).toEqual({
		path: ["schedule"],
		message: `"${schedule}" is not a cron schedule of five fields, such as "0 2 * * 6".`,
	});
});
