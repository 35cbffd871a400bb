#!/usr/bin/env bash
# @kubernetes/client-node 2.0.1, loadFromDefault() with two files in KUBECONFIG: the current context of the last file is
# taken, and two files that name the same cluster are an error. kubectl takes the first file's in both cases, and leaves
# out a file that does not exist; here that is an error, too.
#
# Source of what kubectl does: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/,
# "Merging kubeconfig files".
#
# Seen:
#   a:b -> b
#   a:same -> Error: Duplicate cluster: a
#   a:missing -> ENOENT
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @kubernetes/client-node@2.0.1

cat >look.mjs <<'JS'
import { writeFileSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";

function write(file, name) {
	writeFileSync(file, JSON.stringify({
		clusters: [{ name, cluster: { server: `https://${file}.example.com` } }],
		users: [{ name: `user-of-${file}`, user: { token: "x" } }],
		contexts: [{ name: `context-of-${file}`, context: { cluster: name, user: `user-of-${file}` } }],
		"current-context": `context-of-${file}`,
	}));
}
write("a", "a");
write("b", "b");
write("same", "a");
for (const second of ["b", "same", "missing"]) {
	process.env.KUBECONFIG = `a:${second}`;
	const config = new KubeConfig();
	try {
		config.loadFromDefault();
		console.log(`a:${second}`, config.getCurrentContext());
	} catch (error) {
		console.log(`a:${second}`, error.code ?? error.message);
	}
}
JS
seen=$(node look.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<-'SEEN'
	a:b context-of-b
	a:same Duplicate cluster: a
	a:missing ENOENT
SEEN
