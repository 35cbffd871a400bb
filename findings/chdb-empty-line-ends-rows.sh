#!/usr/bin/env bash
# chdb 3.4.0 (engine 26.7.2.1, Linux x64): an empty line among the rows of an INSERT ends them, and what follows is read as SQL.
#
# In TabSeparated an empty line is a row of its own, with an empty text; in JSONEachRow empty lines may stand between
# rows; in CSV a quoted text may hold one. A ClickHouse server takes all that follows FORMAT for rows. chdb stores the rows
# before the empty line, also where it then fails on the rest: the INSERT is neither whole nor refused.
#
# Seen:
#   TabSeparated "x", "", "z": 1 row, error UNKNOWN_IDENTIFIER (it looks for a column z)
#   JSONEachRow, an empty line between two rows: 1 row, error SYNTAX_ERROR
#   CSV, an empty line within quotes: 1 row, cut at the empty line, error SYNTAX_ERROR
#   TabSeparated, the empty text as last row: 1 row of 2, and no error
#   CSV with "" for the empty text: 3 rows of 3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund chdb@3.4.0

cat >look.cjs <<'JS'
const { Session } = require("chdb");
const session = new Session();
session.query("CREATE DATABASE d");
session.query("CREATE TABLE d.t (a String) ENGINE = MergeTree ORDER BY tuple()");
function look(format, rows) {
	session.query("TRUNCATE TABLE d.t");
	let error = "none";
	try {
		session.query(`INSERT INTO d.t FORMAT ${format}\n${rows}`);
	} catch ({ message }) {
		error = /\(([A-Z_]+)\)\s*$/m.exec(message)?.[1] ?? message;
	}
	console.log(format, session.query("SELECT count() FROM d.t", "TabSeparated").trim(), error);
}
look("TabSeparated", "x\n\nz\n");
look("JSONEachRow", '{"a":"x"}\n\n{"a":"z"}\n');
look("CSV", '"x\n\ny"\n"z"\n');
look("TabSeparated", "x\n\n");
look("CSV", '"x"\n""\n"z"\n');
session.close();
JS
seen=$(node look.cjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<-'SEEN'
	TabSeparated 1 UNKNOWN_IDENTIFIER
	JSONEachRow 1 SYNTAX_ERROR
	CSV 1 SYNTAX_ERROR
	TabSeparated 1 none
	CSV 3 none
SEEN
