import {
	type IncomingHttpHeaders,
	type IncomingMessage,
	type OutgoingHttpHeaders,
	type RequestOptions,
	request,
} from "node:http";
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

/** Has a replica run a write. Rejects when it dies before it has answered, or does not take it. */
export async function sendWrite(socket: string, n: number, params: string, body: Buffer): Promise<ReplicaAnswer> {
	const answer = await send({ socketPath: socket, path: `/write?${params}`, method: "POST" }, body, {
		[numberHeader]: n,
	});
	const said = await whole(answer);
	const { statusCode: status = 500, headers } = answer;
	const code = headers["x-clickhouse-exception-code"];
	// Not an answer to the write: taken for one, it would tell the client that a write was refused which another replica has.
	if (status === 503 && code === undefined) throw new Error(`it does not take writes: ${said.toString().trim()}`);
	return { status, headers, body: said, code: code === undefined ? undefined : Number(code) };
}

/** The header of a write that gives its number. */
export const numberHeader = "x-write-number";

/** Has a replica's data stand still until it is released, for as long as the replica lives: `isOver` says when it does not. */
export async function holdStill(
	socket: string,
): Promise<{ readonly isOver: () => boolean; readonly release: () => void }> {
	const answer = await send({ socketPath: socket, path: "/still", method: "POST" });
	if (answer.statusCode !== 200) throw new Error("it is stopping, and its data can't be copied now");
	let over = false;
	for (const event of ["end", "close", "error"]) answer.once(event, () => (over = true));
	answer.resume();
	return { isOver: () => over, release: () => answer.destroy() };
}

function send(options: RequestOptions, body?: Buffer, more: OutgoingHttpHeaders = {}): Promise<IncomingMessage> {
	return new Promise((resolve, reject) => {
		const headers = { "Content-Length": body?.length ?? 0, ...more };
		// A connection a request: a kept one may be closed by the other side just when it is used.
		const sent = request({ ...options, agent: false, headers }, resolve);
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
