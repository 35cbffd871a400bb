import { createRequire } from "node:module";

/**
 * Loads what Pulumi's SDK itself is made with, such as gRPC: in the copy that the SDK uses, and only when it is needed.
 *
 * @example fromSdk("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
 */
export function fromSdk(name: string): unknown {
	load ??= createRequire(require.resolve("@pulumi/pulumi/package.json"));
	// Node.js looks a name up on disk each time, and every answer to the engine needs one.
	if (!loaded.has(name)) loaded.set(name, load(name));
	return loaded.get(name);
}

let load: NodeJS.Require | undefined;
const loaded = new Map<string, unknown>();
