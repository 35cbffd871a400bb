import { queryAt } from "./harness";

/** What clients saw while something was done to the cluster. */
export interface Seen {
	selects: number;
	inserts: number;
	/** What failed, with the time since the load began in milliseconds. */
	readonly failedSelects: string[];
	readonly failedInserts: string[];
	/** The longest time between two acknowledged INSERTs of all loops, in milliseconds. */
	longestWritePause: number;
	/** The numbers of all rows that the server acknowledged. */
	readonly acknowledged: number[];
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
	/** Loops of each kind; 2 unless given. */
	readonly loops?: number;
	/** Milliseconds between two requests of a loop; 20 unless given. */
	readonly pause?: number;
}

/** SELECTs and INSERTs through the client Service, a connection a request, until stopped. */
export function startLoad({ endpoint, table, loops = 2, pause = 20 }: LoadOptions): Load {
	const seen: Seen = {
		selects: 0,
		inserts: 0,
		failedSelects: [],
		failedInserts: [],
		longestWritePause: 0,
		acknowledged: [],
	};
	const start = Date.now();
	let on = true;
	let next = 0;
	let written = start;
	const failure = (error: unknown) => `${Date.now() - start} ms: ${(error as Error).message.slice(0, 200)}`;

	async function select(): Promise<void> {
		try {
			await queryAt(endpoint, `SELECT count() FROM ${table}`);
			seen.selects++;
		} catch (error) {
			seen.failedSelects.push(failure(error));
		}
	}
	async function insert(): Promise<void> {
		const n = next++;
		try {
			await queryAt(endpoint, `INSERT INTO ${table} (n) VALUES`, `(${n})`);
			seen.inserts++;
			seen.acknowledged.push(n);
			seen.longestWritePause = Math.max(seen.longestWritePause, Date.now() - written);
			written = Date.now();
		} catch (error) {
			seen.failedInserts.push(failure(error));
		}
	}
	async function loop(request: () => Promise<void>): Promise<void> {
		while (on) {
			await request();
			await new Promise((resolve) => setTimeout(resolve, pause));
		}
	}
	const running = Array.from({ length: loops }, () => [loop(select), loop(insert)]).flat();
	return {
		seen,
		async stop() {
			on = false;
			await Promise.all(running);
			seen.longestWritePause = Math.max(seen.longestWritePause, Date.now() - written);
			return seen;
		},
	};
}
