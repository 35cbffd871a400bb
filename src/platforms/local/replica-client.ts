import { type IncomingHttpHeaders, type IncomingMessage, type RequestOptions, request } from "node:http";
import { buffer, json } from "node:stream/consumers";
import type { ReplicaStatus } from "./protocol";

export interface ReplicaAnswer {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
	/** ClickHouse's code when it is an error. */
	readonly code: number | undefined;
}

export const numberHeader = "x-write-number";
/** Marks what this package asks by itself: it is no query of a client. */
export const ownHeader = "x-own";
export const own = { [ownHeader]: "1" };

/** Asks a process of the cluster something that it answers in JSON; `undefined` while it does not answer. */
export async function askProcess<Answer>(
	socketPath: string | undefined,
	path: string,
	milliseconds: number,
	body?: Buffer,
): Promise<Answer | undefined> {
	if (socketPath === undefined) return undefined;
	try {
		const answer = await send({ socketPath, path, headers: own, signal: AbortSignal.timeout(milliseconds) }, body);
		const said = await json(answer);
		return answer.statusCode === 200 ? (said as Answer) : undefined;
	} catch {
		return undefined;
	}
}

/** What a replica's process says of itself; `undefined` when none answers. It is silent while its engine opens the data. */
export const replicaStatus = (socket: string) => askProcess<ReplicaStatus>(socket, "/status", 2000);

/**
 * Sends a query that changes nothing; resolves with the answer's headers, its body to be read. Rejects when the process
 * is not there. A process that is stopping answers 503.
 *
 * @param headers {@link own} for a query that is not a client's.
 */
export function openQuery(
	socketPath: string,
	params: string,
	body: Buffer,
	signal?: AbortSignal,
	headers: RequestOptions["headers"] = {},
): Promise<IncomingMessage> {
	return send({ socketPath, path: `/query?${params}`, headers, ...(signal && { signal }) }, body);
}

/** Has a replica run a write. Rejects when it dies before it has answered, or does not take it. */
export async function sendWrite(socketPath: string, n: number, params: string, body: Buffer): Promise<ReplicaAnswer> {
	const answer = await send({ socketPath, path: `/write?${params}`, headers: { [numberHeader]: n } }, body);
	const said = await buffer(answer);
	const { statusCode: status = 500, headers } = answer;
	const code = headers["x-clickhouse-exception-code"];
	// Not an answer to the write: taken for one, it would tell the client that a write was refused which another replica has.
	if (status === 503 && code === undefined)
		throw new Error(`the replica does not accept writes: ${said.toString().trim()}`);
	return { status, headers, body: said, code: code === undefined ? undefined : Number(code) };
}

/** Has a replica's data stand still until this answer is destroyed, by us or because the replica has ended. */
export async function holdStill(socketPath: string): Promise<IncomingMessage> {
	const answer = await send({ socketPath, path: "/still" });
	if (answer.statusCode !== 200) throw new Error("the replica is stopping, and its data can't be copied now");
	return answer.once("error", () => {}).resume();
}

function send(options: RequestOptions, body: Buffer = Buffer.alloc(0)): Promise<IncomingMessage> {
	return new Promise((resolve, reject) => {
		const headers = { "Content-Length": body.length, ...options.headers };
		// A connection a request: a kept one may be closed by the other side just when it is used.
		const sent = request({ method: "POST", ...options, agent: false, headers }, resolve);
		sent.once("error", reject);
		sent.end(body);
	});
}
