/**
 * Stands in for the provider plugins of @pulumi/kubernetes and @pulumi/random, which are no packages of npm: to the engine
 * it is a plugin, to the API server a client that applies what it is handed. It waits for nothing and knows no previews.
 */
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { isDeepStrictEqual } from "node:util";
import { main } from "@pulumi/pulumi/provider/index.js";
import type { Provider } from "@pulumi/pulumi/provider/provider.js";
import { apply, remove, type Thing } from "./objects.ts";

type Inputs = Record<string, unknown>;
const { connect } = createRequire(import.meta.url)("../../dist/platforms/kubernetes/api/connection.js");
const [kind, version = "", ...args] = process.argv.slice(2);

/** Secrets arrive with a marker, which stays on what goes back to the engine and is no business of the API server. */
const marker = "4dabf18193072939515e22adb298388d";
function plain(value: unknown): unknown {
	if (typeof value !== "object" || value === null) return value;
	if (Array.isArray(value)) return value.map(plain);
	if (marker in value) return plain((value as Inputs).value);
	return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}
const thing = (inputs: Inputs) => plain(inputs) as Thing;

function kubernetes(): Provider {
	const api = { connection: connect({ kubeconfig: process.env.KUBECONFIG }) };
	return {
		version,
		async create(_, inputs) {
			const { metadata } = await apply(api, thing(inputs));
			return { id: metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name, outs: inputs };
		},
		async diff(_id, _urn, olds, news) {
			const renamed = thing(olds).metadata.name !== thing(news).metadata.name;
			return { changes: !isDeepStrictEqual(olds, news), replaces: renamed ? ["metadata.name"] : [] };
		},
		async update(_id, _urn, _olds, news) {
			await apply(api, thing(news));
			return { outs: news };
		},
		delete: (_id, _urn, props) => remove(api, thing(props)),
	};
}

const random: Provider = {
	version,
	create: async (_, inputs) => ({ id: "none", outs: { ...inputs, result: randomBytes(16).toString("hex") } }),
	diff: async (_id, _urn, { result, ...olds }, news) => ({ changes: !isDeepStrictEqual(olds, news) }),
	delete: async () => {},
};

main(kind === "random" ? random : kubernetes(), args);
