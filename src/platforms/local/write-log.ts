import {
	closeSync,
	constants,
	fdatasync,
	fstatSync,
	fsyncSync,
	ftruncateSync,
	mkdirSync,
	openSync,
	readdirSync,
	readSync,
	unlinkSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { PlatformError } from "../../control/errors";
import type { LogEntry } from "./protocol";

const sync = promisify(fdatasync);

/** A segment is closed, and the next begun, at this many bytes. */
const segmentBytes = 16 << 20;

/**
 * An entry in a segment: a header of 20 bytes (number, 8; bytes of the parameters, 4; of the body, 4; CRC-32 of all else,
 * 4), parameters, body. Numbers are little-endian. A segment is called after its first entry: `000000000017.log`.
 */
const headerBytes = 20;

/**
 * The numbered log of a local cluster's writes: what stands in it will be in every replica. One process appends (the
 * router, which holds a lock for that); replicas read it meanwhile.
 *
 * An entry that is not whole at the end was never acknowledged, and is dropped when the log is opened.
 *
 * @example
 * const log = WriteLog.open(folder);
 * const n = await log.append("query=INSERT...", body); // on the disk now
 */
export class WriteLog {
	#file: number;
	#size: number;
	#last: number;
	#broken: string | undefined;
	/** One append after the other. */
	#turn: Promise<unknown> = Promise.resolve();

	private constructor(
		readonly folder: string,
		file: number,
		size: number,
		last: number,
	) {
		this.#file = file;
		this.#size = size;
		this.#last = last;
	}

	/** Opens the log of a folder, or makes one. Throws {@link PlatformError} when it can't be read or is damaged. */
	static open(folder: string): WriteLog {
		return guarded(folder, () => {
			mkdirSync(folder, { recursive: true, mode: 0o700 });
			const tail = segments(folder).at(-1) ?? 1;
			const file = openSegment(folder, tail);
			const reader = new LogReader(folder, tail);
			let last = tail - 1;
			for (let entry = reader.next(); entry !== undefined; entry = reader.next()) last = entry.n;
			const size = reader.at;
			reader.close();
			if (fstatSync(file).size > size) {
				ftruncateSync(file, size);
				fsyncSync(file);
			}
			return new WriteLog(folder, file, size, last);
		});
	}

	/** The number of the last entry; 0 when there was none ever. */
	get last(): number {
		return this.#last;
	}

	/**
	 * Appends an entry. When it resolves, the entry is on the disk; when it throws, the log is as it was.
	 *
	 * @returns The entry's number.
	 */
	append(params: string, body: Buffer): Promise<number> {
		const appended = this.#turn.then(() => this.#append(params, body));
		this.#turn = appended.catch(() => {});
		return appended;
	}

	/** Removes the segments that hold only entries up to this number, which every replica must have applied. */
	truncate(applied: number): void {
		guarded(this.folder, () => {
			const all = segments(this.folder);
			for (const [i, first] of all.entries()) {
				const next = all[i + 1];
				if (next === undefined || next - 1 > applied) return;
				unlinkSync(segmentPath(this.folder, first));
			}
		});
	}

	/** Waits for the appends that were begun; none may follow. */
	async close(): Promise<void> {
		await this.#turn;
		closeSync(this.#file);
	}

	async #append(params: string, body: Buffer): Promise<number> {
		if (this.#broken !== undefined) throw new PlatformError(this.#broken);
		const n = this.#last + 1;
		const head = Buffer.from(params);
		const frame = Buffer.alloc(headerBytes);
		frame.writeBigUInt64LE(BigInt(n), 0);
		frame.writeUInt32LE(head.length, 8);
		frame.writeUInt32LE(body.length, 12);
		frame.writeUInt32LE(checksum(frame, head, body), 16);
		try {
			if (this.#size >= segmentBytes) this.#nextSegment(n);
			let at = this.#size;
			for (const part of [frame, head, body]) at = writeAll(this.#file, part, at);
			await sync(this.#file);
			this.#size = at;
			this.#last = n;
			return n;
		} catch (error) {
			this.#undo();
			throw logError(error, this.folder);
		}
	}

	#nextSegment(n: number): void {
		const file = openSegment(this.folder, n);
		closeSync(this.#file);
		this.#file = file;
		this.#size = 0;
	}

	/** Takes back what was written of an entry. What can't be taken back must not be followed by anything. */
	#undo(): void {
		try {
			ftruncateSync(this.#file, this.#size);
			fsyncSync(this.#file);
		} catch (error) {
			this.#broken = `the log of writes in ${this.folder} could not be mended after a failure (${words(error)}). Stop the cluster, see to the disk, and start it again.`;
		}
	}
}

/** Reads a log from an entry on, also while it is appended to. */
export class LogReader {
	#file: number | undefined;
	#segment: number | undefined;
	#next: number;
	#at = 0;

	/** @param from The number of the first entry wanted. */
	constructor(
		readonly folder: string,
		from: number,
	) {
		this.#next = from;
	}

	/** Where the last entry that was read ends in its segment. */
	get at(): number {
		return this.#at;
	}

	/** The next entry; `undefined` when there is none yet. Throws {@link PlatformError} when the log lacks it for good. */
	next(): LogEntry | undefined {
		return guarded(this.folder, () => {
			for (;;) {
				if (this.#file === undefined && !this.#open()) return undefined;
				const entry = this.#read();
				if (entry === undefined) {
					if (!segments(this.folder).some((first) => first > (this.#segment ?? 0))) return undefined;
					// It may have been appended between the two looks.
					const late = this.#read();
					if (late === undefined) {
						this.close();
						if (!segments(this.folder).includes(this.#next)) throw new PlatformError(gap(this.folder, this.#next));
						continue;
					}
					if (this.#take(late)) return late;
				} else if (this.#take(entry)) return entry;
			}
		});
	}

	close(): void {
		if (this.#file !== undefined) closeSync(this.#file);
		this.#file = undefined;
	}

	/** Whether the entry is one that is wanted; earlier ones of its segment are passed over. */
	#take(entry: LogEntry): boolean {
		if (entry.n < this.#next) return false;
		if (entry.n > this.#next) throw new PlatformError(gap(this.folder, this.#next));
		this.#next += 1;
		return true;
	}

	#open(): boolean {
		const all = segments(this.folder);
		const segment = all.findLast((first) => first <= this.#next);
		if (segment === undefined) {
			if (all.length > 0 || this.#next > 1) throw new PlatformError(gap(this.folder, this.#next));
			return false;
		}
		this.#file = openSync(segmentPath(this.folder, segment), "r");
		this.#segment = segment;
		this.#at = 0;
		return true;
	}

	/** The entry at the place that was reached; `undefined` when no whole one stands there. */
	#read(): LogEntry | undefined {
		const frame = this.#bytes(headerBytes, this.#at);
		if (frame === undefined) return undefined;
		const [head, body] = [frame.readUInt32LE(8), frame.readUInt32LE(12)];
		const rest = this.#bytes(head + body, this.#at + headerBytes);
		if (rest === undefined) return undefined;
		const entry = {
			n: Number(frame.readBigUInt64LE(0)),
			params: rest.toString("utf8", 0, head),
			body: rest.subarray(head),
		};
		if (checksum(frame, rest.subarray(0, head), entry.body) !== frame.readUInt32LE(16)) return undefined;
		this.#at += headerBytes + head + body;
		return entry;
	}

	#bytes(length: number, at: number): Buffer | undefined {
		const file = this.#file;
		if (file === undefined || fstatSync(file).size < at + length) return undefined;
		const buffer = Buffer.alloc(length);
		for (let done = 0; done < length; ) {
			const read = readSync(file, buffer, done, length - done, at + done);
			if (read === 0) return undefined;
			done += read;
		}
		return buffer;
	}
}

/** The number of a log's last whole entry, for one who only reads it; 0 when there is none. */
export function lastEntry(folder: string): number {
	const tail = guarded(folder, () => segments(folder).at(-1));
	if (tail === undefined) return 0;
	const reader = new LogReader(folder, tail);
	let last = tail - 1;
	for (let entry = reader.next(); entry !== undefined; entry = reader.next()) last = entry.n;
	reader.close();
	return last;
}

function checksum(frame: Buffer, head: Buffer, body: Buffer): number {
	return crc32(body, crc32(head, crc32(frame.subarray(0, 16))));
}

const segmentPath = (folder: string, first: number) => join(folder, `${String(first).padStart(12, "0")}.log`);

/** The numbers of the first entries of the segments, in order. */
function segments(folder: string): number[] {
	const found = readdirSync(folder).flatMap((name) => {
		const match = /^(\d{12,})\.log$/.exec(name);
		return match === null ? [] : [Number(match[1])];
	});
	return found.sort((a, b) => a - b);
}

function openSegment(folder: string, first: number): number {
	const file = openSync(segmentPath(folder, first), constants.O_RDWR | constants.O_CREAT, 0o600);
	const directory = openSync(folder, "r");
	try {
		fsyncSync(directory);
	} finally {
		closeSync(directory);
	}
	return file;
}

function writeAll(file: number, part: Buffer, at: number): number {
	for (let done = 0; done < part.length; ) done += writeSync(file, part, done, part.length - done, at + done);
	return at + part.length;
}

function gap(folder: string, n: number): string {
	return `the log of writes in ${folder} lacks entry ${n}, which this replica has not applied. Copy another replica's folder over this one's while the cluster is stopped.`;
}

function guarded<T>(folder: string, action: () => T): T {
	try {
		return action();
	} catch (error) {
		throw error instanceof PlatformError ? error : logError(error, folder);
	}
}

function logError(error: unknown, folder: string): PlatformError {
	if ((error as NodeJS.ErrnoException).code === "ENOSPC") {
		return new PlatformError(
			`the disk that holds ${folder} is full: the write was not taken. Free some space, and send it again.`,
		);
	}
	return new PlatformError(`the log of writes in ${folder} can't be used: ${words(error)}.`);
}

const words = (error: unknown) => (error instanceof Error ? error.message : String(error));
