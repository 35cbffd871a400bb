import type { IncomingMessage } from "node:http";
import { pipeline, type Readable } from "node:stream";
import zlib from "node:zlib";
import { notOffered } from "./answers";

const packers = { gzip: zlib.createGzip, deflate: zlib.createDeflate, br: zlib.createBrotliCompress };

export type Encoding = keyof typeof packers;

export const packer = (encoding: Encoding) => packers[encoding]();

export function acceptedEncoding(accepted: string | string[] | undefined): Encoding | undefined {
	const names = String(accepted ?? "")
		.split(",")
		.map((part) => part.trim().split(";")[0]);
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
