/** One piece of a SQL text. Offsets are those of the text that was scanned. */
export interface Token {
	readonly kind:
		| "word" /** In backticks or double quotes. */
		| "quoted"
		| "string"
		| "number"
		| "sign" /** What no token begins with, or a string or comment without an end: a syntax error for the engine to name. */
		| "broken";
	/** Words and signs as written; the inside of a quoted identifier; empty for strings. */
	readonly text: string;
	readonly start: number;
	readonly end: number;
	/** How many brackets are open around it. */
	readonly depth: number;
}

const string = String.raw`'(?:[^'\\]|\\[^]|'')*'`;
const backticks = "`(?:[^`\\\\]|\\\\[^]|``)*`";
const quotes = String.raw`"(?:[^"\\]|\\[^]|"")*"`;
const heredoc = String.raw`(?<tag>\$\w*\$)[^]*?\k<tag>`;
const number = String.raw`0[xX][\da-fA-F_]+|0[bB][01_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?`;
// As bytes of UTF-8 read as Latin-1, in which texts are scanned.
const curlyString = "\xe2\x80\x98[^]*?\xe2\x80\x99";
const curlyQuotes = "\xe2\x80\x9c[^]*?\xe2\x80\x9d";

const pattern = new RegExp(
	[
		String.raw`(?<space>[\s\0]+|\xc2\xa0|\xe2\x80[\x80-\x8b\xaf]|\xe3\x80\x80|\xef\xbb\xbf|--[^\n]*|#[ !][^\n]*)`,
		`(?<string>${string}|${curlyString}|${heredoc})`,
		`(?<quoted>${backticks}|${quotes}|${curlyQuotes})`,
		String.raw`(?<word>[A-Za-z_][\w$]*)`,
		`(?<number>${number})`,
		String.raw`(?<comment>/\*)`,
		"(?<broken>['\"`])",
		"(?<sign>[^])",
	].join("|"),
	"y",
);

/**
 * Takes a SQL text apart as ClickHouse's own lexer does: comments (which nest) and spaces are skipped; strings, quoted
 * identifiers and heredocs are one token each, whatever is in them.
 *
 * @param latin1 The text's bytes as Latin-1, so that offsets are bytes and data behind the SQL does no harm.
 */
export function* tokens(latin1: string, from = 0): Generator<Token, void, undefined> {
	let depth = 0;
	let at = from;
	while (at < latin1.length) {
		pattern.lastIndex = at;
		const match = pattern.exec(latin1);
		const found = match?.groups ?? {};
		const start = at;
		const raw = match?.[0] ?? "";
		at += raw.length;
		if (found.space !== undefined) continue;
		if (found.comment !== undefined) {
			const end = commentEnd(latin1, at);
			if (end === undefined) return yield { kind: "broken", text: raw, start, end: latin1.length, depth };
			at = end;
			continue;
		}
		if (found.broken !== undefined) return yield { kind: "broken", text: raw, start, end: latin1.length, depth };
		if (found.string !== undefined) yield { kind: "string", text: "", start, end: at, depth };
		else if (found.quoted !== undefined) yield { kind: "quoted", text: unquoted(raw), start, end: at, depth };
		else if (found.word !== undefined) yield { kind: "word", text: raw, start, end: at, depth };
		else if (found.number !== undefined) yield { kind: "number", text: raw, start, end: at, depth };
		else {
			if (")]}".includes(raw)) depth = Math.max(0, depth - 1);
			yield { kind: "sign", text: raw, start, end: at, depth };
			if ("([{".includes(raw)) depth += 1;
		}
	}
}

/** A bare word, in any case; keywords are never quoted. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
	return token?.kind === "word" && words.includes(token.text.toUpperCase());
}

export function isSign(token: Token | undefined, sign: string): boolean {
	return token?.kind === "sign" && token.text === sign;
}

/** A literal for a `SET` statement. */
export function literal(text: string): string {
	return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

function commentEnd(text: string, from: number): number | undefined {
	const edge = /\/\*|\*\//g;
	edge.lastIndex = from;
	for (let open = 1; ; ) {
		const match = edge.exec(text);
		if (match === null) return undefined;
		open += match[0] === "/*" ? 1 : -1;
		if (open === 0) return edge.lastIndex;
	}
}

function unquoted(raw: string): string {
	const trim = raw.startsWith("\xe2") ? 3 : 1;
	return raw.slice(trim, -trim).replace(/\\(.)|``|""/gs, (pair, escaped) => escaped ?? pair[0]);
}
