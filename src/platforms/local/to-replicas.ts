import type { ServerResponse } from "node:http";
import { ClickHouseError, noReplica } from "./answers";
import { type PassedAnswer, passOn } from "./compression";
import type { Fleet } from "./fleet";
import { openQuery, type ReplicaAnswer, sendWrite } from "./replica-client";
import type { ClientRequest } from "./request";
import type { Supervisor } from "./supervisor";

/** How much of an answer is held back before its first byte goes to the client. */
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
			if (attempt >= attempts) throw noReplica(`${attempts} times a replica exited while it ran this query`);
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

/**
 * Takes writes one after the other to every replica. A write is refused while one of them is out, so that the replicas
 * never differ by more than one, and acknowledged once at least one replica has it: that one's data then goes to those
 * that died meanwhile, or came to another end.
 */
export class Writes {
	#last: Promise<unknown> = Promise.resolve();

	constructor(readonly fleet: Fleet) {}

	/** Carries a write out, whether its client still waits or not; throws {@link ClickHouseError} when it can't be taken. */
	write(request: ClientRequest): Promise<ReplicaAnswer> {
		const turn = this.#last.then(() => this.#write(request));
		this.#last = turn.catch(() => undefined);
		return turn;
	}

	async #write({ params, body }: ClientRequest): Promise<ReplicaAnswer> {
		const answers = await this.fleet.writeToAll((n, all) =>
			Promise.all(all.map((replica) => send(replica, n, params.toString(), body))),
		);
		if (answers === undefined) {
			const why = this.fleet.missing().join("; ") || "a replica lacks the last write";
			const words = `Writes pause while a replica does not serve, so that all replicas stay equal: ${why}. Try again soon`;
			// What replicated tables answer while they are read-only, which clients know as an error to try again.
			throw new ClickHouseError(242, "TABLE_IS_READ_ONLY", words, 503);
		}
		const known = answers.filter((answer) => answer !== undefined);
		// A failure that is sure before one that broke off.
		const best = known.find(({ code }) => code === undefined) ?? known.find(({ status }) => status !== 503) ?? known[0];
		if (best !== undefined) return best;
		const now = this.fleet.missing().join("; ") || "all serve again by now";
		throw noReplica(
			`Every replica exited during this write: ${now}. Part of it may be stored: check that before you send it again`,
		);
	}
}

/** No answer where the replica died meanwhile. */
async function send(replica: Supervisor, n: number, params: string, body: Buffer): Promise<ReplicaAnswer | undefined> {
	replica.active += 1;
	try {
		return await sendWrite(replica.socket, n, params, body);
	} catch {
		return undefined;
	} finally {
		replica.active -= 1;
	}
}
