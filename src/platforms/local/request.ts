import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ClickHouseError, notOffered } from "./answers";
import { acceptedEncoding, type Encoding, unpacked } from "./compression";
import { errorText } from "./errors";

export interface ClientRequest {
	/** What a replica is given: without what only concerns this endpoint. */
	readonly params: URLSearchParams;
	readonly body: Buffer;
	/** By GET or HEAD, which must not write. */
	readonly readonly: boolean;
	readonly encoding: Encoding | undefined;
}

/** A write is held in memory until every replica has it. */
const bodyLimit = 256 << 20;

/** Parameters of the HTTP interface that are dealt with here: there are no users, and an answer is packed by the router. */
const ours = `user password quota_key enable_http_compression http_zlib_compression_level send_progress_in_http_headers
	http_headers_progress_interval_ms cancel_http_readonly_queries_on_client_close wait_end_of_query buffer_size
	client_protocol_version stacktrace`.split(/\s+/);

/** Parameters that are refused unless they ask for nothing. */
const refused = {
	session_id:
		"There are no sessions on the local platform: each request may reach another replica. Leave session_id out",
	compress:
		"ClickHouse's own compression (compress=1) is not supported by the local platform. Use Accept-Encoding with enable_http_compression=1",
	decompress:
		"ClickHouse's own compression (decompress=1) is not supported by the local platform. Use Content-Encoding",
};

const headers = { "x-clickhouse-database": "database", "x-clickhouse-format": "default_format" } as const;

/** Reads a request of a client; throws {@link ClickHouseError} for what the local platform does not do. */
export async function readRequest(request: IncomingMessage, url: URL): Promise<ClientRequest> {
	const params = new URLSearchParams(url.search);
	const packs = params.get("enable_http_compression") === "1";
	for (const [name, why] of Object.entries(refused))
		if (!["", "0", null].includes(params.get(name))) throw notOffered(why);
	if (request.headers["content-type"]?.startsWith("multipart/form-data"))
		throw notOffered("Forms (multipart/form-data) are not supported by the local platform. Send the query as the body");
	for (const name of [...ours, ...Object.keys(refused)]) params.delete(name);
	for (const [header, name] of Object.entries(headers)) {
		const value = request.headers[header];
		if (typeof value === "string" && !params.has(name)) params.set(name, value);
	}
	if (!params.get("query_id")) params.set("query_id", randomUUID());
	return {
		params,
		body: await readBody(request),
		readonly: request.method !== "POST",
		encoding: packs ? acceptedEncoding(request.headers["accept-encoding"]) : undefined,
	};
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
	const plain = unpacked(request);
	const chunks: Buffer[] = [];
	let size = 0;
	try {
		for await (const chunk of plain as AsyncIterable<Buffer>) {
			size += chunk.length;
			if (size > bodyLimit) {
				const words = `The request's body is larger than ${bodyLimit >> 20} MiB. Send it in parts`;
				throw new ClickHouseError(307, "TOO_MANY_BYTES", words, 413);
			}
			chunks.push(chunk);
		}
	} catch (error) {
		if (error instanceof ClickHouseError || plain === request) throw error;
		const words = `The request's body can't be unpacked: ${errorText(error)}`;
		throw new ClickHouseError(354, "ZLIB_INFLATE_FAILED", words, 400);
	}
	return Buffer.concat(chunks, size);
}
