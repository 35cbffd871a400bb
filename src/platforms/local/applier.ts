import { writeFileSync } from "node:fs";
import { type Answer, type Engine, EngineError, type Session } from "./engine";
import { type Footprint, Footprints, growth, mendInsert } from "./footprint";
import { sessionOf } from "./http-format";
import type { Progress } from "./progress";
import type { LogEntry } from "./protocol";
import { isWord, tokens } from "./sql";
import { type Classified, classify, statementText, withoutWait } from "./statement";

/** The write could not be applied for a reason that lies in this machine or process, and may pass: a full disk. */
export class Unapplied extends Error {
	override readonly name = "Unapplied";
}

/** It can't be told, or undone, what a killed process has left of a write. */
export class Undecidable extends Error {
	override readonly name = "Undecidable";
}

/** What came of a write: an error is a result like another, the same on every replica. */
export type Result = { readonly answer: Answer } | { readonly error: EngineError };

type Write = Classified & { kind: "write" };

/** The file that holds the rows of the INSERT that is being applied, in the process's own folder. */
const dataFile = "insert.data";

/** Of system.errors: disk, memory, threads; a process that ends; too many parts, until they are merged. */
const passing = new Set([
	71, 74, 75, 76, 77, 88, 172, 173, 202, 204, 236, 243, 252, 394, 425, 439, 458, 521, 586, 1000, 1001,
]);
/** Limits: memory, time. As good as passing where some rows have gone in. */
const limits = new Set([159, 241]);

/** What each write runs with; names that an engine does not know are left out. */
const always: Readonly<Record<string, string>> = {
	async_insert: "0",
	wait_for_async_insert: "1",
	// The same rows must make the same blocks each time, for their tokens to be the same.
	max_threads: "1",
	max_insert_threads: "1",
	input_format_parallel_parsing: "0",
	parallel_view_processing: "0",
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
/** A limit of time or memory would be met on one replica and not on another. */
const neverTaken = /^(?:max_execution_time|timeout_|max_memory|readonly$)/;

/**
 * Brings writes of the log into one replica's engine, each exactly once, also when the process is killed at any moment.
 *
 * An INSERT carries a token made of its number, by which ClickHouse knows its rows again (MergeTree tables, with
 * `non_replicated_deduplication_window` as the default of every table). Other statements are told by what they left in
 * the data folder (footprint.ts). What can't be told holds the replica out, never doubles anything: an ALTER killed
 * between its two steps, a MOVE PARTITION killed in the middle. This holds for processes that are killed; what a power
 * cut leaves is the engine's affair, which does not see each part onto the disk.
 *
 * INSERT ... SELECT is run on every replica: rows that depend on an order which the query does not fix (LIMIT without
 * ORDER BY, any()) are the client's to avoid.
 */
export class Applier {
	readonly #footprints: Footprints;
	#settings: Readonly<Record<string, string>> = {};

	constructor(
		readonly engine: Engine,
		readonly progress: Progress,
		data: string,
		/** Called with what it is doing when that takes its time. */
		readonly onPhase: (phase: string) => void,
	) {
		this.#footprints = new Footprints(data);
	}

	/**
	 * Makes the data ready for the engine: what a killed process has left of a write is taken away, or understood.
	 *
	 * @param entry The write that was begun; to be given before the engine opens the data.
	 * @returns What is to be done once the engine has it open. Throws {@link Undecidable}.
	 */
	settle(entry: LogEntry, before: Footprint): () => Promise<Result | undefined> {
		const statement = this.#understand(entry);
		const words = this.#text(entry).toString("latin1");
		const undecided = (why: string) =>
			new Undecidable(`its process was ended in the middle of write ${entry.n} (${start(words)}), and ${why}`);
		if (statement.kind !== "write") throw undecided("that write is none");
		const again = () => this.#run(entry, statement, before);
		if (statement.repeat === "insert" || statement.repeat === "select") {
			const why = mendInsert(this.#footprints.data, before, statement.repeat === "select");
			if (why !== undefined) throw undecided(why);
			return again;
		}
		const grew = growth(before, this.#footprints.take("all"));
		switch (statement.repeat) {
			case "again":
				return again;
			case "name":
				return grew.names ? async () => undefined : again;
			case "mutation":
				if (grew.mutations) return () => this.#awaitMutations();
				if (grew.names && changesRows(words)) throw undecided("it is half done");
				return again;
			case "never":
				if (grew.numbers || grew.names) throw undecided("it may be half done");
				return again;
		}
	}

	/** To be called once the engine has the data open. */
	async prepare(): Promise<void> {
		const known = new Set(await this.engine.column("SELECT name FROM system.settings"));
		this.#settings = Object.fromEntries(Object.entries(always).filter(([name]) => known.has(name)));
	}

	/** Applies the next entry. Throws {@link Unapplied} when it is undecided now, and to be settled by a new process. */
	async apply(entry: LogEntry): Promise<Result> {
		const statement = this.#understand(entry);
		if (statement.kind !== "write") {
			// The router takes writes only; one of a newer package may take what this one does not know.
			throw new Undecidable(`write ${entry.n} is not one that this version of pulumi-dbcluster knows`);
		}
		const before = this.#footprints.take(statement.insert ? "numbers" : "all");
		this.progress.begin({ n: entry.n, before });
		return this.#run(entry, statement, before);
	}

	async #run(entry: LogEntry, statement: Write, before: Footprint): Promise<Result> {
		if (statement.repeat !== "select") return this.#attempt(entry, statement, before);
		// So that its rows can be told from others, and taken away, if this process is killed before it is noted as done.
		await this.engine.run("SYSTEM STOP MERGES");
		try {
			return await this.#attempt(entry, statement, before);
		} finally {
			await this.engine.run("SYSTEM START MERGES");
		}
	}

	async #attempt(entry: LogEntry, statement: Write, before: Footprint): Promise<Result> {
		let result: Result;
		try {
			const [sql, session] = [this.#sql(entry, statement), this.#session(entry, statement)];
			result = { answer: await (statement.insert ? this.engine.insert(sql, session) : this.engine.run(sql, session)) };
		} catch (error) {
			if (!(error instanceof EngineError)) throw error;
			if (passing.has(error.code)) throw new Unapplied(`write ${entry.n} could not be applied: ${error.message}`);
			if (limits.has(error.code) && growth(before, this.#footprints.take("numbers")).numbers) {
				throw new Unapplied(`write ${entry.n} was applied in part: ${error.message}`);
			}
			result = { error };
		}
		this.progress.done(entry.n);
		return result;
	}

	/** The statement for the engine. The rows of an INSERT go through a file: in the text the engine would misread some. */
	#sql(entry: LogEntry, { insert }: Write): string {
		const text = this.#text(entry);
		if (insert?.source !== "data") return withoutWait(text).toString();
		const [head, settings] = [text.subarray(0, insert.settings), text.subarray(insert.settings, insert.from)];
		writeFileSync(dataFile, text.subarray(insert.data, insert.dataEnd), { mode: 0o600 });
		return `${head} FROM INFILE '${dataFile}' COMPRESSION 'none' ${settings} FORMAT ${insert.format}`;
	}

	#session(entry: LogEntry, { repeat }: Write): Session {
		const { database, settings } = sessionOf(new URLSearchParams(entry.params));
		const theirs = Object.entries(settings).filter(([name]) => !Object.hasOwn(always, name) && !neverTaken.test(name));
		return {
			database,
			settings: {
				insert_deduplication_token: `write-${entry.n}`,
				...Object.fromEntries(theirs),
				...this.#settings,
				...(repeat === "select" && {
					insert_deduplicate: "0",
					deduplicate_blocks_in_dependent_materialized_views: "0",
				}),
			},
		};
	}

	#understand(entry: LogEntry): Classified {
		return classify(this.#text(entry));
	}

	#text({ params, body }: LogEntry): Buffer {
		return statementText(new URLSearchParams(params), body);
	}

	/** Mutations go on by themselves when the engine opens the data; those that fail were failing before. */
	async #awaitMutations(): Promise<undefined> {
		for (;;) {
			const [left] = await this.engine.column(
				"SELECT count() FROM system.mutations WHERE NOT is_done AND latest_fail_reason = ''",
			);
			if (Number(left) === 0) return undefined;
			this.onPhase(`finishing ${left} change${left === "1" ? "" : "s"} of rows`);
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}
}

/** An ALTER that changes what is stored, not only what is defined. */
function changesRows(words: string): boolean {
	const all = [...tokens(words)];
	return all.some(
		(token, i) =>
			isWord(token, "UPDATE", "DELETE", "CLEAR") || (isWord(token, "DROP", "RENAME") && isWord(all[i + 1], "COLUMN")),
	);
}

function start(words: string): string {
	const line = words.replace(/\s+/g, " ").trim();
	return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}
