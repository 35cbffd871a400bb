import { readdirSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { PlatformError } from "../../control/errors";
import { errorText } from "./error-text";

/**
 * An entry in a segment: a header of 20 bytes (number, 8; bytes of the parameters, 4; of the body, 4; CRC-32 of all else,
 * 4), parameters, body. Numbers are little-endian. A segment is called after its first entry: `000000000017.log`.
 */
export const headerBytes = 20;

export function checksum(frame: Buffer, head: Buffer, body: Buffer): number {
	return crc32(body, crc32(head, crc32(frame.subarray(0, 16))));
}

export const segmentPath = (folder: string, first: number) => join(folder, `${String(first).padStart(12, "0")}.log`);

/** The numbers of the first entries of the segments, in order. */
export function segments(folder: string): number[] {
	const found = readdirSync(folder).flatMap((name) => {
		const match = /^(\d{12,})\.log$/.exec(name);
		return match === null ? [] : [Number(match[1])];
	});
	return found.sort((a, b) => a - b);
}

/** Does something with the files of a log; what goes wrong is said in words. */
export function guarded<T>(folder: string, action: () => T): T {
	try {
		return action();
	} catch (error) {
		throw error instanceof PlatformError ? error : logError(error, folder);
	}
}

export function logError(error: unknown, folder: string): PlatformError {
	if ((error as NodeJS.ErrnoException).code === "ENOSPC") {
		return new PlatformError(
			`the disk that holds ${folder} is full: the write was not taken. Free some space, and send it again.`,
		);
	}
	return new PlatformError(`the log of writes in ${folder} can't be used: ${errorText(error)}.`);
}
