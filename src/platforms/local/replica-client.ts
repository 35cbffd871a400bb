import { type IncomingHttpHeaders, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { ReplicaStatus } from "./protocol";

/** A replica's whole answer to a write. */
export interface ReplicaAnswer {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
	/** ClickHouse's code when it is an error. */
	readonly code: number | undefined;
}

/** How long a process may take to say how it is, in milliseconds; it is silent while the engine opens its data. */
const statusLimit = 2000;

/** What a replica's process says of itself; `undefined` when none answers. */
export async function replicaStatus(socket: string): Promise<ReplicaStatus | undefined> {
	try {
		const answer = await send({ socketPath: socket, path: "/status", signal: AbortSignal.timeout(statusLimit) });
		return JSON.parse((await whole(answer)).toString()) as ReplicaStatus;
	} catch {
		return undefined;
	}
}

/**
 * Sends a query that changes nothing; resolves with the answer's headers, its body to be read. Rejects when the process
 * is not there. A process that is stopping answers 503.
 *
 * @param params The request's URL parameters, without the `?`.
 * @param signal Ends the query when it is aborted.
 */
export function openQuery(
	socket: string,
	params: string,
	body: Buffer,
	signal?: AbortSignal,
): Promise<IncomingMessage> {
	return send({ socketPath: socket, path: `/query?${params}`, method: "POST", ...(signal && { signal }) }, body);
}

/**
 * Has a replica apply an entry of the log, which it reads there itself. Rejects when it dies before it has answered, or
 * is stopping: then its next process replays the entry.
 */
export async function applyWrite(socket: string, n: number): Promise<ReplicaAnswer> {
	const answer = await send({ socketPath: socket, path: `/apply?n=${n}`, method: "POST" });
	const body = await whole(answer);
	const { statusCode: status = 500, headers } = answer;
	const code = headers["x-clickhouse-exception-code"];
	// Not an answer to the write: taken for one, it would tell the client that a write was refused which another replica has.
	if (status === 503 && code === undefined) throw new Error(`it does not take writes: ${body.toString().trim()}`);
	return { status, headers, body, code: code === undefined ? undefined : Number(code) };
}

function send(options: RequestOptions, body?: Buffer): Promise<IncomingMessage> {
	return new Promise((resolve, reject) => {
		// A connection a request: a kept one may be closed by the other side just when it is used.
		const sent = request({ ...options, agent: false, headers: { "Content-Length": body?.length ?? 0 } }, resolve);
		sent.once("error", reject);
		sent.end(body);
	});
}

async function whole(answer: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of answer) chunks.push(chunk as Buffer);
	if (!answer.complete) throw new Error("the answer broke off");
	return Buffer.concat(chunks);
}
