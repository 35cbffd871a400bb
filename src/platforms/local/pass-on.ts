import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { type Encoding, packer } from "./compression";

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
		await (encoding === undefined ? pipeline(parts, response) : pipeline(parts, packer(encoding), response));
	} catch {
		// The replica died in the middle, or the client went away: an answer that breaks off must not look whole.
		response.destroy();
	}
}
