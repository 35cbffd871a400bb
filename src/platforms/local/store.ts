import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ControlError, PlatformError } from "../../control/errors";
import type { DbVersion } from "../../core/version";
import { folderError, inFolder } from "./errors";
import { readIfThere, replaceDurably } from "./files";
import { withLock } from "./lock";
import { openerOf } from "./notes";
import { emptyRecord, type RecordFile, recordFormat, replicaFolders } from "./record";

/** How long a change waits for another one, which takes milliseconds. */
const lockSeconds = 20;

/**
 * The record of one local cluster in its folder, changed by one process at a time and in one step: whoever is killed at
 * any moment leaves the record as it was or as it was to become.
 */
export class Store {
	readonly #path: string;
	/** What {@link latest} read last, and from which state of the file. */
	#last: { readonly stamp: string; readonly record: RecordFile } | undefined;

	constructor(readonly folder: string) {
		this.#path = join(folder, "cluster.json");
	}

	read(): RecordFile | undefined {
		const text = inFolder(this.folder, () => readIfThere(this.#path));
		if (text === undefined) return undefined;
		try {
			return recordFormat.parse(JSON.parse(text));
		} catch {
			throw new PlatformError(
				`${this.#path} is not a cluster's record, or was written by a newer pulumi-dbcluster. It was not changed: restore the right file, or move the folder away.`,
			);
		}
	}

	/** The same, for who asks again and again: reads the file only if it was written since. */
	latest(): RecordFile | undefined {
		const found = inFolder(this.folder, () => statSync(this.#path, { bigint: true, throwIfNoEntry: false }));
		const stamp = found && `${found.ino} ${found.mtimeNs} ${found.size}`;
		if (stamp !== undefined && this.#last?.stamp === stamp) return this.#last.record;
		const record = this.read();
		this.#last = stamp === undefined || record === undefined ? undefined : { stamp, record };
		return record;
	}

	/**
	 * Changes the record under its lock, unless `change` gives no new one, or throws.
	 *
	 * @param make Makes folder and record where there are none; a folder that holds other things is refused.
	 * @returns The record as it is now; `undefined` where there is none.
	 */
	async change(change: (record: RecordFile) => RecordFile, make: "make"): Promise<RecordFile>;
	async change(change: (record: RecordFile) => RecordFile | undefined): Promise<RecordFile | undefined>;
	async change(change: (record: RecordFile) => RecordFile | undefined, make?: "make"): Promise<RecordFile | undefined> {
		try {
			if (make) mkdirSync(this.folder, { recursive: true, mode: 0o700 });
			else if (!existsSync(this.#path)) return undefined;
			return await withLock(join(this.folder, "cluster.lock"), lockSeconds, () => {
				const before = this.read();
				if (before === undefined && !make) return undefined;
				if (before === undefined) this.#refuseForeign();
				const after = change(before ?? emptyRecord);
				if (after !== undefined) replaceDurably(this.#path, `${JSON.stringify(after, undefined, "\t")}\n`);
				return after ?? before;
			});
		} catch (error) {
			throw folderError(error, this.folder);
		}
	}

	/** Throws what making the record would throw, as far as that is known beforehand; touches nothing. */
	mustBeMakeable(): void {
		// The dot asks for a folder: a file may be written, too.
		inFolder(this.folder, () => accessSync(`${nearest(this.folder)}/.`, constants.W_OK));
		if (existsSync(this.folder) && this.read() === undefined) this.#refuseForeign();
	}

	/** The highest version that ever opened each replica's data, as the replicas' own processes noted it. */
	openedBy(replicas: number): Readonly<Record<string, DbVersion>> {
		const found = replicaFolders(replicas).flatMap((folder) => {
			const version = inFolder(this.folder, () => openerOf(this.folder, folder));
			return version === undefined ? [] : [[folder, version] as const];
		});
		return Object.fromEntries(found);
	}

	#refuseForeign(): void {
		const others = readdirSync(this.folder).filter((entry) => !entry.startsWith("cluster."));
		if (others.length === 0) return;
		const some = `${others.slice(0, 3).join(", ")}${others.length > 3 ? ", ..." : ""}`;
		throw new ControlError(
			`${this.folder} holds other files (${some}) and no cluster's record, so no cluster is created there. Set local.directory to a new or empty folder.`,
		);
	}
}

/** What is there of a path: itself, or the nearest that it would be made in. */
function nearest(path: string): string {
	return existsSync(path) ? path : nearest(dirname(path));
}
