import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { basename } from "node:path";
import { type Chdb, EngineError } from "./chdb";
import { errorText } from "./error-text";
import { answerShapeOf, httpStatus, lateException, sessionOf, summary, withoutLines } from "./http-format";
import { noteNumbers, readNumbers } from "./numbers";
import type { ReplicaOptions, ReplicaStatus } from "./protocol";
import { numberHeader } from "./replica-client";
import { classify, statementText } from "./statement";
import type { Writer } from "./writer";

/** How long queries that run may go on when the process is to stop, in milliseconds. */
const stopLimit = 10_000;

/**
 * A replica's HTTP interface on its socket: `GET /status`, `POST /query?<parameters>`, `POST /write?<parameters>` with its
 * number in a header, and `POST /still`, which has the data stand still until its connection ends.
 */
export class ReplicaServer {
	phase = "starting";
	#writer: Writer | undefined;
	#serving = false;
	#queries = 0;
	/** Writes, and the times when the data stands still, follow one another. */
	#turns: Promise<unknown> = Promise.resolve();
	#timezone = "UTC";
	#contentTypes: ReadonlyMap<string, string> = new Map();

	private constructor(
		readonly options: ReplicaOptions,
		readonly release: () => void,
	) {}

	/** Answers on a socket, whose file a dead process may have left, until SIGTERM. `release` is called at the end. */
	static async listen(options: ReplicaOptions, release: () => void): Promise<ReplicaServer> {
		const { socket } = options;
		const made = new ReplicaServer(options, release);
		const server = createServer(
			{ maxHeaderSize: 2 << 20 },
			(request, response) => void made.#answer(request, response),
		);
		server.requestTimeout = 0;
		rmSync(socket, { force: true });
		await new Promise<void>((resolve, reject) => {
			server.once("error", reject);
			server.listen(socket, resolve);
		});
		process.on("SIGTERM", () => void made.#stop(server, socket));
		return made;
	}

	/** From now on queries and writes are taken. */
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

	get status(): ReplicaStatus {
		return {
			pid: process.pid,
			version: this.options.version,
			phase: this.phase,
			serving: this.#serving,
			queries: this.#queries,
		};
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? "/", "http://localhost");
		try {
			if (url.pathname === "/status") {
				response.setHeader("Content-Type", "application/json");
				return void response.end(JSON.stringify(this.status));
			}
			const writer = this.#writer;
			if (!this.#serving || writer === undefined) return void response.writeHead(503).end(`${this.phase}\n`);
			if (url.pathname === "/still") return await this.#inTurn(response, () => this.#still(writer.engine, response));
			const [params, body] = [url.searchParams, await bodyOf(request)];
			if (url.pathname === "/query") return await this.#query(writer.engine, body, params, response);
			const n = Number(request.headers[numberHeader]);
			if (url.pathname === "/write")
				return await this.#inTurn(response, () => this.#write(writer, n, params, body, response));
			response.writeHead(404).end();
		} catch (error) {
			this.#fail(response, error);
		}
	}

	async #query(engine: Chdb, body: Buffer, params: URLSearchParams, response: ServerResponse): Promise<void> {
		this.#queries += 1;
		try {
			await this.#read(engine, statementText(params, body), params, response);
		} finally {
			this.#queries -= 1;
		}
	}

	async #read(engine: Chdb, text: Buffer, params: URLSearchParams, response: ServerResponse): Promise<void> {
		const statement = classify(text);
		if (statement.kind !== "read") throw new EngineError("Code: 164. DB::Exception: Not a read. (READONLY)", 164);
		const { database, settings } = sessionOf(params);
		// The engine then changes nothing, whatever the statement turns out to be; settings can still be given.
		const session = { database, settings: { ...settings, readonly: settings.readonly === "1" ? "1" : "2" } };
		const sql = text.toString();
		const shape = answerShapeOf(text.toString("latin1"), params);
		const headers = this.#headers(shape.format, params);
		if (shape.headerLines !== undefined) {
			const tag = randomBytes(8).toString("hex");
			const pieces = engine.stream(sql, session, shape.format);
			const first = await pieces.next().catch(notStreamed);
			if (first !== undefined) {
				response.writeHead(200, {
					...headers,
					"X-ClickHouse-Summary": summary({}),
					"X-ClickHouse-Exception-Tag": tag,
				});
				return await pour(first, pieces, shape.headerLines, tag, response);
			}
		}
		const answer = await engine.run(sql, session, shape.format);
		response.writeHead(200, { ...headers, "X-ClickHouse-Summary": summary(answer) }).end(answer.bytes);
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
		const { home, replica } = this.options;
		const { begun, answered, failed } = readNumbers(home, replica);
		if (begun !== answered || n !== answered + 1)
			return void response.writeHead(503).end(`write ${n} does not follow ${answered}\n`);
		noteNumbers(home, replica, { begun: n, answered, failed });
		const headers = this.#headers("TabSeparated", params);
		const result = await writer.run(n, params, body).catch(this.#end);
		if (result.kind === "broke-off") {
			const { error } = result;
			this.#serving = false;
			if (response.destroyed) this.#end(error);
			response.once("close", () => this.#end(error));
			return this.#refuse(response, error, headers, 503);
		}
		try {
			noteNumbers(home, replica, { begun: n, answered: n, failed: result.kind === "failed" });
		} catch (error) {
			this.#end(error);
		}
		if (result.kind === "failed") return this.#refuse(response, result.error, headers);
		response.writeHead(200, { ...headers, "X-ClickHouse-Summary": summary(result.answer) }).end(result.answer.bytes);
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

	#fail(response: ServerResponse, error: unknown): void {
		if (error instanceof EngineError) this.#refuse(response, error);
		// Most often a client that has gone. Whoever still asks must not take it for an answer.
		else response.destroy();
	}

	#refuse(
		response: ServerResponse,
		error: EngineError,
		headers: Record<string, string> = {},
		status = httpStatus(error.code),
	): void {
		if (response.headersSent) {
			response.destroy();
			return;
		}
		response.writeHead(status, {
			...headers,
			"Content-Type": "text/plain; charset=UTF-8",
			"X-ClickHouse-Exception-Code": String(error.code),
		});
		response.end(`${error.message} (version ${this.options.version})\n`);
	}

	async #stop(server: Server, socket: string): Promise<void> {
		if (this.phase === "stopping") return;
		this.#serving = false;
		this.phase = "stopping";
		const deadline = performance.now() + stopLimit;
		const turns = this.#turns;
		while (this.#queries > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
		await Promise.race([turns, new Promise((resolve) => setTimeout(resolve, deadline - performance.now()))]);
		server.close();
		rmSync(socket, { force: true });
		// The engine can't be closed under a query that runs; its data is safe without that.
		if (this.#queries > 0) process.kill(process.pid, "SIGKILL");
		this.#writer?.engine.close();
		this.release();
		process.exit(0);
	}
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}

/** Older engines say so after the last piece, and for an empty answer, which then lacks its header. */
const ended = (error: unknown) => error instanceof EngineError && /No active streaming query/.test(error.message);

/** What can't be streamed is run once more, whole. */
function notStreamed(error: unknown): undefined {
	if (ended(error)) return undefined;
	if (error instanceof EngineError && /Streaming query is not supported/.test(error.message)) return undefined;
	throw error;
}

/** Writes the pieces of an answer as the engine makes them, no faster than they are taken. */
async function pour(
	first: IteratorResult<Buffer, void>,
	pieces: AsyncGenerator<Buffer, void, undefined>,
	headerLines: number,
	tag: string,
	response: ServerResponse,
): Promise<void> {
	try {
		let piece = first;
		for (let n = 0; !piece.done && !response.destroyed; n++) {
			const bytes = n === 0 ? piece.value : withoutLines(piece.value, headerLines);
			if (!response.write(bytes)) await Promise.race([once(response, "drain"), once(response, "close")]);
			piece = await pieces.next();
		}
		response.end();
	} catch (error) {
		if (!(error instanceof EngineError)) throw error;
		response.end(ended(error) ? "" : lateException(error.message, tag));
	} finally {
		await pieces.return();
	}
}
