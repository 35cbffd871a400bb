import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/**
 * What an engine's data folder shows of the writes in it, read from its files while the engine may run:
 * - `numbers`: by table, the highest number that a part or a mutation of it carries. Every INSERT and every mutation takes
 *   higher ones; merges don't.
 * - `mutations`: by table, the highest number of a mutation.
 * - `names`: by file that defines a database, table, view or function, its checksum.
 */
export interface Footprint {
	readonly numbers: Readonly<Record<string, number>>;
	readonly mutations: Readonly<Record<string, number>>;
	readonly names: Readonly<Record<string, number>>;
}

/** A part of a table: rows that were written, or merged, in one step. `all_3_7_1_9` */
interface Part {
	readonly name: string;
	readonly partition: string;
	readonly from: number;
	readonly to: number;
	readonly mutation: number;
}

const partName = /^([^_]+)_(\d+)_(\d+)_(\d+)(?:_(\d+))?$/;
const mutationFile = /^mutation_(\d+)\.txt$/;

/** After how many milliseconds without a change what was seen of a folder may be remembered. */
const settled = 2000;

/** Reads footprints of one data folder; remembers tables that did not change since. */
export class Footprints {
	readonly #known = new Map<string, { readonly changed: bigint; readonly number: number; readonly mutation: number }>();

	constructor(readonly data: string) {}

	/** @param what `numbers` is cheap; `all` reads every definition, too. */
	take(what: "numbers" | "all"): Footprint {
		const numbers: Record<string, number> = {};
		const mutations: Record<string, number> = {};
		const names: Record<string, number> = {};
		for (const folder of storeFolders(this.data)) {
			const known = this.#look(folder);
			numbers[folder] = known.number;
			mutations[folder] = known.mutation;
			if (what === "all") this.#define(folder, names);
		}
		if (what === "all") {
			for (const folder of ["metadata", "user_defined", "named_collections"]) this.#define(folder, names);
		}
		return { numbers, mutations, names };
	}

	#look(folder: string) {
		const path = join(this.data, folder);
		const changed = statSync(path, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
		// A dropped table's, which the engine removes later.
		if (changed === undefined) return { number: 0, mutation: 0 };
		const known = this.#known.get(folder);
		if (known?.changed === changed) return known;
		let number = 0;
		let mutation = 0;
		for (const name of entries(path)) {
			const part = parsePart(name);
			if (part !== undefined) number = Math.max(number, part.to, part.mutation);
			mutation = Math.max(mutation, Number(mutationFile.exec(name)?.[1] ?? 0));
		}
		const seen = { changed, number: Math.max(number, mutation), mutation };
		// A folder that changes twice within a tick of the clock shows the same time.
		if (Date.now() - Number(changed / 1_000_000n) > settled) this.#known.set(folder, seen);
		return seen;
	}

	#define(folder: string, names: Record<string, number>): void {
		for (const name of entries(join(this.data, folder))) {
			if (!name.endsWith(".sql")) continue;
			names[`${folder}/${name}`] = crc32(readFileSync(join(this.data, folder, name)));
		}
	}
}

/** What a write that is undecided has left since a footprint was taken. */
export function growth(before: Footprint, now: Footprint) {
	const grew = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) =>
		Object.entries(b).some(([key, value]) => value > (a[key] ?? 0));
	const names = Object.entries(now.names);
	return {
		numbers: grew(before.numbers, now.numbers),
		mutations: grew(before.mutations, now.mutations),
		names: names.length !== Object.keys(before.names).length || names.some(([key, sum]) => before.names[key] !== sum),
	};
}

/**
 * Prepares a data folder, which no engine has open, for doing an INSERT once more that a killed process left undecided.
 *
 * ClickHouse first notes a part's token in the table's deduplication log and then puts the part in its place. A kill in
 * between leaves a token without a part, and the rows would be missing for good: such notes are removed. A part without
 * a note (should an engine do it the other way round) would be inserted twice: it is removed, and comes back.
 *
 * @param all Takes every part away that the INSERT has made, for one that reads what it wrote itself.
 * @returns Why it can't be done; `undefined` when it is done.
 */
export function mendInsert(data: string, before: Footprint, all: boolean): string | undefined {
	for (const folder of storeFolders(data)) {
		const path = join(data, folder);
		const had = before.numbers[folder] ?? 0;
		const logs = dedupLogs(path);
		const noted = new Set(logs.flatMap(({ records }) => records.map(({ part }) => part && block(part, part.from))));
		for (const part of parts(path)) {
			if (part.to <= had || part.mutation > had) continue;
			const alien = numbersOf(part, had).some((n) => all || !noted.has(block(part, n)));
			if (!alien) continue;
			if (part.from <= had) return `the rows that it wrote to ${folder} were already merged with others`;
			rmSync(join(path, part.name), { recursive: true });
		}
		const left = parts(path);
		for (const { file, records } of logs) {
			const kept = records.filter((record) => record.dropped || left.some((part) => covers(part, record.part)));
			if (kept.length < records.length) writeFileSync(file, kept.map((record) => `${record.line}\n`).join(""));
		}
	}
	return undefined;
}

/** The numbers of the blocks in a part that came after a number. */
function numbersOf(part: Part, after: number): number[] {
	const first = Math.max(part.from, after + 1);
	return Array.from({ length: part.to - first + 1 }, (_, i) => first + i);
}

/** One INSERT's block in a table, whatever was done to its part since. */
const block = ({ partition }: Part, n: number) => `${partition} ${n}`;

function covers(part: Part, other: Part | undefined): boolean {
	return other !== undefined && part.partition === other.partition && part.from <= other.from && part.to >= other.to;
}

interface Note {
	readonly line: string;
	readonly part: Part | undefined;
	readonly dropped: boolean;
}

/** A table's deduplication log: lines of operation (1 adds, 2 drops), part and token. */
function dedupLogs(table: string): { readonly file: string; readonly records: readonly Note[] }[] {
	const folder = join(table, "deduplication_logs");
	return entries(folder).map((name) => {
		const file = join(folder, name);
		const text = readFileSync(file, "utf8");
		// A last line without its end was being written.
		const records = text
			.split("\n")
			.slice(0, -1)
			.map((line): Note => {
				const [operation, part = ""] = line.split("\t");
				return { line, part: parsePart(part), dropped: operation === "2" };
			});
		return { file, records };
	});
}

function parts(table: string): Part[] {
	return entries(table).flatMap((name) => parsePart(name) ?? []);
}

function parsePart(name: string): Part | undefined {
	const match = partName.exec(name);
	if (match === null) return undefined;
	const [, partition = "", from, to, , mutation] = match;
	return {
		name,
		partition,
		from: Number(from),
		to: Number(to),
		mutation: Number(mutation ?? 0),
	};
}

/** The folders of tables and of databases' definitions: `store/1ab/1ab2...`. */
function storeFolders(data: string): string[] {
	return entries(join(data, "store")).flatMap((prefix) =>
		entries(join(data, "store", prefix)).map((id) => `store/${prefix}/${id}`),
	);
}

function entries(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch (error) {
		if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
		throw error;
	}
}
