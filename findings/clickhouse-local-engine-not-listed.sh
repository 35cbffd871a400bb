#!/usr/bin/env bash
# ClickHouse engine 26.7.2.1 as clickhouse local and chdb start it (Linux x64): the engine of the database `default` is not in
# system.database_engines.
#
# The table is described as the list of the database engines that a server supports. Whoever checks by it, before an
# upgrade, whether the other version still knows the engine of every database finds one that no version seems to know, the
# one from which the asked version itself has just answered. CREATE DATABASE ... ENGINE = Overlay is refused, too.
#
# Seen:
#   default Overlay: not listed
#   INFORMATION_SCHEMA, information_schema, system: Memory, listed
#   a database that is created: Atomic, listed
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund engine@npm:@chdb/lib-linux-x64-gnu@26.7.3-stable.1

cat >look.cjs <<'JS'
const { Query } = require(`${__dirname}/node_modules/engine/chdb_node.node`);
process.stdout.write(
	Query(
		"CREATE DATABASE made; SELECT version(), name, engine, engine IN (SELECT name FROM system.database_engines) FROM system.databases ORDER BY name",
		"TSVRaw",
	),
);
try {
	Query("CREATE DATABASE other ENGINE = Overlay", "TSVRaw");
	console.log("created");
} catch ({ message }) {
	console.log(/\(([A-Z_]+)\)\s*$/m.exec(message)?.[1] ?? message);
}
JS
seen=$(LD_LIBRARY_PATH=$folder/node_modules/engine node look.cjs | tr '\t' ' ')
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<-'SEEN'
	26.7.2.1 INFORMATION_SCHEMA Memory 1
	26.7.2.1 default Overlay 0
	26.7.2.1 information_schema Memory 1
	26.7.2.1 made Atomic 1
	26.7.2.1 system Memory 1
	UNKNOWN_DATABASE_ENGINE
SEEN
