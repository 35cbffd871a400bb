#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { connectEngine } from "../host/engine";
import { leaveWithParent } from "../host/orphaned";
import { ownVersion } from "../host/own-version";
import { fromSdk } from "../host/sdk";
import * as schema from "./schema.json";
import { serviceOf } from "./service";

/** Of a secret that is a large file: the SDKs allow as much. */
const largest = 400 * 1024 * 1024;

/**
 * `pulumi-resource-dbcluster ADDRESS`: Pulumi's engine starts it, reads the port from the first line that it prints, and
 * calls it there. ADDRESS is the engine's own; without one the engine calls Attach.
 */
function main(): void {
	// Young objects get 2 MiB and no more: a provider's calls are short, and V8 would grow that to 64 MiB with their number.
	setFlagsFromString("--semi-space-growth-factor=1");
	const [, , address = ""] = process.argv;
	connectEngine(address);
	const { Server, ServerCredentials } = fromSdk("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
	const server = new Server({ "grpc.max_receive_message_length": largest, "grpc.max_send_message_length": largest });
	server.addService(ResourceProviderService, serviceOf({ version: ownVersion(), schema: JSON.stringify(schema) }));
	server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
		if (error !== null) throw error;
		console.log(String(port));
	});
	leaveWithParent();
}

main();
