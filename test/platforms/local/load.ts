import { setTimeout as sleep } from "node:timers/promises";
import type { LocalPlace } from "./place";

/** Reads and writes without a pause over an endpoint, and keeps count of what came of it. */
export class Load {
	/** The ids whose insert was acknowledged. */
	readonly acknowledged: number[] = [];
	/** What inserts that were not acknowledged were answered: `503 Code: 242 ...`. */
	readonly refused: string[] = [];
	readonly selects = { answered: 0, failed: [] as string[] };
	#next = 0;
	#going = true;
	readonly #loops: Promise<void>[];

	constructor(
		readonly place: LocalPlace,
		readonly table: string,
		readers = 2,
		does: "reads" | "reads and writes" = "reads and writes",
	) {
		const reading = Array.from({ length: readers }, () => this.#read());
		this.#loops = does === "reads" ? reading : [this.#write(), ...reading];
	}

	async stop(): Promise<void> {
		this.#going = false;
		await Promise.all(this.#loops);
	}

	async #write(): Promise<void> {
		while (this.#going) {
			const id = this.#next++;
			try {
				await this.place.sql(`INSERT INTO ${this.table} VALUES (${id})`);
				this.acknowledged.push(id);
			} catch (error) {
				this.refused.push(message(error));
				await sleep(10);
			}
		}
	}

	async #read(): Promise<void> {
		while (this.#going) {
			try {
				await this.place.sql(`SELECT count() FROM ${this.table}`);
				this.selects.answered += 1;
			} catch (error) {
				this.selects.failed.push(message(error));
				await sleep(10);
			}
		}
	}
}

function message(error: unknown): string {
	const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : "";
	return `${error instanceof Error ? error.message : String(error)}${cause}`;
}

/** The ids that a replica holds, as often as it holds them, by asking until the endpoint has asked each replica. */
export async function idsOfEachReplica(place: LocalPlace, table: string, replicas: number): Promise<number[][]> {
	const answers: number[][] = [];
	// Reads take turns, so as many in a row reach every one.
	for (let turn = 0; turn < replicas; turn++) {
		const text = await place.sql(`SELECT id FROM ${table} ORDER BY id`);
		answers.push(text === "" ? [] : text.split("\n").map(Number));
	}
	return answers;
}
