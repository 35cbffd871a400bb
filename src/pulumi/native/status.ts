import type { StatusObject } from "@grpc/grpc-js";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Properties } from "../args/inputs";
import { hidden } from "../host/call";
import { theEngine } from "../host/engine";
import { OneLineError, Unfinished } from "../host/failure";
import { fromSdk } from "../host/sdk";

/** What a call answers that did not go well. */
type Failure = Pick<StatusObject, "code" | "details"> & Partial<Pick<StatusObject, "metadata">>;

const unknown = 2;

/**
 * An error as the engine takes it: the message alone; and of a resource that exists but is not as it should be, what is
 * stored of it, so that the next `up` resumes it. The stack of a bug of ours goes to the engine's debug log. Secrets of the
 * call under way are taken out of the texts.
 *
 * @param close Packs the outputs of such a resource.
 * @param inputs Those in force.
 */
export function statusOf(error: unknown, close?: (outputs: Properties) => Struct, inputs?: Struct): Failure {
	if (isFailure(error)) return error;
	const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
	if (error instanceof Unfinished && close !== undefined) return unfinished(error, close(error.properties), inputs);
	if (!(error instanceof OneLineError)) theEngine()?.({ text: hidden(stack), severity: "debug" }).catch(() => {});
	return { code: unknown, details: hidden(message) };
}

function unfinished({ id, reasons, message: shown }: Unfinished, outputs: Struct, inputs?: Struct): Failure {
	const message = hidden(shown);
	const { Metadata } = fromSdk("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
	const { Any } = fromSdk(
		"google-protobuf/google/protobuf/any_pb",
	) as typeof import("google-protobuf/google/protobuf/any_pb");
	const stored = new messages.ErrorResourceInitFailed()
		.setId(id)
		.setProperties(outputs)
		.setReasonsList(reasons.map(hidden))
		.setInputs(inputs);
	const detail = new Any();
	detail.pack(stored.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
	const status = new Status().setCode(unknown).setMessage(message);
	status.addDetails(detail);
	const metadata = new Metadata();
	metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
	return { code: unknown, details: message, metadata };
}

function isFailure(error: unknown): error is Failure {
	return typeof error === "object" && error !== null && "code" in error && "details" in error;
}
