#!/usr/bin/env bash
# croner 11.0.1, an npm package that reads cron schedules.
#
# `mode: "5-part"` is documented as "Traditional 5-field cron", and a schedule of six fields is refused under it. A date is
# taken all the same, in ISO 8601 or in any other form that Date.parse reads: whatever has a colon after its first character
# is a run that comes once, so that it is valid until that time and has no next run afterwards. Nicknames are taken, too.
#
# Seen:
#   2026-11-28T08:25:00 -> 2026-11-28T08:25:00.000Z
#   Sat Nov 28 2026 08:25:00 -> 2026-11-28T08:25:00.000Z
#   @daily -> 2026-01-02T00:00:00.000Z
#   0 2 * * 6 2027 -> refused
#
# Expected: all four are refused.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund croner@11.0.1

export TZ=UTC
found=$(node -e '
const { Cron } = require("croner");
for (const schedule of ["2026-11-28T08:25:00", "Sat Nov 28 2026 08:25:00", "@daily", "0 2 * * 6 2027"]) {
	let next;
	try {
		const cron = new Cron(schedule, { mode: "5-part", timezone: "UTC", paused: true });
		next = cron.nextRun(new Date("2026-01-01T00:00:00Z"))?.toISOString();
	} catch {
		next = "refused";
	}
	console.log(`${schedule} -> ${next}`);
}
')
echo "$found"
[[ $found == "2026-11-28T08:25:00 -> 2026-11-28T08:25:00.000Z
Sat Nov 28 2026 08:25:00 -> 2026-11-28T08:25:00.000Z
@daily -> 2026-01-02T00:00:00.000Z
0 2 * * 6 2027 -> refused" ]]
