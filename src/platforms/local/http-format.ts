import { ClickHouseError } from "./answers";
import type { EngineAnswer, Session } from "./chdb";
import { isSign, isWord, type Token, tokens } from "./sql";

/** Parameters of a request that are no settings. */
const own = new Set(["query", "database", "default_format", "query_id"]);

export function sessionOf(params: URLSearchParams): Session {
	const settings: Record<string, string> = {};
	for (const [name, value] of params) {
		if (own.has(name)) continue;
		if (!/^\w+$/.test(name)) throw new ClickHouseError(115, "UNKNOWN_SETTING", `Unknown setting '${name}'`);
		settings[name] = value;
	}
	return { database: params.get("database") ?? undefined, settings };
}

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

/** Reads from a query, and from what it comes with, how its answer is to be written. */
export function answerShapeOf(latin1: string, params: URLSearchParams): AnswerShape {
	const all = [...tokens(latin1)];
	const at = all.findLastIndex(
		(token, i) => token.depth === 0 && isWord(token, "FORMAT") && isName(all[i + 1]) && endsAt(all[i + 2]),
	);
	const format = (at < 0 ? undefined : all[at + 1]?.text) ?? (params.get("default_format") || "TabSeparated");
	const first = all.find((token) => !isSign(token, "("));
	const isFramed =
		["extremes", "output_format_json_array_of_rows"].some((name) => params.has(name)) ||
		all.some(({ kind, text }) => kind === "word" && framed.test(text));
	const streams = isWord(first, "SELECT", "WITH", "FROM") && !isFramed;
	return { format, headerLines: streams ? headerLinesOf(format) : undefined };
}

function headerLinesOf(format: string): number | undefined {
	const [known, names] = lines.exec(format) ?? bare.exec(format) ?? [];
	if (known === undefined) return undefined;
	return names === undefined ? 0 : names === "WithNames" ? 1 : 2;
}

const isName = (token: Token | undefined) => token?.kind === "word";
const endsAt = (token: Token | undefined) => token === undefined || isSign(token, ";") || isWord(token, "SETTINGS");

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

/** What an answer cost, as a header. Nothing is known of a query that streams when its headers go out. */
export function summary(answer: Partial<EngineAnswer>) {
	const { rowsRead = 0, bytesRead = 0, rowsWritten = 0, bytesWritten = 0, elapsed = 0 } = answer;
	const numbers = {
		read_rows: rowsRead,
		read_bytes: bytesRead,
		written_rows: rowsWritten,
		written_bytes: bytesWritten,
		total_rows_to_read: 0,
		result_rows: rowsWritten,
		result_bytes: bytesWritten,
		elapsed_ns: Math.round(elapsed * 1e9),
	};
	const texts = Object.entries(numbers).map(([name, number]) => [name, String(number)]);
	return { "X-ClickHouse-Summary": JSON.stringify(Object.fromEntries(texts)) };
}
