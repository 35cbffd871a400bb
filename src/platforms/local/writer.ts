import { writeFileSync } from "node:fs";
import { ClickHouseError } from "./answers";
import type { Chdb, EngineAnswer, Session } from "./chdb";
import { sessionOf } from "./http-format";
import { classify, statementText, withoutWait } from "./statement";

/** The file that holds the rows of the INSERT that is running, in the process's own folder. */
const dataFile = "insert.data";

/** Of system.errors: disk, memory, threads, time; a process that ends; too many parts, until they are merged. */
const ofThisMachine = new Set([
	71, 74, 75, 76, 77, 88, 159, 172, 173, 202, 204, 236, 241, 243, 252, 394, 425, 439, 458, 521, 586, 1000, 1001,
]);

/** What each write runs with, so that it does the same on every replica; names that an engine does not know are left out. */
const always: Readonly<Record<string, string>> = {
	async_insert: "0",
	wait_for_async_insert: "1",
	// The same rows make the same blocks on every replica, and what depends on their order is mostly the same, too.
	max_threads: "1",
	max_insert_threads: "1",
	input_format_parallel_parsing: "0",
	parallel_view_processing: "0",
	// For the tokens that clients give their INSERTs.
	insert_deduplicate: "1",
	deduplicate_insert: "enable",
	deduplicate_blocks_in_dependent_materialized_views: "1",
	mutations_sync: "1",
	alter_sync: "1",
	lightweight_deletes_sync: "1",
	lightweight_delete_mode: "alter_update",
	// As SYNC behind a DROP, see `withoutWait`.
	database_atomic_wait_for_drop_and_detach_synchronously: "0",
};
/** The rows of a query are taken as they are, whatever its token. */
const ofSelect = { insert_deduplicate: "0", deduplicate_blocks_in_dependent_materialized_views: "0" };
/** A limit of time or memory would be met on one replica and not on another. */
const neverTaken = /^(?:max_execution_time|timeout_|max_memory|readonly$)/;

/**
 * Runs writes in one replica's engine. INSERT ... SELECT is run by every replica: rows that depend on an order which the
 * query does not fix (LIMIT without ORDER BY, any()) are the client's to avoid.
 */
export class Writer {
	readonly #settings: Readonly<Record<string, string>>;

	constructor(readonly engine: Chdb) {
		this.#settings = Object.fromEntries(Object.entries(always).filter(([name]) => engine.settings.has(name)));
	}

	/** Throws {@link ClickHouseError}; with 503 where it may be half done, for a reason of this process or machine. */
	async run(n: number, params: URLSearchParams, body: Buffer): Promise<EngineAnswer> {
		try {
			return await this.#run(statementText(params, body), this.#session(n, params));
		} catch (error) {
			throw error instanceof ClickHouseError && ofThisMachine.has(error.code) ? brokenOff(error) : error;
		}
	}

	#run(text: Buffer, session: Session): Promise<EngineAnswer> {
		const statement = classify(text);
		if (statement.kind !== "write") throw new ClickHouseError(36, "BAD_ARGUMENTS", "Not a write");
		const { insert } = statement;
		if (insert === undefined) return this.engine.run(withoutWait(text).toString(), session);
		if (insert.source !== "data") {
			const settings = { ...session.settings, ...ofSelect };
			return this.engine.insert(text.toString(), { ...session, settings });
		}
		// In the text, as in the addon's own buffer, the engine takes an empty line for the end of the rows.
		const [head, settings] = [text.subarray(0, insert.settings), text.subarray(insert.settings, insert.from)];
		writeFileSync(dataFile, text.subarray(insert.data, insert.dataEnd), { mode: 0o600 });
		return this.engine.insert(
			`${head} FROM INFILE '${dataFile}' COMPRESSION 'none' ${settings} FORMAT ${insert.format}`,
			session,
		);
	}

	#session(n: number, params: URLSearchParams): Session {
		const { database, settings } = sessionOf(params);
		const theirs = Object.entries(settings).filter(([name]) => !Object.hasOwn(always, name) && !neverTaken.test(name));
		// Equal INSERTs are kept apart unless their client gives them a token.
		const own = { insert_deduplication_token: `write-${n}` };
		return { database, settings: { ...own, ...Object.fromEntries(theirs), ...this.#settings } };
	}
}

/** The engine names a full disk in many ways, and no way out. */
function brokenOff({ code, type, words }: ClickHouseError): ClickHouseError {
	const isFull = /no space|not enough space/i.test(words);
	const said = isFull
		? `the disk is full: free some space, and send the write again. The engine says: ${words}`
		: words;
	return new ClickHouseError(code, type, said, 503);
}
