#!/usr/bin/env bash
# What action.yml runs: a preview and its report. It ends as the preview did: no trouble with the report makes a failed
# preview look well, or a good one look failed.
set -uo pipefail

warn() { echo "::warning title=pulumi-dbcluster::$1"; }

if ! package=$(node -p 'require.resolve("pulumi-dbcluster/package.json", { paths: [process.cwd()] })' 2>/dev/null); then
	echo "::error title=pulumi-dbcluster::pulumi-dbcluster is not installed in $DBCLUSTER_WORK_DIR. Install the program's packages before this step, for example with npm ci."
	exit 1
fi
dbcluster() { node "$(dirname "$package")/dist/cli/main.js" "$@"; }

folder=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/dbcluster-XXXXXX")
report=$folder/report.md

arguments=()
while IFS= read -r line; do
	[[ -z $line ]] || arguments+=("$line")
done <<<"$DBCLUSTER_ARGS"

pulumi preview --json --show-sames --non-interactive --stack "$DBCLUSTER_STACK" \
	${arguments[@]+"${arguments[@]}"} >"$folder/preview.json"
status=$?
echo "exit-code=$status" >>"$GITHUB_OUTPUT"

# The step that posts it adds a hidden line, which must have room in a comment of GitHub's, too.
options=(--status "$status" --url "$DBCLUSTER_RUN" --limit 65000)
[[ -z $DBCLUSTER_TITLE ]] || options+=(--title "$DBCLUSTER_TITLE")
# A preview that failed names no cluster that it did not come to; the state does. Secrets stay encrypted in it.
if [[ $status -ne 0 ]] && pulumi stack export --stack "$DBCLUSTER_STACK" --file "$folder/state.json" >/dev/null 2>&1; then
	options+=(--state "$folder/state.json")
fi
dbcluster report "$folder/preview.json" "${options[@]}" --output "$report" --exit-code
found=$?
rm -f "$folder/preview.json" "$folder/state.json"

if [[ ! -s $report ]]; then
	warn "The report could not be made; the preview ended with $status."
	exit "$status"
fi
echo "report=$report" >>"$GITHUB_OUTPUT"
[[ $found -eq 0 ]] && unchanged=true || unchanged=false
echo "unchanged=$unchanged" >>"$GITHUB_OUTPUT"
cat "$report" >>"$GITHUB_STEP_SUMMARY"
# Nothing that stands in a report is a command to the runner.
echo "::stop-commands::$(basename "$folder")"
cat "$report"
echo "::$(basename "$folder")::"
exit "$status"
