#!/usr/bin/env bash
# ClickHouse engines 26.5.1.1 and 26.7.2.1 (chdb's libraries, Linux x64): system.settings and system.merge_tree_settings show
# the value of an automatic setting in quotes in one version and without in the next, in value and in default.
#
# Whoever compares the defaults of two versions by these tables, as before an upgrade, finds six changes that are none. Other
# texts, such as join_algorithm, are shown without quotes in both.
#
# Seen (n is the number of cores; 0: without quotes):
#   26.5.1.1 max_threads 'auto(n)' 'auto(n)'
#   26.7.2.1 max_threads auto(n) auto(n)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund old@npm:@chdb/lib-linux-x64-gnu@26.5.3 new@npm:@chdb/lib-linux-x64-gnu@26.7.3-stable.1

cat >look.cjs <<'JS'
const { Query } = require(`${__dirname}/node_modules/new/chdb_node.node`);
const of = (table) => `SELECT name, value, default FROM system.${table}`;
const sql = `SELECT version(), name, replaceRegexpAll(value, '[0-9]+', 'n'), replaceRegexpAll(default, '[0-9]+', 'n')
	FROM (${of("settings")} UNION ALL ${of("merge_tree_settings")}) WHERE value LIKE '%auto(%' ORDER BY name`;
process.stdout.write(Query(sql, "TSVRaw"));
process.stdout.write(Query("SELECT version(), name, default LIKE '\\'%' FROM system.settings WHERE name = 'join_algorithm'", "TSVRaw"));
JS
seen=$(for version in old new; do LD_LIBRARY_PATH=$folder/node_modules/$version node look.cjs; done | tr '\t' ' ')
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<-'SEEN'
	26.5.1.1 max_alter_threads 'auto(n)' 'auto(n)'
	26.5.1.1 max_final_threads 'auto(n)' 'auto(n)'
	26.5.1.1 max_parsing_threads 'auto(n)' 'auto(n)'
	26.5.1.1 max_part_loading_threads 'auto(n)' 'auto(n)'
	26.5.1.1 max_part_removal_threads 'auto(n)' 'auto(n)'
	26.5.1.1 max_threads 'auto(n)' 'auto(n)'
	26.5.1.1 join_algorithm 0
	26.7.2.1 max_alter_threads auto(n) auto(n)
	26.7.2.1 max_final_threads auto(n) auto(n)
	26.7.2.1 max_parsing_threads auto(n) auto(n)
	26.7.2.1 max_part_loading_threads auto(n) auto(n)
	26.7.2.1 max_part_removal_threads auto(n) auto(n)
	26.7.2.1 max_threads auto(n) auto(n)
	26.7.2.1 join_algorithm 0
SEEN
