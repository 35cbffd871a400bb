import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { credentials, queryAt } from "./query";
import { clockTime } from "./sampler";

/** What clients saw while something was done to the cluster. */
export interface Seen {
	selects: number;
	inserts: number;
	/** What failed, each after its time. */
	readonly failedSelects: string[];
	readonly failedInserts: string[];
	/**
	 * SELECTs over several shards whose server was cut off by a peer that it had just sent its part to, each after its time:
	 * between the peer's answer that it has the table and the query itself, that peer was told to stop. Nothing of ClickHouse
	 * tries that again, and no Service is between the two.
	 */
	readonly cutBetweenServers: string[];
	/** The longest time between two acknowledged INSERTs of all loops, in milliseconds. */
	longestWritePause: number;
	/** The numbers of all rows that the server acknowledged. */
	readonly acknowledged: number[];
	/** How many numbers were sent, from 0 on: of an INSERT that failed nobody can say whether it was carried out. */
	sent: number;
	/** The same of the clients that keep their one connection alive, each a loop. */
	readonly kept: {
		/** Clients, so connections that are open at the same time. */
		readonly connections: number;
		selects: number;
		inserts: number;
		readonly failedSelects: string[];
		readonly failedInserts: string[];
		/** Requests that were cut off since their server closed the connection as they were sent. */
		readonly resets: string[];
		/**
		 * Requests that a server answered with an error after it had closed its tables: an old one serves its open
		 * connections while it stops, and to its very end.
		 */
		readonly closed: string[];
	};
}

export interface Load {
	readonly seen: Seen;
	/** Ends the loops and returns what they saw. */
	stop(): Promise<Seen>;
}

export interface LoadOptions {
	readonly endpoint: string;
	/** Holds a column `n` of integers. */
	readonly table: string;
	/** What the loops with a connection a request SELECT from, turn by turn; `table` unless given. */
	readonly from?: readonly string[];
	/** Loops of each kind, a connection a request; 2 unless given. */
	readonly loops?: number;
	/** Clients of each kind that keep their connection alive; none unless given. */
	readonly kept?: number;
	/** Milliseconds between two requests of a loop; 20 unless given. */
	readonly pause?: number;
}

/** SELECTs and INSERTs through the client Service until stopped. */
export function startLoad({ endpoint, table, from = [table], loops = 2, kept = 0, pause = 20 }: LoadOptions): Load {
	const seen: Seen = {
		selects: 0,
		inserts: 0,
		failedSelects: [],
		failedInserts: [],
		cutBetweenServers: [],
		longestWritePause: 0,
		acknowledged: [],
		sent: 0,
		kept: {
			connections: 2 * kept,
			selects: 0,
			inserts: 0,
			failedSelects: [],
			failedInserts: [],
			resets: [],
			closed: [],
		},
	};
	const sql = `SELECT count() FROM ${table}`;
	let on = true;
	let written = Date.now();
	const failure = (error: unknown) => `${clockTime(Date.now())} ${(error as Error).message.slice(0, 200)}`;

	let turn = 0;
	async function select(): Promise<void> {
		const asked = from[turn++ % from.length] ?? table;
		try {
			counted(await queryAt(endpoint, `SELECT count() FROM ${asked}`));
			seen.selects++;
		} catch (error) {
			const cut = asked === table && from.length > 1 && isCutBetweenServers(error);
			(cut ? seen.cutBetweenServers : seen.failedSelects).push(failure(error));
		}
	}
	async function insert(): Promise<void> {
		const n = seen.sent++;
		try {
			await queryAt(endpoint, `INSERT INTO ${table} (n) VALUES`, `(${n})`);
			seen.inserts++;
			acknowledge(n);
		} catch (error) {
			seen.failedInserts.push(failure(error));
		}
	}
	function acknowledge(n: number): void {
		seen.acknowledged.push(n);
		seen.longestWritePause = Math.max(seen.longestWritePause, Date.now() - written);
		written = Date.now();
	}

	const clients = Array.from({ length: 2 * kept }, () => clientOf(endpoint));
	async function keptSelect(client: Client): Promise<void> {
		try {
			const answer = await client.query({ query: sql, format: "TabSeparated" });
			counted(await answer.text());
			seen.kept.selects++;
		} catch (error) {
			keptFailure(error, seen.kept.failedSelects);
		}
	}
	async function keptInsert(client: Client): Promise<void> {
		const n = seen.sent++;
		try {
			await client.insert({ table, values: [{ n }], columns: ["n"], format: "JSONEachRow" });
			seen.kept.inserts++;
			acknowledge(n);
		} catch (error) {
			keptFailure(error, seen.kept.failedInserts);
		}
	}
	function keptFailure(error: unknown, others: string[]): void {
		const { resets, closed } = seen.kept;
		const kind = isReset(error) ? resets : isClosed(error) ? closed : others;
		kind.push(failure(error));
	}

	async function loop(request: () => Promise<void>): Promise<void> {
		while (on) {
			await request();
			await new Promise((resolve) => setTimeout(resolve, pause));
		}
	}
	const running = [
		...Array.from({ length: loops }, () => [loop(select), loop(insert)]).flat(),
		...clients.map((client, index) => loop(() => (index % 2 === 0 ? keptSelect(client) : keptInsert(client)))),
	];
	return {
		seen,
		async stop() {
			on = false;
			await Promise.all(running);
			seen.longestWritePause = Math.max(seen.longestWritePause, Date.now() - written);
			await Promise.all(clients.map((client) => client.close()));
			return seen;
		},
	};
}

type Client = ReturnType<typeof clientOf>;

/** The official client as it comes, but for its one connection. */
const clientOf = (url: string) =>
	createClient({
		url,
		username: credentials.user,
		password: credentials.password,
		max_open_connections: 1,
		log: { level: ClickHouseLogLevel.OFF },
	});

/** Old servers say what went wrong in the middle of an answer that began with status 200. */
function counted(text: string): void {
	if (!/^\d+\s*$/.test(text)) throw new Error(`no count: ${text}`);
}

const isCutBetweenServers = (error: unknown) =>
	/Connection reset by peer, while reading from socket .*while receiving packet from db-/s.test(
		(error as Error).message,
	);

/**
 * A connection that was open came to its end; one that could not be opened is another matter. A server that stops may still
 * answer on it, with an error that has no words; or the connection is one that a server keeps to a peer of another shard.
 */
const isReset = (error: unknown) => {
	const { code, message } = error as NodeJS.ErrnoException;
	const ends = ["socket hang up", "Connection reset by peer, while reading from socket"];
	return code === "ECONNRESET" || code === "EPIPE" || message === "" || ends.some((end) => message.includes(end));
};

const isClosed = (error: unknown) => /\b(Table|Database) \S+ doesn't exist/.test((error as Error).message);
