/** One piece of a SQL text. Offsets are those of the text that was scanned. */
export interface Token {
	readonly kind:
		| "word" /** In backticks or double quotes. */
		| "quoted"
		| "string"
		| "number"
		| "sign" /** What no token begins with, or a string or comment without an end: a syntax error for the engine to name. */
		| "broken";
	/** As written, or the inside of a quoted identifier. */
	readonly text: string;
	readonly start: number;
	readonly end: number;
	/** How many brackets are open around it. */
	readonly depth: number;
}

type Kind = Token["kind"] | "space";

/** What a piece begins as decides its kind. What is not ASCII is matched as bytes of UTF-8 read as Latin-1. */
const rules: readonly (readonly [pattern: RegExp, kind: Kind])[] = [
	[/[A-Za-z_][\w$]*/y, "word"],
	[/[\s\0]+|\xc2\xa0|\xe3\x80\x80|\xef\xbb\xbf|\xe2\x80[\x80-\x8b\xaf]/y, "space"],
	[/0[xX][\da-fA-F_]+|0[bB][01_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?/y, "number"],
	[/--[^\n]*|#[ !][^\n]*/y, "space"],
	[/(\$\w*\$)[\s\S]*?\1|\xe2\x80\x98[\s\S]*?\xe2\x80\x99/y, "string"],
	[/\xe2\x80\x9c[\s\S]*?\xe2\x80\x9d/y, "quoted"],
];

/**
 * Takes a SQL text apart as ClickHouse's own lexer does: comments (which nest) and spaces are skipped; strings, quoted
 * identifiers and heredocs are one token each, whatever is in them.
 *
 * @param latin1 The text's bytes as Latin-1, so that offsets are bytes and data behind the SQL does no harm.
 */
export function* tokens(latin1: string, from = 0): Generator<Token, void, undefined> {
	let depth = 0;
	for (let start = from; start < latin1.length; ) {
		const [kind, end] = match(latin1, start);
		if (kind === "sign") {
			const text = latin1.charAt(start);
			if (")]}".includes(text)) depth = Math.max(0, depth - 1);
			yield { kind, text, start, end, depth };
			if ("([{".includes(text)) depth += 1;
		} else if (kind !== "space") {
			const raw = latin1.slice(start, end);
			yield { kind, text: kind === "quoted" ? unquoted(raw) : raw, start, end, depth };
		}
		start = end;
	}
}

function match(text: string, at: number): [kind: Kind, end: number] {
	for (const [pattern, kind] of rules) {
		pattern.lastIndex = at;
		if (pattern.test(text)) return [kind, pattern.lastIndex];
	}
	if (text.startsWith("/*", at)) {
		const end = commentEnd(text, at + 2);
		return end === undefined ? ["broken", text.length] : ["space", end];
	}
	const quote = quotes[text.charAt(at)];
	if (quote === undefined) return ["sign", at + 1];
	const end = quoteEnd(text, at + 1, quote.edge);
	return end === undefined ? ["broken", text.length] : [quote.kind, end];
}

const quotes: Readonly<Record<string, { readonly kind: Token["kind"]; readonly edge: RegExp }>> = {
	"'": { kind: "string", edge: /['\\]/g },
	"`": { kind: "quoted", edge: /[`\\]/g },
	'"': { kind: "quoted", edge: /["\\]/g },
};

/** Where a quote is closed. Not one pattern for it all: strings may be so long that matching one exhausts the stack. */
function quoteEnd(text: string, from: number, edge: RegExp): number | undefined {
	edge.lastIndex = from;
	for (let found = edge.exec(text); found !== null; found = edge.exec(text)) {
		const doubled = found[0] === "\\" || text[edge.lastIndex] === found[0];
		if (!doubled) return edge.lastIndex;
		edge.lastIndex += 1;
	}
	return undefined;
}

/** Two tokens, the one in question, and two more. */
export type Neighbours = readonly (Token | undefined)[];

/** What is first said against one of some tokens. Looks at each once: the values of an INSERT may be many. */
export function firstSaid(all: Iterable<Token>, judge: (near: Neighbours) => string | undefined): string | undefined {
	let near: Neighbours = new Array(5).fill(undefined);
	const next = (token: Token | undefined) => {
		near = [...near.slice(1), token];
		return judge(near);
	};
	for (const token of all) {
		const why = next(token);
		if (why !== undefined) return why;
	}
	return next(undefined) ?? next(undefined);
}

export const namesIn = (list: string): ReadonlySet<string> => new Set(list.toLowerCase().split(/\s+/));

/** A bare word, in any case; keywords are never quoted. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
	return token?.kind === "word" && words.includes(token.text.toUpperCase());
}

export function isSign(token: Token | undefined, sign: string): boolean {
	return token?.kind === "sign" && token.text === sign;
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
	const inside = raw.slice(trim, -trim);
	return inside.replace(/\\x([\da-f]{2})|\\(.)|``|""/gis, (pair, hex, escaped) =>
		hex === undefined ? (escaped ?? pair[0]) : String.fromCharCode(Number.parseInt(hex, 16)),
	);
}
