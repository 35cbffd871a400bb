import {
	closeSync,
	constants,
	fdatasync,
	fstatSync,
	fsyncSync,
	ftruncateSync,
	mkdirSync,
	openSync,
	unlinkSync,
	writeSync,
} from "node:fs";
import { promisify } from "node:util";
import { PlatformError } from "../../control/errors";
import { syncFolder } from "./durable";
import { errorText } from "./error-text";
import { endOf } from "./log-reader";
import { checksum, guarded, headerBytes, logError, segmentPath, segments } from "./log-segments";

const sync = promisify(fdatasync);

/** A segment is closed, and the next begun, at this many bytes. */
const segmentBytes = 16 << 20;

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
			const { last, size } = endOf(folder, tail);
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
			this.#broken = `the log of writes in ${this.folder} could not be mended after a failure (${errorText(error)}). Stop the cluster, see to the disk, and start it again.`;
		}
	}
}

function openSegment(folder: string, first: number): number {
	const file = openSync(segmentPath(folder, first), constants.O_RDWR | constants.O_CREAT, 0o600);
	syncFolder(folder);
	return file;
}

function writeAll(file: number, part: Buffer, at: number): number {
	for (let done = 0; done < part.length; ) done += writeSync(file, part, done, part.length - done, at + done);
	return at + part.length;
}
