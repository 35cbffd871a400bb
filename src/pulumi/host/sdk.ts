import { createRequire } from "node:module";

/**
 * Loads what Pulumi's SDK itself is made with, such as gRPC: in the copy that the SDK uses, and only when it is needed.
 *
 * @example fromSdk("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
 */
export function fromSdk(name: string): unknown {
	load ??= createRequire(require.resolve("@pulumi/pulumi/package.json"));
	return load(name);
}

let load: NodeJS.Require | undefined;
