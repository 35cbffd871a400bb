import type { ServerResponse } from "node:http";
import { noReplica } from "./answers";
import { type PassedAnswer, passOn } from "./compression";
import type { Fleet } from "./fleet";
import { openQuery } from "./replica-client";
import type { ClientRequest } from "./request";
import type { Supervisor } from "./supervisor";

/**
 * How much of an answer is held back before its first byte goes to the client. Until then a replica that dies costs
 * nothing: another one is asked.
 */
const heldBack = 1 << 20;

/** A query that ends the replicas that run it must not end them all for ever. */
const attempts = 5;

/**
 * Has any serving replica answer a query that changes nothing. One that dies before the first byte of its answer has
 * gone out is replaced by another one, so that the client does not notice.
 */
export async function answerRead(fleet: Fleet, request: ClientRequest, response: ServerResponse): Promise<void> {
	const gone = new AbortController();
	response.once("close", () => gone.abort());
	for (let attempt = 1; !gone.signal.aborted; attempt++) {
		const replica = await fleet.someRoute();
		replica.active += 1;
		try {
			const begun = await begin(replica, request, gone.signal);
			if (begun !== undefined) return await passOn(begun, request.encoding, response);
			// It is not routed until it says again that it serves.
			if (!gone.signal.aborted) replica.doubt();
			if (attempt >= attempts) throw noReplica(`${attempts} times a replica ended while it ran this query`);
		} finally {
			replica.active -= 1;
		}
	}
}

/** Asks a replica; `undefined` when it died, or is stopping, before enough of the answer was there. */
async function begin(
	{ socket }: Supervisor,
	{ params, body }: ClientRequest,
	signal: AbortSignal,
): Promise<PassedAnswer | undefined> {
	try {
		const answer = await openQuery(socket, params.toString(), body, signal);
		const { statusCode: status = 500, headers } = answer;
		if (status === 503) {
			answer.destroy();
			return undefined;
		}
		const chunks: Buffer[] = [];
		let size = 0;
		for await (const chunk of answer.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
			chunks.push(chunk);
			size += chunk.length;
			if (size >= heldBack) return { status, headers, parts: joined(chunks, answer), length: undefined };
		}
		return { status, headers, parts: chunks, length: size };
	} catch {
		return undefined;
	}
}

async function* joined(first: Iterable<Buffer>, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
	yield* first;
	yield* rest;
}
