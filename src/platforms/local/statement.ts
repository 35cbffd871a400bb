import { divergence } from "./determinism";
import { type Insert, parseInsert } from "./insert";
import { reach, sourceRefused } from "./outside";
import { firstSaid, isSign, isWord, type Neighbours, namesIn, type Token, tokens } from "./sql";

/** What a statement does, as far as the router and the replicas must know. */
export type Classified =
	/** One replica answers it. The engine runs it in a mode that changes nothing. */
	| { readonly kind: "read" }
	/** Every replica runs it. */
	| { readonly kind: "write"; readonly insert?: Insert }
	/** The local platform does not do it; the reason says why and what to do instead, as a sentence without a full stop. */
	| { readonly kind: "refused"; readonly reason: string };

const refuse = (reason: string): Classified => ({ kind: "refused", reason });
const read: Classified = { kind: "read" };

/** The text that ClickHouse's HTTP interface makes of a request: the parameter `query`, a line break, the body. */
export function statementText(params: URLSearchParams, body: Buffer): Buffer {
	const query = params.get("query") ?? "";
	if (query === "") return body;
	return Buffer.concat([Buffer.from(body.length === 0 ? query : `${query}\n`), body]);
}

/**
 * Says what a statement does, from its words alone. What is not known to write counts as a read: the engine names what is
 * wrong with it, and its read-only mode changes nothing.
 *
 * @param sql The whole text, with the data of an INSERT behind it; see {@link statementText}.
 * @example classify("SELECT 'DROP TABLE t'"); // { kind: "read" }
 * @example classify("INSERT INTO t VALUES (now())"); // { kind: "refused", reason: "now() returns another value ..." }
 */
export function classify(sql: string | Buffer): Classified {
	const text = (typeof sql === "string" ? Buffer.from(sql) : sql).toString("latin1");
	const scan = tokens(text);
	const ahead: Token[] = [];
	// Brackets before the first word: (SELECT 1). Not for...of, which would end the scan.
	for (let next = scan.next(); !next.done; next = scan.next()) {
		ahead.push(next.value);
		if (!isSign(next.value, "(")) break;
	}
	const first = ahead.at(-1);
	if (first?.kind !== "word") return read;
	const verb = first.text.toUpperCase();
	if (verb === "INSERT") return classifyInsert(text, ahead, first.end);
	const all = [...ahead, ...scan];
	if (verb === "WITH") {
		const at = all.findIndex((token, i) => token.depth === 0 && isWord(token, "INSERT") && isWord(all[i + 1], "INTO"));
		const insert = all[at];
		if (insert !== undefined) return classifyInsert(text, all.slice(0, at), insert.end);
	}
	const why = refusals[verb]?.(all);
	if (!writing.has(verb.toLowerCase())) return refusedOr(read, why ?? firstSaid(all, againstAny));
	const top = all.filter((token) => token.depth === 0);
	return refusedOr({ kind: "write" }, why ?? (has(top, "ON", "CLUSTER") ? onCluster : againstWrite(all)));
}

const refusedOr = (otherwise: Classified, why: string | undefined) => (why === undefined ? otherwise : refuse(why));

function classifyInsert(text: string, ahead: readonly Token[], skip: number): Classified {
	const insert = parseInsert(text, skip);
	if (insert.intoFunction) return refuse(intoFunction);
	if (insert.source === "infile") return refuse(infile);
	const end = insert.source === "data" && insert.format !== "Values" ? insert.data : text.length;
	function* whole() {
		yield* ahead;
		// The word VALUES is a table function elsewhere.
		const isKeyword = ({ end }: Token) => insert.source === "data" && end === insert.data;
		for (const token of tokens(text.slice(0, end), insert.settings))
			yield isKeyword(token) ? { ...token, kind: "sign" as const } : token;
	}
	return refusedOr({ kind: "write", insert }, againstWrite(whole()));
}

/** Over ClickHouse's own HTTP interface, too, a request holds one statement. */
function several([, , token, after]: Neighbours): string | undefined {
	if (token?.depth !== 0) return undefined;
	if (isSign(token, ";") && after !== undefined && !isSign(after, ";")) return severalStatements;
	return isWord(token, "PARALLEL") && isWord(after, "WITH") ? parallelStatements : undefined;
}

function againstAny(near: Neighbours): string | undefined {
	const [, , token, after] = near;
	return several(near) ?? (isWord(token, "INTO") && isWord(after, "OUTFILE") ? outfile : reach(near));
}

const againstWrite = (all: Iterable<Token>) => firstSaid(all, (near) => againstAny(near) ?? divergence(near));

const outfile = "INTO OUTFILE would write on the server. Save the result on the client";
const intoFunction =
	"INSERT INTO FUNCTION writes outside of the cluster, and each replica would do it. Export with SELECT, and save the result on the client";
const infile = "FROM INFILE does not work over HTTP. Send the file as the request's body: INSERT INTO t FORMAT CSV";
const severalStatements =
	"several statements in one request are not allowed, and ClickHouse's own HTTP interface does not allow them either. Send each one separately";
const parallelStatements = "PARALLEL WITH is several statements in one. Send each one separately";

const onCluster = "a statement reaches every replica of the cluster by itself. Leave ON CLUSTER out";

const has = (all: readonly Token[], ...words: readonly string[]) =>
	all.some((_, i) => words.every((word, k) => isWord(all[i + k], ...word.split("|"))));

/** Verbs that change data or names. */
const writing = namesIn(
	"CREATE REPLACE DROP TRUNCATE OPTIMIZE ATTACH DETACH DELETE UPDATE UNDROP RENAME EXCHANGE GRANT REVOKE MOVE ALTER",
);

const kinds = ["TEMPORARY", "TABLE", "VIEW", "DICTIONARY", "DATABASE", "FUNCTION", "IF", "EXISTS", "EMPTY"];

/** Where the name of what a DROP or DETACH is about begins. */
const subject = (all: readonly Token[]) => all.findIndex((token, i) => i > 0 && !isWord(token, ...kinds));

/**
 * What is dropped, without the wish to wait until nothing of it is left on the disk: for that the engine 26.5 waits for ever.
 * Its name is free at once all the same.
 */
export function withoutWait(text: Buffer): Buffer {
	const all = [...tokens(text.toString("latin1"))];
	if (!isWord(all[0], "DROP", "DETACH")) return text;
	const name = subject(all);
	const at = all.findIndex(
		(token, i) =>
			i > name &&
			!isSign(all[i - 1], ".") &&
			(isWord(token, "SYNC") || (isWord(token, "NO") && isWord(all[i + 1], "DELAY"))),
	);
	const [first, last] = [all[at], all[isWord(all[at], "NO") ? at + 1 : at]];
	if (first === undefined || last === undefined) return text;
	return Buffer.concat([text.subarray(0, first.start), text.subarray(last.end)]);
}

const session = "There are no sessions on the local platform: each request may reach another replica.";

/** Verbs, or forms of them, that the local platform does not do. */
const refusals: Readonly<Record<string, (all: readonly Token[]) => string | undefined>> = {
	SET: () => `${session} Give settings as parameters of the request, or in a SETTINGS clause`,
	USE: () => `${session} Name the database in the parameter database, or before the table`,
	SYSTEM: () => "SYSTEM statements would act on one replica only, and are not supported by the local platform",
	KILL: () => "KILL would look for the query on one replica only. Close the request's connection instead",
	BACKUP: () => "BACKUP is not supported by the local platform. Stop the cluster and copy its folder",
	RESTORE: () =>
		"RESTORE is not supported by the local platform. Stop the cluster and replace its folder with a copy that you made of it",
	BEGIN: () => "transactions are not supported",
	COMMIT: () => "transactions are not supported",
	ROLLBACK: () => "transactions are not supported",
	WATCH: () => "WATCH is not supported by the local platform. Ask again with SELECT",
	DROP: refuseDefault,
	RENAME: refuseDefault,
	DETACH: (all) =>
		has(all, "PERMANENTLY")
			? refuseDefault(all)
			: "a detached table comes back when its replica restarts. Add PERMANENTLY",
	ATTACH: (all) => (has(all, "FROM") ? "ATTACH ... FROM reads files that only one replica has" : sourceRefused(all)),
	CREATE: refuseCreate,
	REPLACE: refuseCreate,
};

function refuseDefault(all: readonly Token[]): string | undefined {
	const isDefault = isWord(all[1], "DATABASE") && all.some(({ text }) => text === "default");
	return isDefault ? "the embedded engine crashes without the database default. Drop its tables instead" : undefined;
}

function refuseCreate(all: readonly Token[]): string | undefined {
	const head = all.filter((token) => token.depth === 0);
	if (has(head.slice(0, 4), "TEMPORARY"))
		return `a temporary table needs a session, and there are none on the local platform. Create an ordinary table, and drop it when you no longer need it`;
	if (has(head, "REFRESH", "EVERY|AFTER"))
		return "each replica would refresh the view at its own time. Fill a table from the client";
	if (has(head.slice(0, 4), "LIVE|WINDOW", "VIEW"))
		return "LIVE and WINDOW views are not supported by the local platform";
	if (has(head.slice(0, 4), "DICTIONARY")) return sourceRefused(all);
	const isView = has(head.slice(0, 6), "VIEW");
	const isTable = has(head.slice(0, 4), "TABLE");
	return isTable || isView || has(head.slice(0, 3), "DATABASE") ? refuseEngine(all) : undefined;
}

function refuseEngine(all: readonly Token[]): string | undefined {
	const at = all.findIndex((token) => token.depth === 0 && isWord(token, "ENGINE"));
	if (at < 0) return undefined;
	const engine = all.slice(at + 1).find((token) => !isSign(token, "="))?.text ?? "";
	if (/^(Replicated|Shared)/i.test(engine)) {
		return `ENGINE = ${engine} needs ClickHouse Keeper. Use ${engine.replace(/^(Replicated|Shared)/i, "") || "Atomic"}: the local platform itself brings every write to every replica`;
	}
	if (/MergeTree$/i.test(engine) || ["", "Null", "Merge", "Dictionary", "Atomic"].includes(engine)) return undefined;
	return `ENGINE = ${engine} does not keep rows on every replica through restarts and crashes. Use MergeTree or one of its family`;
}
