import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { errors } from "./answers";
import type { Fleet, Route } from "./fleet";
import { openQuery } from "./replica-client";
import { type ClientRequest, packer } from "./request";

/**
 * How much of an answer is held back before its first byte goes to the client. Until then a replica that dies costs
 * nothing: another one is asked.
 */
const heldBack = 1 << 20;

/** A query that ends the replicas that run it must not end them all for ever. */
const attempts = 5;

/** The beginning of an answer, or all of it. */
interface Begun {
	readonly answer: IncomingMessage;
	readonly chunks: readonly Buffer[];
	readonly whole: boolean;
}

/**
 * Has any serving replica answer a query that changes nothing. One that dies before the first byte of its answer has
 * gone out is replaced by another one, so that the client does not notice.
 */
export async function answerRead(fleet: Fleet, request: ClientRequest, response: ServerResponse): Promise<void> {
	const gone = new AbortController();
	response.once("close", () => gone.abort());
	for (let attempt = 1; !gone.signal.aborted; attempt++) {
		const route = await fleet.someRoute();
		const done = fleet.count(route.replica);
		try {
			const begun = await begin(route, request, gone.signal);
			if (begun !== undefined) return await pass(begun, request, response);
			// Its supervisor asks it anew; it is not routed until it says again that it serves.
			if (!gone.signal.aborted) route.supervisor.doubt();
			if (attempt >= attempts) throw errors.noReplica(`${attempts} times a replica ended while it ran this query`);
		} finally {
			done();
		}
	}
}

/** Asks a replica; `undefined` when it died, or is stopping, before enough of the answer was there. */
async function begin(route: Route, { params, body }: ClientRequest, signal: AbortSignal): Promise<Begun | undefined> {
	try {
		const answer = await openQuery(route.socket, params.toString(), body, signal);
		if (answer.statusCode === 503) {
			answer.destroy();
			return undefined;
		}
		const chunks: Buffer[] = [];
		let size = 0;
		const parts = answer.iterator({ destroyOnReturn: false });
		for await (const chunk of parts) {
			chunks.push(chunk as Buffer);
			size += (chunk as Buffer).length;
			if (size >= heldBack) return { answer, chunks, whole: false };
		}
		return answer.complete ? { answer, chunks, whole: true } : undefined;
	} catch {
		return undefined;
	}
}

async function pass(
	{ answer, chunks, whole }: Begun,
	{ encoding }: ClientRequest,
	response: ServerResponse,
): Promise<void> {
	const length = whole && encoding === undefined ? chunks.reduce((sum, { length }) => sum + length, 0) : undefined;
	response.writeHead(answer.statusCode ?? 200, {
		...passedOn(answer.headers),
		...(encoding !== undefined && { "Content-Encoding": encoding }),
		...(length !== undefined && { "Content-Length": length }),
	});
	const parts = async function* () {
		yield* chunks;
		if (!whole) yield* answer;
	};
	try {
		await (encoding === undefined ? pipeline(parts, response) : pipeline(parts, packer(encoding), response));
	} catch {
		// The replica died in the middle, or the client went away: an answer that breaks off must not look whole.
		answer.destroy();
		response.destroy();
	}
}

/** The headers of a replica's answer that are for the client. */
export function passedOn(headers: IncomingHttpHeaders): Record<string, string | string[]> {
	const kept = Object.entries(headers).filter(
		([name, value]) => value !== undefined && (name.startsWith("x-clickhouse-") || name === "content-type"),
	);
	return Object.fromEntries(kept) as Record<string, string | string[]>;
}
