import {
	accessSync,
	constants,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	unlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ControlError, PlatformError } from "../../control/errors";
import { type DbVersion, parseVersion } from "../../core/version";
import { syncFolder, writeDurably } from "./durable";
import { errorText } from "./error-text";
import { LockTimeout, withLock } from "./lock";
import { openedFile } from "./protocol";
import { type RecordFile, recordFormat, replicaFolders } from "./record";

const recordFile = "cluster.json";
const lockFile = "cluster.lock";

/** How long a change waits for another one, which takes milliseconds. */
const lockSeconds = 20;

/**
 * The record of one local cluster in its folder, changed by one process at a time and in one step: whoever is killed at
 * any moment leaves the record as it was or as it was to become.
 */
export class Store {
	readonly #path: string;

	constructor(readonly folder: string) {
		this.#path = join(folder, recordFile);
	}

	/** The record; `undefined` when there is none. */
	read(): RecordFile | undefined {
		const text = this.#guard(() => readIfThere(this.#path));
		if (text === undefined) return undefined;
		try {
			return recordFormat.parse(JSON.parse(text));
		} catch {
			throw new PlatformError(
				`${this.#path} is not a cluster's record, or was written by a newer pulumi-dbcluster. It is left as it is: put the right one back, or move the folder away.`,
			);
		}
	}

	/**
	 * Changes the record under its lock.
	 *
	 * @param change Gets the record, and gives the new one, or `undefined` to leave it. What it throws is thrown on.
	 * @param make Makes folder and record where there are none; a folder that holds other things is refused.
	 * @returns The record as it is now; `undefined` where there is none and none was to be made.
	 */
	async change(
		change: (record: RecordFile) => RecordFile | undefined,
		make: "make" | "must-exist" = "must-exist",
	): Promise<RecordFile | undefined> {
		if (make === "make") this.#guard(() => mkdirSync(this.folder, { recursive: true, mode: 0o700 }));
		else if (!this.#guard(() => existsSync(this.#path))) return undefined;
		return this.#locked(() => {
			const before = this.read();
			if (before === undefined && make === "must-exist") return undefined;
			if (before === undefined) this.#refuseForeign();
			const after = change(before ?? { format: 1, fence: 0 });
			if (after === undefined) return before;
			this.#write(after);
			return after;
		});
	}

	/** Throws what making the record would throw, as far as that can be told beforehand; touches nothing. */
	mustBeMakeable(): void {
		// The dot asks for a folder: a file may be written, too.
		this.#guard(() => accessSync(`${nearest(this.folder)}/.`, constants.W_OK));
		if (existsSync(this.folder) && this.read() === undefined) this.#refuseForeign();
	}

	/** The highest version that ever opened each replica's data, as the replicas' own processes noted it. */
	openedBy(replicas: number): Readonly<Record<string, DbVersion>> {
		const found = replicaFolders(replicas).flatMap((folder) => {
			const text = this.#guard(() => readIfThere(join(this.folder, folder, openedFile)));
			const version = parseVersion(text?.trim());
			return version === undefined ? [] : [[folder, version] as const];
		});
		return Object.fromEntries(found);
	}

	async #locked<T>(action: () => T): Promise<T> {
		try {
			return await withLock(join(this.folder, lockFile), lockSeconds, action);
		} catch (error) {
			if (error instanceof LockTimeout) {
				throw new PlatformError(
					`process ${error.holder.pid} has held ${join(this.folder, lockFile)} for ${lockSeconds} seconds. Look at what it does, and end it if it hangs.`,
				);
			}
			throw folderError(error, this.folder);
		}
	}

	/** The whole file beside the old one, onto the disk, then in its place. */
	#write(record: RecordFile): void {
		const draft = `${this.#path}.new`;
		try {
			writeDurably(draft, `${JSON.stringify(record, undefined, "\t")}\n`);
			renameSync(draft, this.#path);
			syncFolder(this.folder);
		} catch (error) {
			try {
				unlinkSync(draft);
			} catch {
				// The first error is the one to tell.
			}
			throw folderError(error, this.folder);
		}
	}

	#refuseForeign(): void {
		const others = readdirSync(this.folder).filter((entry) => !entry.startsWith("cluster."));
		if (others.length === 0) return;
		const some = `${others.slice(0, 3).join(", ")}${others.length > 3 ? ", ..." : ""}`;
		throw new ControlError(
			`${this.folder} holds other things (${some}) and no cluster's record, so a cluster is not put there. Set local.directory to a new or empty folder.`,
		);
	}

	#guard<T>(action: () => T): T {
		try {
			return action();
		} catch (error) {
			throw folderError(error, this.folder);
		}
	}
}

/** What is there of a path: itself, or the nearest that it would be made in. */
function nearest(path: string): string {
	return existsSync(path) ? path : nearest(dirname(path));
}

function readIfThere(path: string): string | undefined {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
		throw error;
	}
}

const reasons: Readonly<Record<string, string>> = {
	EACCES: "may not be read or written by this user. Mend its permissions, or set local.directory to another folder",
	EPERM: "may not be written by this user. Mend its permissions, or set local.directory to another folder",
	EROFS: "is on a file system that is read-only. Set local.directory to a folder that can be written",
	ENOSPC: "is on a disk that is full. Make room there, then run pulumi again",
	EDQUOT: "is on a disk where this user's quota is used up. Make room there, then run pulumi again",
	ENOTDIR: "is not a folder. Set local.directory to another one",
	EEXIST: "is not a folder. Set local.directory to another one",
	ENAMETOOLONG: "has too long a path. Set local.directory to a shorter one",
};

/** What a person is told of an error whatever it comes from; a full disk may come up anywhere. */
export function errorWords(error: unknown, folder: string): string {
	const { code = "" } = (error ?? {}) as NodeJS.ErrnoException;
	const said = ["ENOSPC", "EDQUOT"].includes(code) ? folderError(error, folder) : error;
	return errorText(said);
}

/** What a person is told when a cluster's folder can't be used. Errors that are ours already pass through. */
export function folderError(error: unknown, folder: string): unknown {
	const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
	if (error instanceof ControlError || code === undefined) return error;
	return new PlatformError(`the cluster's folder ${folder} ${reasons[code] ?? `can't be used: ${code}`}.`);
}
