import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { DbVersion } from "../../core/version";
import { ClickHouseError } from "./answers";
import { errorText } from "./errors";

/** A whole answer. A query counts what it has read, and an INSERT what it has written. */
export interface EngineAnswer {
	readonly bytes: Buffer;
	readonly rowsRead?: number;
	readonly bytesRead?: number;
	readonly rowsWritten?: number;
	readonly bytesWritten?: number;
	readonly elapsed: number;
}

export interface Session {
	readonly database?: string | undefined;
	/** By name; `param_x` is the parameter `x`. */
	readonly settings: Readonly<Record<string, string>>;
}

type Connection = { readonly connection: unique symbol };
type Stream = { readonly stream: unique symbol };

/**
 * What chdb_node.node exports, as far as it is used here. Any newer function of the addon must not even be looked at: on
 * an older library it ends the process.
 */
interface Addon {
	/** Runs a statement without a data folder, and blocks. */
	Query(sql: string, format: string): string;
	CreateConnection(folder: string, args: readonly string[]): Connection;
	CloseConnection(connection: Connection): void;
	QueryAsyncConnection(
		connection: Connection,
		sql: string,
		format: string,
	): Promise<{ bytes: Uint8Array; elapsed: number; rowsRead: number; bytesRead: number }>;
	/** The rows are those of the SQL and of the buffer behind it, which is empty here: it ends at an empty line. */
	InsertRawAsyncConnection(
		connection: Connection,
		sql: string,
		rows: Buffer,
		countLines: boolean,
	): Promise<{ elapsed: number; rowsWritten: number; bytesWritten: number }>;
	StreamQuery(connection: Connection, sql: string, format: string): Stream;
	StreamFetch(stream: Stream): Promise<{ bytes: Uint8Array; done: boolean }>;
	StreamCancel(stream: Stream): void;
}

/**
 * A ClickHouse engine inside this process; a process can have one, with one data folder.
 *
 * Statements on one connection wait for each other, so each gets a connection of its own (2 ms), with its own settings,
 * database and parameters. They run on libuv's threads: `UV_THREADPOOL_SIZE` is how many run at once.
 */
export class Chdb {
	#connect: () => Connection = () => this.addon.CreateConnection("", []);
	/** Keeps the data open between statements. */
	#first: Connection | undefined;

	private constructor(
		readonly addon: Addon,
		readonly settings: ReadonlySet<string>,
	) {}

	/** Loads a library and makes sure of its version, without touching any data. Throws with words for a person. */
	static load(addon: string, library: string, version: DbVersion): Chdb {
		if (!existsSync(join(library, "libchdb.so")))
			throw new Error(
				`there is no engine in ${library}: libchdb.so is missing. Add the package or folder of ${version} to local.engines`,
			);
		if (!existsSync(addon))
			throw new Error(
				`there is no ${addon}, the addon with which Node.js loads the engine. Run npm install chdb in the program's folder, or set local.addon to the path of a chdb_node.node`,
			);
		let loaded: Addon;
		let found: string;
		let names: string[];
		try {
			loaded = createRequire(__filename)(addon) as Addon;
			const said = loaded.Query("SELECT version(), groupArray(name) FROM system.settings", "JSONCompactEachRow");
			[found, names] = JSON.parse(said) as [string, string[]];
		} catch (error) {
			throw new Error(`the engine in ${library} can't be loaded: ${errorText(error)}`);
		}
		if (found !== version) throw new Error(`the engine in ${library} is ${found}, not ${version}`);
		return new Chdb(loaded, new Set(names));
	}

	/** Opens a data folder, or makes one. Blocks until its tables are loaded. */
	open(folder: string, config: string): void {
		this.#connect = () => this.addon.CreateConnection(folder, [`--config-file=${config}`]);
		this.#first = this.#connect();
	}

	/**
	 * Makes an ordinary database of `default`, which the engine opens as an overlay: in that, the path of any file is the name
	 * of a table. All on one connection, because none can be made while there is no `default`.
	 */
	async closeOverlay(): Promise<void> {
		const first = this.#first;
		if (first === undefined) return;
		const ask = (sql: string) => this.addon.QueryAsyncConnection(first, sql, "TabSeparatedRaw");
		const { bytes } = await ask("SELECT uuid FROM system.databases WHERE name = 'default' AND engine = 'Overlay'");
		const uuid = Buffer.from(bytes).toString().trim();
		if (uuid === "") return;
		await ask("DETACH DATABASE default");
		await ask(`ATTACH DATABASE default UUID '${uuid}' ENGINE = Atomic`);
	}

	/** Closes the data; no statement may be running. */
	close(): void {
		if (this.#first !== undefined) this.addon.CloseConnection(this.#first);
		this.#first = undefined;
	}

	run(sql: string, session: Session = { settings: {} }, format = "TabSeparated"): Promise<EngineAnswer> {
		return this.#within(session, async (connection) => {
			const answer = await this.addon.QueryAsyncConnection(connection, sql, format);
			return { ...answer, bytes: Buffer.from(answer.bytes) };
		});
	}

	/** Runs one INSERT. What its materialized views write is counted, too. */
	insert(sql: string, session: Session): Promise<EngineAnswer> {
		return this.#within(session, async (connection) => {
			const written = await this.addon.InsertRawAsyncConnection(connection, sql, Buffer.alloc(0), false);
			return { ...written, bytes: Buffer.alloc(0) };
		});
	}

	async column(sql: string): Promise<string[]> {
		const { bytes } = await this.run(sql, undefined, "TabSeparatedRaw");
		return bytes.toString().split("\n").slice(0, -1);
	}

	/**
	 * Runs a query and hands over its answer in pieces; each is a whole document of its format. Throws what the engine
	 * says at the piece where it says it. Closing the generator ends the query.
	 */
	async *stream(sql: string, session: Session, format: string): AsyncGenerator<Buffer, void, undefined> {
		const connection = this.#connect();
		let stream: Stream | undefined;
		let done = false;
		try {
			await this.#set(connection, session);
			const pieces = this.addon.StreamQuery(connection, sql, format);
			stream = pieces;
			const next = () => this.addon.StreamFetch(pieces);
			for (let piece = await next(); !piece.done; piece = await next()) yield Buffer.from(piece.bytes);
			done = true;
		} catch (error) {
			done = true;
			throw engineError(error);
		} finally {
			if (stream !== undefined && !done) this.addon.StreamCancel(stream);
			this.addon.CloseConnection(connection);
		}
	}

	async #within<T>(session: Session, action: (connection: Connection) => Promise<T>): Promise<T> {
		const connection = this.#connect();
		try {
			await this.#set(connection, session);
			return await action(connection);
		} catch (error) {
			throw engineError(error);
		} finally {
			this.addon.CloseConnection(connection);
		}
	}

	async #set(connection: Connection, { database, settings }: Session): Promise<void> {
		const sets = Object.entries(settings).map(([name, value]) => `${name} = ${escaped(value, "'")}`);
		if (sets.length > 0) await this.addon.QueryAsyncConnection(connection, `SET ${sets.join(", ")}`, "Null");
		if (database) await this.addon.QueryAsyncConnection(connection, `USE ${escaped(database, "`")}`, "Null");
	}
}

const escaped = (text: string, quote: string) =>
	quote + text.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`) + quote;

/** Takes what the engine's layers each put around a message off again: `Code: 60. DB::Exception: Code: 60. DB::...`. */
function engineError(error: unknown): ClickHouseError {
	if (error instanceof ClickHouseError) return error;
	let message = errorText(error).replace(/^Query failed: /, "");
	const head = /^Code: (\d+)\. DB::Exception: /;
	const code = Number(head.exec(message)?.[1] ?? 1002);
	while (head.test(message)) message = message.replace(head, "");
	let name = "UNKNOWN_EXCEPTION";
	const tail = /\.?\s*\((?:version [^()]*|([A-Z][A-Z0-9_]+))\)\.?\s*$/;
	for (let match = tail.exec(message); match !== null; match = tail.exec(message)) {
		name = match[1] ?? name;
		message = message.slice(0, match.index);
	}
	return new ClickHouseError(code, name, message.trim());
}
