import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { pipeline, type Readable } from "node:stream";
import { pipeline as piped } from "node:stream/promises";
import zlib from "node:zlib";
import { notOffered } from "./answers";

const packers = { gzip: zlib.createGzip, deflate: zlib.createDeflate, br: zlib.createBrotliCompress };

export type Encoding = keyof typeof packers;

export function acceptedEncoding(accepted = ""): Encoding | undefined {
	const names = accepted.split(",").map((part) => part.trim().split(";")[0]);
	return (Object.keys(packers) as Encoding[]).find((encoding) => names.includes(encoding));
}

const unpackers = new Map([
	["gzip", zlib.createGunzip],
	["x-gzip", zlib.createGunzip],
	["deflate", zlib.createInflate],
	["br", zlib.createBrotliDecompress],
]);

export function unpacked(request: IncomingMessage): Readable {
	const encoding = request.headers["content-encoding"]?.trim().toLowerCase();
	if (!encoding || encoding === "identity") return request;
	const unpacker = unpackers.get(encoding);
	if (unpacker === undefined) throw notOffered(`Content-Encoding ${encoding} is not supported. Use gzip or deflate`);
	// A pipeline, so that a client that goes away in the middle ends the unpacking, too.
	return pipeline(request, unpacker(), () => {});
}

export interface PassedAnswer {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly parts: Iterable<Buffer> | AsyncIterable<Buffer>;
	/** In bytes, where all of it is there. */
	readonly length: number | undefined;
}

/** Hands an answer on to a client, packed as that asked for. */
export async function passOn(
	{ status, headers, parts, length }: PassedAnswer,
	encoding: Encoding | undefined,
	response: ServerResponse,
): Promise<void> {
	const kept = Object.entries(headers).filter(([name]) => /^(x-clickhouse-|content-type$)/.test(name));
	if (encoding !== undefined) kept.push(["content-encoding", encoding]);
	else if (length !== undefined) kept.push(["content-length", String(length)]);
	response.writeHead(status, Object.fromEntries(kept));
	try {
		await (encoding === undefined ? piped(parts, response) : piped(parts, packers[encoding](), response));
	} catch {
		// The replica died in the middle, or the client went away: an answer that breaks off must not look whole.
		response.destroy();
	}
}
