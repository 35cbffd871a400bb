import type { ServerResponse } from "node:http";

/**
 * HTTP's status for ClickHouse's error codes, as its server has it (src/Server/HTTP/exceptionCodeToHTTPStatus.cpp). Those
 * that it answers with 503 are 500 here: from a replica's process 503 means that it is stopping.
 */
const codes: Readonly<Record<number, readonly number[]>> = {
	400: [6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676],
	401: [194],
	403: [192, 193, 497, 512, 516],
	404: [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511],
	408: [159],
	411: [381],
	413: [229],
	415: [779],
	501: [48],
};

/** An error as a ClickHouse server answers it, so that client libraries understand it. */
export class ClickHouseError extends Error {
	override readonly name = "ClickHouseError";
	constructor(
		readonly code: number,
		readonly type: string,
		readonly words: string,
		/** Of HTTP. With 503 the request may be sent again after a second. */
		readonly status = Number(Object.entries(codes).find(([, those]) => those.includes(code))?.[0] ?? 500),
	) {
		// The line that client libraries take apart.
		super(`Code: ${code}. DB::Exception: ${words.replace(/\.?$/, ".")} (${type})`);
	}
}

export const noReplica = (why: string) => new ClickHouseError(279, "ALL_CONNECTION_TRIES_FAILED", why, 503);
export const notOffered = (what: string) => new ClickHouseError(48, "NOT_IMPLEMENTED", what);

/** Answers with an error, unless an answer has already begun: then the connection is cut, so that it is not taken as whole. */
export function answerError(
	response: ServerResponse,
	{ message, code, status }: ClickHouseError,
	version: string | undefined,
	headers: Readonly<Record<string, string>> = {},
): void {
	if (response.headersSent) {
		response.destroy();
		return;
	}
	response.writeHead(status, {
		...headers,
		"Content-Type": "text/plain; charset=UTF-8",
		"X-ClickHouse-Exception-Code": String(code),
		...(status === 503 && { "Retry-After": "1" }),
	});
	response.end(version === undefined ? `${message}\n` : `${message} (version ${version})\n`);
}
