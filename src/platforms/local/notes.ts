import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { compareVersions, type DbVersion, parseVersion } from "../../core/version";
import { ensureFolder, readIfThere, replaceDurably } from "./files";
import { dataFolder, openedFile } from "./protocol";

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
	const record = `${begun} ${answered} ${failed ? "failed" : "done"}`.padEnd(recordBytes - 1).concat("\n");
	const file = openSync(pathOf(home, replica), constants.O_WRONLY | constants.O_CREAT, 0o600);
	try {
		writeSync(file, record, 0, "latin1");
	} finally {
		closeSync(file);
	}
}

const pathOf = (home: string, replica: string) => join(home, replica, dataFolder, numbersFile);

/** The highest DB version that ever opened a replica's data, as the replica's own process noted it. */
export function openerOf(home: string, replica: string): DbVersion | undefined {
	return parseVersion(readIfThere(join(home, replica, openedFile))?.trim());
}

/** Whether a version must not open a replica's data: whatever the record says, older engines never open newer data. */
export function isTooOldFor(home: string, replica: string, version: DbVersion): boolean {
	const opener = openerOf(home, replica);
	return opener !== undefined && compareVersions(version, opener) < 0;
}

/** Notes that this version is about to open the data. Refuses when a higher one did. */
export function noteOpened(home: string, replica: string, version: DbVersion): void {
	const opener = openerOf(home, replica);
	if (isTooOldFor(home, replica, version))
		throw new Error(`the data of ${replica} was opened by ${opener}, and a DB version never goes back to ${version}`);
	if (opener === version) return;
	ensureFolder(join(home, replica, dataFolder));
	replaceDurably(join(home, replica, openedFile), `${version}\n`);
}
