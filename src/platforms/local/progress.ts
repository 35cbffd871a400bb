import { constants, openSync, readFileSync, readSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Footprint } from "./footprint";
import { appliedFile } from "./protocol";

/** The note that an entry of the log was begun, with what the data looked like before it. */
export interface Begun {
	readonly n: number;
	readonly before: Footprint;
}

const begunFile = "begun";
/** One record, written in one step at the file's beginning: a kill leaves the old one or the new one. */
const recordBytes = 24;

/**
 * How far a replica has come in the log, kept in its folder. A process that is killed leaves it right at every moment: an
 * entry that was begun and is not applied is undecided.
 */
export class Progress {
	readonly #file: number;
	#applied: number;

	constructor(readonly folder: string) {
		this.#file = openSync(join(folder, appliedFile), constants.O_RDWR | constants.O_CREAT, 0o600);
		const record = Buffer.alloc(recordBytes);
		const read = readSync(this.#file, record, 0, recordBytes, 0);
		this.#applied = read === 0 ? 0 : Number(record.toString("latin1", 0, read).trim());
		if (!Number.isSafeInteger(this.#applied)) throw new Error(`${join(folder, appliedFile)} is damaged`);
	}

	/** The number of the last entry that is in the data. */
	get applied(): number {
		return this.#applied;
	}

	/** The entry that an earlier process began and may or may not have applied. */
	undecided(): Begun | undefined {
		try {
			const begun = JSON.parse(readFileSync(join(this.folder, begunFile), "utf8")) as Begun;
			return begun.n > this.#applied ? begun : undefined;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
			throw error;
		}
	}

	/** Notes that an entry is about to be applied. */
	begin(begun: Begun): void {
		const path = join(this.folder, begunFile);
		writeFileSync(`${path}.new`, JSON.stringify(begun), { mode: 0o600 });
		renameSync(`${path}.new`, path);
	}

	/** Notes that an entry is in the data. */
	done(n: number): void {
		writeSync(
			this.#file,
			String(n)
				.padEnd(recordBytes - 1)
				.concat("\n"),
			0,
			"latin1",
		);
		this.#applied = n;
	}
}
