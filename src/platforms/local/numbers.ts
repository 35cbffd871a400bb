import { closeSync, constants, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "./files";
import { dataFolder } from "./protocol";

/**
 * How far a replica's data is in the cluster's writes, which are numbered from 1 on. Where `begun` is above `answered`, a
 * write broke off, and nobody knows what is there of it.
 */
export interface Numbers {
	/** The last write that was begun. Noted before it runs. */
	readonly begun: number;
	/** The last write that has run to its end. Noted before it is answered, so that data holds all that was acknowledged. */
	readonly answered: number;
	/** That one ended with an error. */
	readonly failed: boolean;
}

/** It lies among the engine's files, so that a copy of the data carries it. */
const numbersFile = "numbers";

/** One record, written in one step at the file's beginning: a kill leaves the old one or the new one. */
const recordBytes = 48;

export function readNumbers(home: string, replica: string): Numbers {
	const path = pathOf(home, replica);
	// Nothing was begun, too, where the file is empty: the disk was full when it was made.
	const [begun, answered, end] = (readIfThere(path) || "0 0 done").trim().split(" ");
	const numbers = { begun: Number(begun), answered: Number(answered), failed: end === "failed" };
	if (Number.isSafeInteger(numbers.begun) && Number.isSafeInteger(numbers.answered)) return numbers;
	throw new Error(`${path} is damaged`);
}

/** To be called by the one process that holds the replica, or by its supervisor while none does. */
export function noteNumbers(home: string, replica: string, { begun, answered, failed }: Numbers): void {
	mkdirSync(join(home, replica, dataFolder), { recursive: true, mode: 0o700 });
	const record = `${begun} ${answered} ${failed ? "failed" : "done"}`.padEnd(recordBytes - 1).concat("\n");
	const file = openSync(pathOf(home, replica), constants.O_WRONLY | constants.O_CREAT, 0o600);
	try {
		writeSync(file, record, 0, "latin1");
	} finally {
		closeSync(file);
	}
}

const pathOf = (home: string, replica: string) => join(home, replica, dataFolder, numbersFile);
