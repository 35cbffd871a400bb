import { type EngineAnswer, EngineError, type Session } from "./chdb";
import { isSign, isWord, type Token, tokens } from "./sql";

/**
 * HTTP's status for ClickHouse's error codes, as its server has it (src/Server/HTTP/exceptionCodeToHTTPStatus.cpp). Those
 * that it answers with 503 are 500 here: from a replica's process 503 means that it is stopping.
 */
const statuses: Readonly<Record<number, readonly number[]>> = {
	400: [6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676],
	401: [194],
	403: [192, 193, 497, 512, 516],
	404: [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511],
	408: [159],
	411: [381],
	413: [229],
	415: [779],
	501: [48],
};
const byCode = new Map(
	Object.entries(statuses).flatMap(([status, codes]) => codes.map((code) => [code, Number(status)])),
);

export function httpStatus(code: number): number {
	return byCode.get(code) ?? 500;
}

/** Parameters of a request that are no settings. */
const own = new Set(["query", "database", "default_format", "query_id"]);

/** What a request's parameters set for its statement. Throws {@link EngineError}. */
export function sessionOf(params: URLSearchParams): Session {
	const settings: Record<string, string> = {};
	for (const [name, value] of params) {
		if (own.has(name)) continue;
		if (!/^\w+$/.test(name))
			throw new EngineError(`Code: 115. DB::Exception: Unknown setting '${name}'. (UNKNOWN_SETTING)`, 115);
		settings[name] = value;
	}
	return { database: params.get("database") ?? undefined, settings };
}

/** How a query's answer is to be written. */
export interface AnswerShape {
	readonly format: string;
	/**
	 * The engine hands large answers over in pieces, each a whole document with its header. Where those can be put
	 * together again: how many lines each piece's header has. Else `undefined`: the answer must be made whole.
	 */
	readonly headerLines: number | undefined;
}

/** Formats without header and footer; those of lines have variants with one or two lines of header. */
const lines =
	/^(?:TabSeparated|TSV|TabSeparatedRaw|TSVRaw|Raw|JSONCompactEachRow|JSONCompactStringsEachRow)(WithNames|WithNamesAndTypes)?$/;
const bare = /^(?:CSV|JSONEachRow|JSONLines|JSONL|NDJSON|JSONStringsEachRow|TSKV|RowBinary|Native|LineAsString)$/;

/** Parts of a query that add a footer, or settings that change a format's frame. */
const framed = /^(?:totals|extremes|output_format_json_array_of_rows|rollup|cube)$/i;

/**
 * Reads from a query, and from what it comes with, how its answer is to be written.
 *
 * @param text As Latin-1.
 */
export function answerShapeOf(text: string, params: URLSearchParams): AnswerShape {
	const all = [...tokens(text)];
	const at = all.findLastIndex(
		(token, i) => token.depth === 0 && isWord(token, "FORMAT") && isName(all[i + 1]) && endsAt(all[i + 2]),
	);
	const format = (at < 0 ? undefined : all[at + 1]?.text) ?? (params.get("default_format") || "TabSeparated");
	const first = all.find((token) => !isSign(token, "("));
	const streams = isWord(first, "SELECT", "WITH", "FROM") && !params.has("extremes");
	const isFramed =
		params.has("output_format_json_array_of_rows") ||
		all.some(({ kind, text }) => kind === "word" && framed.test(text));
	if (!streams || isFramed) return { format, headerLines: undefined };
	if (bare.test(format)) return { format, headerLines: 0 };
	const match = lines.exec(format);
	if (match === null) return { format, headerLines: undefined };
	return { format, headerLines: match[1] === undefined ? 0 : match[1] === "WithNames" ? 1 : 2 };
}

const isName = (token: Token | undefined) => token?.kind === "word";
const endsAt = (token: Token | undefined) => token === undefined || isSign(token, ";") || isWord(token, "SETTINGS");

/** Takes the first lines off a piece. */
export function withoutLines(piece: Buffer, count: number): Buffer {
	let at = 0;
	for (let i = 0; i < count; i++) at = piece.indexOf(0x0a, at) + 1;
	return piece.subarray(at);
}

/**
 * The end of an answer that fails after its beginning has gone out, as ClickHouse marks it since 25.11 for clients that
 * look for it (`X-ClickHouse-Exception-Tag` names the tag).
 */
export function lateException(message: string, tag: string): string {
	const words = `${message}\n`;
	return `\r\n__exception__\r\n${tag}\r\n${words}${Buffer.byteLength(words)} ${tag}\r\n__exception__\r\n`;
}

/** The value of `X-ClickHouse-Summary`. Nothing is known of a query that streams when its headers go out. */
export function summary(answer: Partial<EngineAnswer>): string {
	const { rowsRead = 0, bytesRead = 0, rowsWritten = 0, bytesWritten = 0, elapsed = 0 } = answer;
	return JSON.stringify({
		read_rows: String(rowsRead),
		read_bytes: String(bytesRead),
		written_rows: String(rowsWritten),
		written_bytes: String(bytesWritten),
		total_rows_to_read: "0",
		result_rows: String(rowsWritten),
		result_bytes: String(bytesWritten),
		elapsed_ns: String(Math.round(elapsed * 1e9)),
	});
}
