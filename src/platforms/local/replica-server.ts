import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { basename } from "node:path";
import type { DbVersion } from "../../core/version";
import { type Applier, type Result, Undecidable } from "./applier";
import { type Engine, EngineError } from "./engine";
import { BadParameter, httpStatus, lateException, sessionOf, shapeOf, summary, withoutLines } from "./http-format";
import { LogReader } from "./log-reader";
import type { Progress } from "./progress";
import type { ReplicaOptions, ReplicaStatus } from "./protocol";
import { classify, statementText } from "./statement";

/** What a replica answers with, once it has it. */
export interface Parts {
	readonly engine: Engine;
	readonly applier: Applier;
	readonly progress: Progress;
	/** The folder of the log of writes. */
	readonly log: string;
}

/** How long queries that run may go on when the process is to stop, in milliseconds. */
const stopLimit = 10_000;

/** A replica's HTTP interface on its socket: `GET /status`, `POST /query?<parameters>`, `POST /apply?n=17`. */
export class ReplicaServer {
	phase = "starting";
	#parts: Parts | undefined;
	#serving = false;
	#trouble: string | undefined;
	#queries = 0;
	/** Writes follow one another. */
	#writes: Promise<unknown> = Promise.resolve();
	#timezone = "UTC";
	#contentTypes: ReadonlyMap<string, string> = new Map();

	private constructor(
		/** As the server calls itself to clients. */
		readonly name: string,
		readonly version: DbVersion,
		readonly release: () => void,
	) {}

	/** Answers on a socket, whose file a dead process may have left, until SIGTERM. `release` is called at the end. */
	static async listen({ home, replica, version, socket }: ReplicaOptions, release: () => void): Promise<ReplicaServer> {
		const made = new ReplicaServer(`${basename(home)}-${replica}`, version, release);
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

	#attached(): Parts {
		if (this.#parts === undefined) throw new Error("nothing is attached yet");
		return this.#parts;
	}

	attach(parts: Parts): void {
		this.#parts = parts;
	}

	/** From now on queries and writes are taken. */
	async serve(): Promise<void> {
		const { engine } = this.#attached();
		[this.#timezone = "UTC"] = await engine.column("SELECT timezone()");
		// Engines before 25.4 do not tell.
		const types = await engine
			.column("SELECT concat(name, '=', content_type) FROM system.formats WHERE is_output")
			.catch(() => []);
		this.#contentTypes = new Map(types.map((line) => line.split(/=(.*)/s) as [string, string]));
		this.#serving = true;
		this.phase = "serving";
	}

	/** Takes nothing from now on, and says why. */
	holdOut(trouble: string): void {
		this.#serving = false;
		this.#trouble = trouble;
		this.phase = "held out";
	}

	get status(): ReplicaStatus {
		return {
			pid: process.pid,
			version: this.version,
			phase: this.phase,
			serving: this.#serving,
			applied: this.#parts?.progress.applied ?? 0,
			queries: this.#queries,
			...(this.#trouble !== undefined && { trouble: this.#trouble }),
		};
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? "/", "http://localhost");
		try {
			if (url.pathname === "/status") {
				response.setHeader("Content-Type", "application/json");
				return void response.end(JSON.stringify(this.status));
			}
			const parts = this.#parts;
			if (!this.#serving || parts === undefined) return void response.writeHead(503).end(`${this.phase}\n`);
			if (url.pathname === "/apply") return this.#apply(parts, Number(url.searchParams.get("n")), response);
			if (url.pathname === "/query") return await this.#query(parts, request, url.searchParams, response);
			response.writeHead(404).end();
		} catch (error) {
			this.#fail(response, error);
		}
	}

	async #query(parts: Parts, request: IncomingMessage, params: URLSearchParams, response: ServerResponse) {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk as Buffer);
		this.#queries += 1;
		try {
			await this.#read(parts.engine, statementText(params, Buffer.concat(chunks)), params, response);
		} finally {
			this.#queries -= 1;
		}
	}

	async #read(engine: Engine, text: Buffer, params: URLSearchParams, response: ServerResponse): Promise<void> {
		const statement = classify(text);
		if (statement.kind !== "read") throw new EngineError("Code: 164. DB::Exception: Not a read. (READONLY)", 164);
		const { database, settings } = sessionOf(params);
		// The engine then changes nothing, whatever the statement turns out to be; settings can still be given.
		const session = { database, settings: { ...settings, readonly: settings.readonly === "1" ? "1" : "2" } };
		const sql = text.toString();
		const shape = shapeOf(text.toString("latin1"), params);
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

	async #apply({ applier, progress, log }: Parts, n: number, response: ServerResponse): Promise<void> {
		const turn = this.#writes.then(async () => {
			let result: Result | undefined;
			const reader = new LogReader(log, progress.applied + 1);
			try {
				while (progress.applied < n) {
					const entry = reader.next();
					if (entry === undefined) throw new Error(`the log of writes has no entry ${n}`);
					result = await applier.apply(entry);
					if (entry.n === n) this.#written(result, new URLSearchParams(entry.params), response);
				}
			} finally {
				reader.close();
			}
			if (result === undefined) response.writeHead(200).end();
		});
		this.#writes = turn.catch(() => {});
		try {
			await turn;
		} catch (error) {
			// There is no answer: it is not known what is in the data. A new process finds out, or this one says it can't.
			response.destroy();
			if (!(error instanceof Undecidable)) throw error;
			this.holdOut(error.message);
		}
	}

	#written(result: Result, params: URLSearchParams, response: ServerResponse): void {
		const headers = this.#headers("TabSeparated", params);
		if ("error" in result) this.#refuse(response, result.error, headers);
		else
			response.writeHead(200, { ...headers, "X-ClickHouse-Summary": summary(result.answer) }).end(result.answer.bytes);
	}

	#headers(format: string, params: URLSearchParams): Record<string, string> {
		return {
			"Content-Type": this.#contentTypes.get(format) ?? "text/plain; charset=UTF-8",
			"X-ClickHouse-Format": format,
			"X-ClickHouse-Query-Id": params.get("query_id") || randomUUID(),
			"X-ClickHouse-Server-Display-Name": this.name,
			"X-ClickHouse-Timezone": params.get("session_timezone") || this.#timezone,
		};
	}

	#fail(response: ServerResponse, error: unknown): void {
		if (error instanceof BadParameter) {
			const text = `Code: 115. DB::Exception: Unknown setting '${error.message}'. (UNKNOWN_SETTING)`;
			this.#refuse(response, new EngineError(text, 115));
		} else if (error instanceof EngineError) {
			this.#refuse(response, error);
		} else {
			// Most often a client that has gone. Whoever still asks must not take it for an answer.
			response.destroy();
		}
	}

	#refuse(response: ServerResponse, error: EngineError, headers: Record<string, string> = {}): void {
		if (response.headersSent) {
			response.destroy();
			return;
		}
		response.writeHead(httpStatus(error.code), {
			...headers,
			"Content-Type": "text/plain; charset=UTF-8",
			"X-ClickHouse-Exception-Code": String(error.code),
		});
		response.end(`${error.message} (version ${this.version})\n`);
	}

	async #stop(server: Server, socket: string): Promise<void> {
		if (this.phase === "stopping") return;
		this.#serving = false;
		this.phase = "stopping";
		const deadline = performance.now() + stopLimit;
		const applied = this.#writes;
		while (this.#queries > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
		await Promise.race([applied, new Promise((resolve) => setTimeout(resolve, deadline - performance.now()))]);
		server.close();
		rmSync(socket, { force: true });
		// The engine can't be closed under a query that runs; its data is safe without that.
		if (this.#queries > 0) process.kill(process.pid, "SIGKILL");
		this.#parts?.engine.close();
		this.release();
		process.exit(0);
	}
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
