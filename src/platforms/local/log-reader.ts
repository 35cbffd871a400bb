import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { PlatformError } from "../../control/errors";
import { checksum, guarded, headerBytes, segmentPath, segments } from "./log-segments";
import type { LogEntry } from "./protocol";

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
	return tail === undefined ? 0 : endOf(folder, tail).last;
}

/** The number of the last whole entry of a log's last segment, and where in it that ends. */
export function endOf(folder: string, tail: number): { readonly last: number; readonly size: number } {
	const reader = new LogReader(folder, tail);
	let last = tail - 1;
	for (let entry = reader.next(); entry !== undefined; entry = reader.next()) last = entry.n;
	reader.close();
	return { last, size: reader.at };
}

function gap(folder: string, n: number): string {
	return `the log of writes in ${folder} lacks entry ${n}, which this replica has not applied. Copy another replica's folder over this one's while the cluster is stopped.`;
}
