import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";

/** Writes a file that only this user may read, and sees it onto the disk. */
export function writeDurably(path: string, text: string): void {
	const file = openSync(path, "w", 0o600);
	try {
		writeSync(file, text);
		fsyncSync(file);
	} finally {
		closeSync(file);
	}
}

/** Sees onto the disk which files a folder holds. */
export function syncFolder(path: string): void {
	const folder = openSync(path, "r");
	try {
		fsyncSync(folder);
	} finally {
		closeSync(folder);
	}
}
