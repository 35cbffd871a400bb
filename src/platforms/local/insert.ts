import { isSign, isWord, type Token, tokens } from "./sql";

/** An INSERT taken apart. Offsets are bytes of the whole text. */
export interface Insert {
	readonly source: /** Data in the text behind `FORMAT` or `VALUES`. */
		| "data"
		/** A query. */
		| "select"
		/** A file of the client's, which is not here. */
		| "infile"
		/** Not an INSERT that can be understood: the engine says what is wrong with it. */
		| "unknown";
	/** It inserts into a table function: `INSERT INTO FUNCTION s3(...)`. */
	readonly intoFunction: boolean;
	/** Where `SETTINGS`, or else the source, begins: `FROM INFILE` can be put here. */
	readonly settings: number;
	/** Where the source begins: `FORMAT`, `VALUES`, `SELECT`, ... */
	readonly from: number;
	/** With data: its format, where it begins, and, in SQL's own syntax, where it ends before a closing `;`. */
	readonly format: string;
	readonly data: number;
	readonly dataEnd: number;
}

/**
 * Takes an INSERT apart as ClickHouse's parser does.
 *
 * @param text The statement's bytes as Latin-1, with the data behind it.
 * @param skip Where the word INSERT ends.
 */
export function parseInsert(text: string, skip: number): Insert {
	const rest = tokens(text, skip);
	let token = next(rest);
	if (isWord(token, "INTO")) token = next(rest);
	if (isWord(token, "TABLE")) token = next(rest);
	const intoFunction = isWord(token, "FUNCTION");
	if (intoFunction) token = next(rest);
	for (token = next(rest); isSign(token, "."); token = next(rest)) next(rest);
	const found = { intoFunction, format: "", data: text.length, dataEnd: text.length };
	let settings: number | undefined;
	for (; token !== undefined; token = next(rest)) {
		const at = { ...found, settings: settings ?? token.start, from: token.start };
		if (token.depth > 0) {
			// `INSERT INTO t (SELECT ...)`, but not a column of that name.
			if (settings === undefined && token.depth === 1 && isWord(token, "SELECT", "WITH")) {
				return { ...at, source: "select" };
			}
			continue;
		}
		if (isWord(token, "SETTINGS")) settings ??= token.start;
		else if (isWord(token, "SELECT", "WITH")) return { ...at, source: "select" };
		else if (isWord(token, "FROM")) {
			return { ...at, source: isWord(next(rest), "INFILE") ? "infile" : "select" };
		} else if (isWord(token, "VALUES", "FORMAT")) {
			const format = isWord(token, "VALUES") ? token : next(rest);
			if (format?.kind !== "word") break;
			if (isWord(format, "VALUES"))
				return { ...at, source: "data", format: "Values", data: format.end, dataEnd: valuesEnd(text, format.end) };
			return { ...at, source: "data", format: format.text, data: dataStart(text, format.end) };
		}
	}
	// Over HTTP an INSERT that names no format has its rows in the body, as VALUES: there are none here.
	return { ...found, source: "unknown", settings: settings ?? text.length, from: text.length };
}

function next(rest: Generator<Token, void, undefined>): Token | undefined {
	return rest.next().value ?? undefined;
}

/** Behind the format's name: spaces, and then at most one line break, as ClickHouse's parser skips them. */
function dataStart(text: string, from: number): number {
	const gap = /[ \t\f]*\r?\n?/y;
	gap.lastIndex = from;
	gap.exec(text);
	return gap.lastIndex;
}

/** Before a `;` that nothing follows, or else behind the last token. */
function valuesEnd(text: string, from: number): number {
	let last: number | undefined;
	let closed: number | undefined;
	for (const token of tokens(text, from)) {
		if (isSign(token, ";")) closed ??= token.start;
		else closed = undefined;
		last = token.end;
	}
	return closed ?? last ?? text.length;
}
