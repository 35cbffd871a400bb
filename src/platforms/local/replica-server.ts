import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { basename } from "node:path";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { answerError, ClickHouseError } from "./answers";
import type { Chdb } from "./chdb";
import { errorText } from "./errors";
import { answerShapeOf, lateException, sessionOf, summary, withoutLines } from "./http-format";
import type { Lock } from "./lock";
import { noteNumbers, readNumbers } from "./notes";
import type { ReplicaOptions, ReplicaStatus } from "./protocol";
import { numberHeader, ownHeader } from "./replica-client";
import { classify, statementText } from "./statement";
import { Tally } from "./tally";
import type { Writer } from "./writer";

/** How long queries that run may go on when the process is to stop, in milliseconds. */
const stopLimit = 10_000;

/**
 * A replica's HTTP interface on its socket: `GET /status`, `POST /query?<parameters>`, `POST /write?<parameters>` with its
 * number in a header, `POST /tally?seconds=<n>`, and `POST /still`, which has the data stand still until its connection ends.
 */
export class ReplicaServer {
	phase = "starting";
	#writer: Writer | undefined;
	#serving = false;
	#queries = 0;
	/** Writes, and the times when the data stands still, follow one another. */
	#turns: Promise<unknown> = Promise.resolve();
	readonly #tally = new Tally();
	#timezone = "UTC";
	#contentTypes: ReadonlyMap<string, string> = new Map();
	readonly #server = createServer(
		{ maxHeaderSize: 2 << 20, requestTimeout: 0 },
		(request, response) => void this.#answer(request, response),
	);

	constructor(
		readonly options: ReplicaOptions,
		/** Given up at the end. */
		readonly lock: Lock,
	) {}

	/** Answers on the socket, whose file a dead process may have left, until SIGTERM. */
	async listen(): Promise<void> {
		rmSync(this.options.socket, { force: true });
		await once(this.#server.listen(this.options.socket), "listening");
		process.on("SIGTERM", () => void this.#stop());
	}

	async serve(writer: Writer): Promise<void> {
		const { engine } = writer;
		[this.#timezone = "UTC"] = await engine.column("SELECT timezone()");
		// Engines before 25.4 do not tell.
		const types = await engine
			.column("SELECT concat(name, '=', content_type) FROM system.formats WHERE is_output")
			.catch(() => []);
		this.#contentTypes = new Map(types.map((line) => line.split(/=(.*)/s) as [string, string]));
		this.#writer = writer;
		this.#serving = true;
		this.phase = "serving";
	}

	get #status(): ReplicaStatus {
		const { version } = this.options;
		return { pid: process.pid, version, phase: this.phase, serving: this.#serving, queries: this.#queries };
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
		const writer = this.#writer;
		try {
			if (pathname === "/status") return void response.end(JSON.stringify(this.#status));
			if (!this.#serving || writer === undefined) return void response.writeHead(503).end(`${this.phase}\n`);
			if (pathname === "/tally")
				return void response.end(JSON.stringify(this.#tally.last(Number(searchParams.get("seconds")))));
			if (pathname === "/still") return await this.#inTurn(response, () => this.#still(writer.engine, response));
			const body = await buffer(request);
			if (pathname === "/query") {
				this.#queries += 1;
				const ended = this.#query(writer.engine, searchParams, body, response).finally(() => {
					this.#queries -= 1;
				});
				return void (await (request.headers[ownHeader] === undefined ? this.#count(ended) : ended));
			}
			const n = Number(request.headers[numberHeader]);
			await this.#inTurn(response, () => this.#write(writer, n, searchParams, body, response));
		} catch (error) {
			if (error instanceof ClickHouseError) answerError(response, error, this.options.version);
			// Most often a client that has gone. Whoever still asks must not take it for an answer.
			else response.destroy();
		}
	}

	/** Counts how a query ended, unless its client has gone. */
	async #count(ended: Promise<ClickHouseError | undefined>): Promise<void> {
		try {
			this.#tally.note(await ended);
		} catch (error) {
			if (error instanceof ClickHouseError) this.#tally.note(error);
			throw error;
		}
	}

	/** Answers a query; returns what ended it early, if its answer had begun by then. */
	async #query(
		engine: Chdb,
		params: URLSearchParams,
		body: Buffer,
		response: ServerResponse,
	): Promise<ClickHouseError | undefined> {
		const text = statementText(params, body);
		if (classify(text).kind !== "read") throw new ClickHouseError(164, "READONLY", "Not a read");
		const { database, settings } = sessionOf(params);
		// The engine then changes nothing, whatever the statement turns out to be; settings can still be given.
		const session = { database, settings: { ...settings, readonly: settings.readonly === "1" ? "1" : "2" } };
		const sql = text.toString();
		const { format, headerLines } = answerShapeOf(text.toString("latin1"), params);
		const headers = this.#headers(format, params);
		if (headerLines !== undefined) {
			const tag = randomBytes(8).toString("hex");
			const pieces = engine.stream(sql, session, format);
			const first = await pieces.next().catch(notStreamed);
			if (first !== undefined) {
				response.writeHead(200, { ...headers, ...summary({}), "X-ClickHouse-Exception-Tag": tag });
				let late: ClickHouseError | undefined;
				const noteLate = (error: ClickHouseError) => {
					late = error;
				};
				await pipeline(oneDocument(first, pieces, headerLines, tag, noteLate), response);
				return late;
			}
		}
		const answer = await engine.run(sql, session, format);
		response.writeHead(200, { ...headers, ...summary(answer) }).end(answer.bytes);
		return undefined;
	}

	/** Does something once what was asked for before is done, unless whoever asked has gone meanwhile. */
	async #inTurn(response: ServerResponse, action: () => Promise<void>): Promise<void> {
		const turn = this.#turns.then(async () => {
			// A router that was killed may have sent a write right before: nobody waits for it, or knows of it.
			await new Promise(setImmediate);
			if (!this.#serving || response.destroyed || response.socket?.destroyed) return void response.destroy();
			await action();
		});
		this.#turns = turn.catch(() => {});
		await turn;
	}

	async #still(engine: Chdb, response: ServerResponse): Promise<void> {
		const over = once(response, "close");
		await engine.run("SYSTEM STOP MERGES");
		try {
			response.writeHead(200).flushHeaders();
			await over;
		} finally {
			await engine.run("SYSTEM START MERGES");
		}
	}

	async #write(
		writer: Writer,
		n: number,
		params: URLSearchParams,
		body: Buffer,
		response: ServerResponse,
	): Promise<void> {
		const { home, replica, version } = this.options;
		const { begun, answered, failed } = readNumbers(home, replica);
		if (begun !== answered || n !== answered + 1)
			return void response
				.writeHead(503)
				.end(
					`this replica missed writes: the last write that it completed is number ${answered}, and this write is number ${n}. It copies the data of another replica before it serves again\n`,
				);
		noteNumbers(home, replica, { begun: n, answered, failed });
		const headers = this.#headers("TabSeparated", params);
		const answer = await writer.run(n, params, body).catch((error: unknown) => {
			if (error instanceof ClickHouseError) return error;
			return this.#end(error);
		});
		const isError = answer instanceof ClickHouseError;
		this.#tally.note(isError ? answer : undefined);
		if (isError && answer.status === 503) {
			this.#serving = false;
			if (response.destroyed) this.#end(answer);
			response.once("close", () => this.#end(answer));
			return answerError(response, answer, version, headers);
		}
		try {
			noteNumbers(home, replica, { begun: n, answered: n, failed: isError });
		} catch (error) {
			this.#end(error);
		}
		if (isError) return answerError(response, answer, version, headers);
		response.writeHead(200, { ...headers, ...summary(answer) }).end(answer.bytes);
	}

	/** A write may be half done, and nothing in here can tell: the next process finds out what its data is worth. */
	#end = (error: unknown): never => {
		console.error(errorText(error));
		process.exit(1);
	};

	#headers(format: string, params: URLSearchParams): Record<string, string> {
		return {
			"Content-Type": this.#contentTypes.get(format) ?? "text/plain; charset=UTF-8",
			"X-ClickHouse-Format": format,
			"X-ClickHouse-Query-Id": params.get("query_id") || randomUUID(),
			"X-ClickHouse-Server-Display-Name": `${basename(this.options.home)}-${this.options.replica}`,
			"X-ClickHouse-Timezone": params.get("session_timezone") || this.#timezone,
		};
	}

	async #stop(): Promise<void> {
		if (this.phase === "stopping") return;
		this.#serving = false;
		this.phase = "stopping";
		const deadline = performance.now() + stopLimit;
		const turns = this.#turns;
		while (this.#queries > 0 && performance.now() < deadline) await sleep(10);
		await Promise.race([turns, sleep(deadline - performance.now())]);
		this.#server.close();
		rmSync(this.options.socket, { force: true });
		// The engine can't be closed under a query that runs, nor in a folder that is gone; its data is safe without that.
		if (this.#queries > 0 || !this.lock.isHeld()) process.kill(process.pid, "SIGKILL");
		this.#writer?.engine.close();
		this.lock.release();
		process.exit(0);
	}
}

/** Older engines say so after the last piece, and for an empty answer, which then lacks its header. */
const ended = (error: unknown) => error instanceof ClickHouseError && /No active streaming query/.test(error.words);

/** What can't be streamed is run once more, whole. */
function notStreamed(error: unknown): undefined {
	if (ended(error) || /Streaming query is not supported/.test(errorText(error))) return undefined;
	throw error;
}

/** The pieces of an answer with one header, and with what ended it early. */
async function* oneDocument(
	first: IteratorResult<Buffer, void>,
	pieces: AsyncGenerator<Buffer, void, undefined>,
	headerLines: number,
	tag: string,
	noteLate: (error: ClickHouseError) => void,
): AsyncGenerator<Buffer | string, void, undefined> {
	try {
		if (!first.done) yield first.value;
		for await (const piece of pieces) yield withoutLines(piece, headerLines);
	} catch (error) {
		if (!(error instanceof ClickHouseError)) throw error;
		if (ended(error)) return;
		noteLate(error);
		yield lateException(error.message, tag);
	} finally {
		await pieces.return();
	}
}
