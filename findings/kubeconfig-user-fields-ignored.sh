#!/usr/bin/env bash
# @kubernetes/client-node 2.0.1: of a kubeconfig's user it takes neither tokenFile nor as-groups, and a credential plugin
# with provideClusterInfo gets no KUBERNETES_EXEC_INFO. With kubectl the requests have the file's token, and the headers
# Impersonate-User and Impersonate-Group; plugins always have the variable.
#
# Source of what kubectl does: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/, AuthInfo and ExecConfig.
#
# Seen:
#   tokenFile -> no header
#   as, as-groups -> Impersonate-User alone
#   exec -> the plugin's variable is empty
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @kubernetes/client-node@2.0.1

printf of-a-file >token
cat >plugin <<'SH'
#!/bin/sh
echo '{"kind":"ExecCredential","status":{"token":"told:'"$KUBERNETES_EXEC_INFO"'"}}'
SH
chmod +x plugin
cat >look.mjs <<'JS'
import { KubeConfig } from "@kubernetes/client-node";

const exec = { apiVersion: "client.authentication.k8s.io/v1", command: `${process.cwd()}/plugin`, provideClusterInfo: true };
const users = {
	tokenFile: { tokenFile: `${process.cwd()}/token` },
	impersonated: { token: "x", as: "jane", "as-groups": ["dev", "ops"] },
	exec: { exec },
};
for (const [name, user] of Object.entries(users)) {
	const config = new KubeConfig();
	config.loadFromString(JSON.stringify({
		clusters: [{ name: "c", cluster: { server: "https://a.example.com" } }],
		users: [{ name: "u", user }],
		contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
		"current-context": "x",
	}));
	const options = {};
	await config.applyToHTTPSOptions(options);
	console.log(name, JSON.stringify(options.headers));
}
JS
seen=$(env -u KUBERNETES_EXEC_INFO node look.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<-'SEEN'
	tokenFile {}
	impersonated {"Impersonate-User":"jane","Authorization":"Bearer x"}
	exec {"Authorization":"Bearer told:"}
SEEN
