import type { IncomingMessage, ServerResponse } from "node:http";
import { answerError, ClickHouseError, notOffered } from "./answers";
import { passOn } from "./compression";
import { type Fleet, startLimit } from "./fleet";
import { isOwn } from "./peer";
import { readRequest } from "./request";
import { classify, statementText } from "./statement";
import { answerRead, type Writes } from "./to-replicas";

/** The endpoint's HTTP interface: as ClickHouse's own, for clients that know nothing of replicas. */
export class Front {
	/** When the last request came or ended, by the monotonic clock. */
	#used = performance.now();
	#open = 0;

	constructor(
		readonly fleet: Fleet,
		readonly writes: Writes,
		/** Has an idle cluster started. */
		readonly wake: () => Promise<void>,
	) {}

	/** For how many seconds there was nothing to do; 0 while there is. */
	get idleSeconds(): number {
		return this.#open > 0 ? 0 : (performance.now() - this.#used) / 1000;
	}

	async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		this.#open += 1;
		response.once("close", () => {
			this.#open -= 1;
			this.#used = performance.now();
		});
		try {
			await this.#answer(request, response);
		} catch (error) {
			const isKnown = error instanceof ClickHouseError;
			const known = isKnown ? error : new ClickHouseError(1002, "UNKNOWN_EXCEPTION", String(error));
			answerError(response, known, this.fleet.version);
		}
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? "/", "http://localhost");
		if (!["GET", "HEAD", "POST", "OPTIONS"].includes(request.method ?? "")) {
			throw notOffered(`Method ${request.method} is not supported. Use GET or POST`);
		}
		if (!(await isOwn(request.socket))) throw new ClickHouseError(497, "ACCESS_DENIED", otherUser, 403);
		mustBeNoPage(request);
		await this.wake();
		if (url.pathname === "/ping") {
			await this.fleet.someRoute();
			return plain(response, 200, "Ok.\n");
		}
		if (url.pathname === "/replicas_status") {
			const missing = this.fleet.missing();
			return missing.length === 0 ? plain(response, 200, "Ok.\n") : plain(response, 503, `${missing.join("\n")}\n`);
		}
		if (url.pathname !== "/") return plain(response, 404, unknownPath(url.pathname));
		const read = await readRequest(request, url);
		const text = statementText(read.params, read.body);
		if (text.length === 0) return plain(response, 200, "Ok.\n");
		response.setHeader("X-ClickHouse-Query-Id", read.params.get("query_id") ?? "");
		const statement = classify(text);
		if (statement.kind === "refused") throw new ClickHouseError(36, "BAD_ARGUMENTS", statement.reason);
		if (statement.kind === "read") return answerRead(this.fleet, read, response);
		if (read.readonly) throw new ClickHouseError(164, "READONLY", readonlyMethod);
		// A cluster that is just starting, or being woken, is waited for; one that lacks a replica later is not.
		if (!this.fleet.up) await this.fleet.until(() => this.fleet.up || !this.fleet.hopeful, startLimit);
		const { status, headers, body } = await this.writes.write(read);
		await passOn({ status, headers, parts: [body], length: body.length }, read.encoding, response);
	}
}

/**
 * Throws unless a request is from a program, as there is no password. A web page's has an Origin, or is a GET whose answer
 * the page can't read, unless the page's own name leads here: that name is then the Host.
 */
function mustBeNoPage({ headers: { host = "localhost", origin } }: IncomingMessage): void {
	const words =
		origin !== undefined
			? `The endpoint requires no password, so it refuses requests from web pages, such as this one from ${origin}. Query from a program outside the browser`
			: `The Host of this request is ${host}. Only 127.0.0.1 and localhost are answered, because a web page could reach the endpoint through any other name (DNS rebinding). Send the request to 127.0.0.1`;
	const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+)(?::\d+)?$/i.test(host);
	if (origin !== undefined || !isLocal) throw new ClickHouseError(497, "ACCESS_DENIED", words, 403);
}

const otherUser =
	"The endpoint requires no password, so it answers only programs of the user who runs this cluster, and this request is from another user. Query as the user who runs the cluster";
const readonlyMethod =
	"Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries";

/** What a ClickHouse server says at a path that it does not know. */
const unknownPath = (path: string) =>
	`There is no handle ${path}\n\nUse / or /ping for health checks.\nOr /replicas_status for more sophisticated health checks.\n\nSend queries from your program with POST method or GET /?query=...\n`;

function plain(response: ServerResponse, status: number, body: string): void {
	response.writeHead(status, { "Content-Type": "text/html; charset=UTF-8", "Content-Length": Buffer.byteLength(body) });
	response.end(body);
}
