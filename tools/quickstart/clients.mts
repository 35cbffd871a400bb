import { setTimeout as sleep } from "node:timers/promises";

/** Rows of content that can be worked out anew: row n has the id n and this text. */
const textOf = (id: number) => `event ${id}`;
const sqlText = "concat('event ', toString(number))";

/** The database as any client sees it: ClickHouse's HTTP interface. */
export class Database {
	readonly #url: string;

	constructor(port: number) {
		this.#url = `http://127.0.0.1:${port}/`;
	}

	/** Runs a statement and gives its answer; throws a {@link Refused} with ClickHouse's own words when it is not 200. */
	async run(sql: string, body = ""): Promise<string> {
		const answer = await fetch(`${this.#url}?query=${encodeURIComponent(sql)}`, { method: "POST", body });
		const text = (await answer.text()).trim();
		if (answer.ok) return text;
		throw new Refused(answer.status, text);
	}

	async fill(rows: number): Promise<void> {
		await this.run("CREATE TABLE events (id UInt64, text String) ENGINE = MergeTree ORDER BY id");
		await this.run(`INSERT INTO events SELECT number, ${sqlText} FROM numbers(${rows})`);
	}

	async insert(from: number, rows: number): Promise<void> {
		const lines = Array.from({ length: rows }, (_, n) => `${from + n}\t${textOf(from + n)}\n`);
		await this.run("INSERT INTO events FORMAT TabSeparated", lines.join(""));
	}

	async count(where = "1"): Promise<number> {
		return Number(await this.run(`SELECT count() FROM events WHERE ${where}`));
	}

	/** Whether the table holds exactly the rows 0 to `rows` - 1, each once and whole: compares their number and a checksum. */
	async holdsExactly(rows: number): Promise<boolean> {
		const sum = (id: string, text: string) => `SELECT count(), sum(cityHash64(${id}, ${text}))`;
		const there = await this.run(`${sum("id", "text")} FROM events`);
		return there === (await this.run(`${sum("number", sqlText)} FROM numbers(${rows})`));
	}
}

export class Refused extends Error {
	readonly status: number;
	constructor(status: number, text: string) {
		super(`${status}: ${text}`);
		this.status = status;
	}
}

export interface Counts {
	/** SELECTs that answered, and answered right. */
	answered: number;
	/** SELECTs that did not. */
	failed: number;
	/** INSERTs that were acknowledged. */
	acknowledged: number;
	/** Tries of an INSERT that were refused, with 503 and a reason, and tried again. */
	refused: number;
	/** INSERTs that it took more than one try to get acknowledged. */
	retried: number;
	/** The first failure of each kind, for people. */
	readonly problems: Map<string, number>;
}

const batch = 10;

/** One reader and one writer that go on until they are stopped, each with one request at a time. */
export class Clients {
	readonly counts: Counts = { answered: 0, failed: 0, acknowledged: 0, refused: 0, retried: 0, problems: new Map() };
	readonly #database: Database;
	readonly #rows: number;
	#stopped = false;
	#loops: Promise<unknown> = Promise.resolve();

	constructor(database: Database, rows: number) {
		this.#database = database;
		this.#rows = rows;
	}

	/** Rows that the table must hold by now. */
	get rows(): number {
		return this.#rows + this.counts.acknowledged * batch;
	}

	start(): void {
		this.#loops = Promise.all([this.#read(), this.#write()]);
	}

	/** Ends both once their last request has its answer. */
	async stop(): Promise<void> {
		this.#stopped = true;
		await this.#loops;
	}

	async #read(): Promise<void> {
		while (!this.#stopped) {
			try {
				const count = await this.#database.count(`id < ${this.#rows}`);
				if (count !== this.#rows) throw new Error(`it counted ${count} rows instead of ${this.#rows}`);
				this.counts.answered++;
			} catch (error) {
				this.counts.failed++;
				this.#note("SELECT", error);
			}
			await sleep(5);
		}
	}

	async #write(): Promise<void> {
		while (!this.#stopped) {
			await this.#insert(this.rows);
			await sleep(10);
		}
	}

	/** Tries until it is in: nothing else may be counted as acknowledged, and nothing may get in twice. */
	async #insert(from: number): Promise<void> {
		for (let tries = 1; ; tries++) {
			try {
				await this.#database.insert(from, batch);
				break;
			} catch (error) {
				if (tries === 1) this.counts.retried++;
				this.counts.refused++;
				if (!(error instanceof Refused && error.status === 503)) {
					this.#note("INSERT", error);
					// No answer at all: it may have got in all the same.
					if ((await this.#database.count(`id >= ${from}`).catch(() => 0)) > 0) break;
				}
				if (this.#stopped && tries > 200) throw error;
				await sleep(25);
			}
		}
		this.counts.acknowledged++;
	}

	#note(kind: string, error: unknown): void {
		const { message, cause } = error as Error & { cause?: Error };
		const key = `${kind}: ${cause?.message ?? message}`.split("\n")[0] ?? kind;
		this.counts.problems.set(key, (this.counts.problems.get(key) ?? 0) + 1);
	}
}
