import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Duplex, pipeline } from "node:stream";
import zlib from "node:zlib";
import { EndpointError, errors } from "./answers";
import { errorText } from "./error-text";

/** A client's request, read whole. */
export interface ClientRequest {
	/** What a replica is given: without what only concerns this endpoint. */
	readonly params: URLSearchParams;
	/** Unpacked. */
	readonly body: Buffer;
	/** By GET or HEAD, which must not write. */
	readonly readonly: boolean;
	/** How the answer is to be packed. */
	readonly encoding: Encoding | undefined;
}

export type Encoding = "gzip" | "deflate" | "br";

/** A write is held in memory until it is in the log. */
const bodyLimit = 256 << 20;

/** Parameters of the HTTP interface that are dealt with here: there are no users, and an answer is packed by the router. */
const ours = [
	"user",
	"password",
	"quota_key",
	"enable_http_compression",
	"http_zlib_compression_level",
	"send_progress_in_http_headers",
	"http_headers_progress_interval_ms",
	"cancel_http_readonly_queries_on_client_close",
	"wait_end_of_query",
	"buffer_size",
	"client_protocol_version",
	"stacktrace",
];

/** Headers that stand for a parameter. */
const headers = { "x-clickhouse-database": "database", "x-clickhouse-format": "default_format" } as const;

/** Reads a request of a client; throws {@link EndpointError} for what the local platform does not do. */
export async function readRequest(request: IncomingMessage, url: URL): Promise<ClientRequest> {
	const params = new URLSearchParams(url.search);
	const wanted = params.get("enable_http_compression") === "1";
	const unsupported = [
		[
			"session_id",
			"Sessions (session_id) would bind a client to one replica, and the local platform has none. Leave session_id out",
		],
		[
			"compress",
			"ClickHouse's own compression (compress=1) is not offered by the local platform. Use Accept-Encoding with enable_http_compression=1",
		],
		[
			"decompress",
			"ClickHouse's own compression (decompress=1) is not offered by the local platform. Use Content-Encoding",
		],
	] as const;
	for (const [name, why] of unsupported) {
		if (!["", "0", null].includes(params.get(name))) throw errors.unsupported(why);
		params.delete(name);
	}
	if (request.headers["content-type"]?.startsWith("multipart/form-data")) {
		throw errors.unsupported(
			"Forms (multipart/form-data) are not offered by the local platform. Send the query as the body",
		);
	}
	for (const name of ours) params.delete(name);
	for (const [header, name] of Object.entries(headers)) {
		const value = request.headers[header];
		if (typeof value === "string" && !params.has(name)) params.set(name, value);
	}
	if (!params.get("query_id")) params.set("query_id", randomUUID());
	return {
		params,
		body: await readBody(request),
		readonly: request.method !== "POST",
		encoding: wanted ? chosen(request.headers["accept-encoding"]) : undefined,
	};
}

/** Packs what is written to it. */
export function packer(encoding: Encoding) {
	const make = {
		gzip: zlib.createGzip,
		deflate: zlib.createDeflate,
		br: zlib.createBrotliCompress,
	};
	return make[encoding]();
}

const unpackers: Readonly<Record<string, () => Duplex>> = {
	gzip: zlib.createGunzip,
	"x-gzip": zlib.createGunzip,
	deflate: zlib.createInflate,
	br: zlib.createBrotliDecompress,
};

async function readBody(request: IncomingMessage): Promise<Buffer> {
	const encoding = request.headers["content-encoding"]?.trim().toLowerCase();
	const unpack = encoding === undefined || encoding === "" || encoding === "identity" ? undefined : unpackers[encoding];
	if (unpack === undefined && encoding && encoding !== "identity") {
		throw errors.unsupported(`Content-Encoding ${encoding} is not offered. Use gzip or deflate`);
	}
	// A pipeline, so that a client that goes away in the middle ends the unpacking, too.
	const plain = unpack === undefined ? request : pipeline(request, unpack(), () => {});
	const chunks: Buffer[] = [];
	let size = 0;
	try {
		for await (const chunk of plain) {
			size += chunk.length;
			if (size > bodyLimit) throw errors.tooLarge(bodyLimit);
			chunks.push(chunk as Buffer);
		}
	} catch (error) {
		if (error instanceof EndpointError || unpack === undefined) throw error;
		throw errors.badBody(errorText(error));
	}
	return Buffer.concat(chunks, size);
}

/** The first packing on offer that the client takes. */
function chosen(accepted: string | string[] | undefined): Encoding | undefined {
	const names = String(accepted ?? "")
		.split(",")
		.map((part) => part.trim().split(";")[0]);
	const offered: readonly Encoding[] = ["gzip", "deflate", "br"];
	return offered.find((encoding) => names.includes(encoding));
}
