import type { ServerResponse } from "node:http";

/** An error as a ClickHouse server would answer it, so that client libraries understand it. */
export class EndpointError extends Error {
	override readonly name = "QueryError";
	constructor(
		/** Of HTTP. */
		readonly status: number,
		/** Of ClickHouse. */
		readonly code: number,
		readonly type: string,
		message: string,
		/** The request may be sent again after so many seconds. */
		readonly retryAfter?: number,
	) {
		super(message);
	}
}

export const errors = {
	/** Writes pause; code 242 is what replicated tables answer meanwhile, which clients know as one to try again. */
	writesPause: (why: string) => new EndpointError(503, 242, "TABLE_IS_READ_ONLY", why, 1),
	noReplica: (why: string) => new EndpointError(503, 279, "ALL_CONNECTION_TRIES_FAILED", why, 1),
	unsupported: (what: string) => new EndpointError(501, 48, "NOT_IMPLEMENTED", what),
	readonly: () =>
		new EndpointError(
			500,
			164,
			"READONLY",
			"Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries",
		),
	refused: (why: string) => new EndpointError(400, 36, "BAD_ARGUMENTS", why),
	tooLarge: (limit: number) =>
		new EndpointError(
			413,
			307,
			"TOO_MANY_BYTES",
			`The request's body is larger than ${limit >> 20} MiB. Send it in parts`,
		),
	badBody: (why: string) =>
		new EndpointError(400, 354, "ZLIB_INFLATE_FAILED", `The request's body can't be unpacked: ${why}`),
};

/** `Code: 62. DB::Exception: ... (SYNTAX_ERROR) (version 26.7.2.1)`, the line that client libraries take apart. */
function errorBody({ code, type, message }: EndpointError, version: string | undefined): string {
	const end = version === undefined ? "" : ` (version ${version})`;
	return `Code: ${code}. DB::Exception: ${message.replace(/\.?$/, ".")} (${type})${end}\n`;
}

/** Answers with an error, unless an answer has already begun: then the connection is cut, so that it is not taken as whole. */
export function answerError(response: ServerResponse, error: EndpointError, version: string | undefined): void {
	if (response.headersSent) {
		response.destroy();
		return;
	}
	response.writeHead(error.status, {
		"Content-Type": "text/plain; charset=UTF-8",
		"X-ClickHouse-Exception-Code": String(error.code),
		...(error.retryAfter !== undefined && { "Retry-After": String(error.retryAfter) }),
	});
	response.end(errorBody(error, version));
}

/** What a ClickHouse server says at a path that it does not know. */
export function unknownPath(path: string): string {
	return `There is no handle ${path}\n\nUse / or /ping for health checks.\nOr /replicas_status for more sophisticated health checks.\n\nSend queries from your program with POST method or GET /?query=...\n`;
}
