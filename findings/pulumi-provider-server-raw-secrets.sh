#!/usr/bin/env bash
# @pulumi/pulumi 3.270.0 (Node.js): a provider that `provider.main` serves says that it accepts secrets, and its methods
# then get them as the protocol writes them.
#
# For components (`construct`) the same server turns secrets into outputs. For `check`, `diff`, `create`, `update` and
# `read` it answers Configure with acceptSecrets, so the engine sends marked values, and hands these on undecoded: a text
# arrives as an object whose key is a hexadecimal number. The package exports nothing that decodes them. And a resource that
# is imported comes without properties, as the protocol has it: then `read` fails inside the server.
#
# Seen:
#   Configure: acceptSecrets true, supportsPreview false
#   check is handed: a password that is an object with the keys 4dabf18193072939515e22adb298388d and value
#   Read with an id alone: Cannot read properties of undefined (reading 'toJavaScript')
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @pulumi/pulumi@3.270.0

cat >provider.cjs <<'JS'
const { provider } = require("@pulumi/pulumi");
const check = async (urn, olds, news) => {
	const { password } = news;
	return { inputs: { handed: `${typeof password} ${Object.keys(password).sort().join(" ")}` } };
};
provider.main({ version: "1.0.0", check, read: async (id) => ({ id, props: {} }) }, ["127.0.0.1:1"]);
JS
cat >look.cjs <<'JS'
const { spawn } = require("node:child_process");
const grpc = require("@grpc/grpc-js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb");
const { ResourceProviderClient } = require("@pulumi/pulumi/proto/provider_grpc_pb");
const messages = require("@pulumi/pulumi/proto/provider_pb");
const { specialSigKey, specialSecretSig } = require("@pulumi/pulumi/runtime/rpc");

const served = spawn(process.execPath, ["provider.cjs"], { stdio: ["ignore", "pipe", "ignore"] });
served.stdout.once("data", async (port) => {
	const client = new ResourceProviderClient(`127.0.0.1:${String(port).trim()}`, grpc.credentials.createInsecure());
	const ask = (method, request) =>
		new Promise((resolve) => client[method](request, (error, answer) => resolve(error ? error.details : answer)));
	const configured = await ask("configure", new messages.ConfigureRequest());
	console.log("acceptSecrets", configured.getAcceptsecrets(), "supportsPreview", configured.getSupportspreview());
	const news = Struct.fromJavaScript({ password: { [specialSigKey]: specialSecretSig, value: "word" } });
	const urn = "urn:pulumi:live::shop::demo:index:Thing::one";
	const request = new messages.CheckRequest().setUrn(urn).setOlds(new Struct()).setNews(news);
	console.log((await ask("check", request)).getInputs().toJavaScript().handed);
	console.log(await ask("read", new messages.ReadRequest().setUrn(urn).setId("one")));
	served.kill();
});
JS
seen=$(node look.cjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<-'SEEN'
	acceptSecrets true supportsPreview false
	object 4dabf18193072939515e22adb298388d value
	Cannot read properties of undefined (reading 'toJavaScript')
SEEN
