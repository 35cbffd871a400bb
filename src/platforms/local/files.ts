import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync } from "node:fs";

/** What a small file holds; `undefined` where there is none. */
export function readIfThere(path: string): string | undefined {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
		throw error;
	}
}

/** Writes a file that only this user may read, and flushes it to the disk. */
export function writeDurably(path: string, text: string): void {
	writeFileSync(path, text, { mode: 0o600, flush: true });
}

/** Flushes to the disk which files a folder holds. */
export function syncFolder(path: string): void {
	const folder = openSync(path, "r");
	try {
		fsyncSync(folder);
	} finally {
		closeSync(folder);
	}
}
