import { ControlError, PlatformError } from "../../../control/errors";
import type { Api } from "../api/api";
import type { Pod } from "../api/types";
import type { ApiCall } from "../api/wire";
import { asOurs, container, ports } from "../render/names";
import type { KeptSettings } from "../render/shape";

export interface Credentials {
	readonly user: string;
	/** As a header holds it: a character for each byte. */
	readonly password: string;
}

/** A user and its password's Secret; without one the image's own user is used. */
export type Login = Pick<KeptSettings, "user" | "passwordSecret">;

/** The login that a pod was created with; `undefined` if it names none. */
export function loginOf(pod: Pod): Login | undefined {
	const env = pod.spec.containers.find(({ name }) => name === container)?.env ?? [];
	const user = env.find(({ name }) => name === "CLICKHOUSE_USER")?.value;
	const reference = env.find(({ name }) => name === "CLICKHOUSE_PASSWORD")?.valueFrom?.secretKeyRef;
	return user === undefined || reference === undefined ? undefined : { user, passwordSecret: reference };
}

export async function readCredentials(api: Api, { user, passwordSecret }: Login): Promise<Credentials | undefined> {
	if (passwordSecret === undefined) return undefined;
	const { name, key } = passwordSecret;
	const secret = await api.get<{ data?: Record<string, string> }>("secrets", name);
	if (secret === undefined)
		throw new PlatformError(
			`the Secret ${name} does not exist in the namespace ${api.namespace}: create it first. If your program creates it, take the name from its id, "${api.namespace}/${name}", which is known once it exists`,
		);
	const encoded = secret.data?.[key];
	if (encoded === undefined)
		throw new PlatformError(
			`the Secret ${name} has no key '${key}': add it, or set passwordSecret.key to one that it has`,
		);
	const password = Buffer.from(encoded, "base64");
	if (password.some((byte) => byte < 32 || byte === 127))
		throw new PlatformError(
			`the key '${key}' of the Secret ${name} holds a line break or another control character, which no request can carry: create the Secret again without it, such as with printf instead of echo`,
		);
	// A header holds bytes, which Node.js takes from a text of Latin-1, and servers read as UTF-8.
	return { user, password: password.toString("latin1") };
}

export class QueryError extends ControlError {
	override readonly name = "QueryError";
}

/** Settings of one statement, by name. A server rejects an unknown one. */
export type Settings = Readonly<Record<string, string>>;

/**
 * Bytes of an answer that a server keeps in memory until it is complete. Beyond them, and without this, it writes a file:
 * one whose volume is full would answer nothing.
 */
const inMemory = String(8 << 20);

/** Leaves out our own queries. */
export const notOurs = "query NOT LIKE '%pulumi-dbcluster%'";

/** SQL on one server through the API server's proxy: the machine that runs Pulumi needs no route to the pods. */
export class Server {
	constructor(
		private readonly api: Api,
		private readonly pod: string,
		private readonly credentials: Credentials | undefined,
		private readonly port: number = ports.http,
	) {}

	/** Reads only: the server refuses changes by GET. */
	async rows(sql: string, settings: Settings = {}): Promise<Row[]> {
		const query = `${asOurs(sql)} FORMAT JSONEachRow`;
		// The complete answer or an error status: otherwise an error after the first rows would come with a status of
		// success.
		const search = new URLSearchParams({ query, wait_end_of_query: "1", buffer_size: inMemory, ...settings });
		const text = await this.send({ method: "GET", path: `/?${search}`, timeout: 10_000 });
		return text.split("\n").flatMap((line) => (line === "" ? [] : [rowOf(line)]));
	}

	/** Runs a statement that changes something. */
	async run(sql: string, settings: Settings = {}): Promise<void> {
		const path = `/?${new URLSearchParams(settings)}`;
		await this.send({ method: "POST", path, body: asOurs(sql), timeout: 300_000 });
	}

	private async send(call: ApiCall): Promise<string> {
		const headers: Record<string, string> =
			this.credentials === undefined
				? {}
				: { "x-clickhouse-user": this.credentials.user, "x-clickhouse-key": this.credentials.password };
		const answer = await this.api.proxy(this.pod, this.port, { ...call, headers });
		if (answer.status !== 200) throw queryError(answer.text);
		return answer.text;
	}
}

export type Row = Readonly<Record<string, unknown>>;

function rowOf(line: string): Row {
	const row = parse(line);
	if (row === undefined || told(row) !== undefined) throw queryError(line);
	return row;
}

/** Servers from 23.9 to 24.8 return errors in the requested format. */
function queryError(text: string): QueryError {
	const [line = ""] = text.trim().split("\n", 1);
	return new QueryError((told(parse(line)) ?? line).slice(0, 300));
}

function told(row: Row | undefined): string | undefined {
	const [only, ...more] = Object.entries(row ?? {});
	return only?.[0] === "exception" && more.length === 0 && typeof only[1] === "string" ? only[1] : undefined;
}

function parse(line: string): Row | undefined {
	try {
		const row: unknown = JSON.parse(line);
		return typeof row === "object" && row !== null && !Array.isArray(row) ? (row as Row) : undefined;
	} catch {
		return undefined;
	}
}

/** The tables that a query returns by `database` and `name`. */
export async function tablesBy(server: Pick<Server, "rows">, sql: string) {
	return (await server.rows(sql)).map(({ database, name }) => ({ database: String(database), name: String(name) }));
}

export interface QueryCounts {
	/** Since the server's start, including this one. */
	readonly all: number;
	/**
	 * Those of clients that run, and INSERTs that were acknowledged and not written yet: `async_insert` without
	 * `wait_for_async_insert`. A server loses those when it stops; before 26.8 `async_insert_queue_flush_on_shutdown` does
	 * not help.
	 */
	readonly running: number;
}

export async function queryCounts(server: Server): Promise<QueryCounts> {
	const all = "SELECT sum(value) FROM system.events WHERE event = 'Query'";
	const running = `SELECT count() FROM system.processes WHERE is_initial_query AND ${notOurs}`;
	const unwritten = "SELECT sum(value) FROM system.metrics WHERE metric = 'PendingAsyncInsert'";
	const [row] = await server.rows(`SELECT (${all}) AS all, (${running}) + (${unwritten}) AS running`);
	return { all: Number(row?.all ?? 0), running: Number(row?.running ?? 0) };
}
