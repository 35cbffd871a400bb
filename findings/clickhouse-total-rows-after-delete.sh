#!/usr/bin/env bash
# ClickHouse engine 26.7.2.1 (chdb's library, Linux x64): after DELETE FROM, total_rows of system.tables counts the rows that
# are deleted, as system.parts does, until a merge writes the part anew.
#
# The column is documented as an exact number, or NULL where that can't be had quickly. Whoever compares it before and after
# a restart sees rows go that nobody lost: a merge that comes with the start makes the number smaller by itself.
#
# Source: https://clickhouse.com/docs/operations/system-tables/tables
#
# Seen (rows by count(), total_rows, rows of the active parts):
#   2000 rows: 2000 2000 2000
#   100 of them deleted: 1900 2000 2000
#   merged: 1900 1900 1900
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund chdb@3.4.0

cat >look.cjs <<'JS'
const { Session } = require("chdb");
const session = new Session();
const table = "database = 'd' AND";
session.query("CREATE DATABASE d");
session.query("CREATE TABLE d.t (a UInt32) ENGINE = MergeTree ORDER BY a");
for (const [what, sql] of [
	["made", "INSERT INTO d.t SELECT number FROM numbers(2000)"],
	["deleted", "DELETE FROM d.t WHERE a < 100"],
	["merged", "OPTIMIZE TABLE d.t FINAL"],
]) {
	session.query(sql);
	const counts = session.query(
		`SELECT (SELECT count() FROM d.t), (SELECT total_rows FROM system.tables WHERE ${table} name = 't'),
			(SELECT sum(rows) FROM system.parts WHERE ${table} table = 't' AND active)`,
		"TabSeparated",
	);
	console.log(what, ...counts.trim().split("\t"));
}
session.close();
JS
seen=$(node look.cjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<-'SEEN'
	made 2000 2000 2000
	deleted 1900 2000 2000
	merged 1900 1900 1900
SEEN
