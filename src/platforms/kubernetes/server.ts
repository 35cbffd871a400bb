import { ControlError, PlatformError } from "../../control/errors";
import type { Api } from "./api";
import { ports } from "./names";
import type { KeptSettings } from "./shape";

export interface Credentials {
	readonly user: string;
	readonly password: string;
}

/** The credentials of the Secret that the settings name; `undefined` where the image's own user is used. */
export async function readCredentials(api: Api, settings: KeptSettings): Promise<Credentials | undefined> {
	const { user, passwordSecret } = settings;
	if (passwordSecret === undefined) return undefined;
	const { name, key } = passwordSecret;
	const secret = await api.get<{ data?: Record<string, string> }>("secrets", name);
	if (secret === undefined) throw new PlatformError(`there is no Secret ${name} in the namespace ${api.namespace}`);
	const encoded = secret.data?.[key];
	if (encoded === undefined) throw new PlatformError(`the Secret ${name} has no key '${key}'`);
	return { user, password: Buffer.from(encoded, "base64").toString("utf8") };
}

/** The server answered a query with an error of its own. */
export class QueryError extends ControlError {
	override readonly name = "QueryError";
}

/** Marks our own queries, so that they are not taken for those of clients. */
const mark = "/* pulumi-dbcluster */";

/** One server's SQL, through the API server's proxy: the machine that runs Pulumi needs no route to the pods. */
export class Server {
	constructor(
		private readonly api: Api,
		private readonly pod: string,
		private readonly credentials: Credentials | undefined,
	) {}

	/** Reads only: the server refuses any change by a GET. */
	async rows(sql: string): Promise<Record<string, unknown>[]> {
		const text = await this.query("GET", `${sql} ${mark} FORMAT JSONEachRow`, 10_000);
		return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
	}

	async command(sql: string, timeout: number): Promise<void> {
		await this.query("POST", sql, timeout);
	}

	private async query(method: "GET" | "POST", sql: string, timeout: number): Promise<string> {
		const seconds = Math.ceil(timeout / 1000);
		const query = new URLSearchParams({ query: sql, receive_timeout: String(seconds) });
		const headers: Record<string, string> =
			this.credentials === undefined
				? {}
				: { "x-clickhouse-user": this.credentials.user, "x-clickhouse-key": this.credentials.password };
		const path = `/?${query}`;
		const answer = await this.api.proxy(this.pod, ports.http, { method, path, headers, timeout: timeout + 2000 });
		if (answer.status !== 200) throw new QueryError(answer.text.trim().split("\n", 1)[0]?.slice(0, 300) ?? "");
		return answer.text;
	}
}

export interface Health {
	readonly readOnly: boolean;
	readonly caughtUp: boolean;
	/** Parts of other replicas that it has still to fetch. */
	readonly waiting: number;
}

/**
 * How a replica stands to the others of its shard. `SELECT *`, since the columns differ by version: one that an old server
 * lacks says nothing.
 *
 * Its peers' being down (`active_replicas`) is not its own fault. Under constant INSERTs some entry is always on its way:
 * then it must be able to work off what is there now within `patience` milliseconds.
 */
export async function health(server: Server, patience = 3000): Promise<Health> {
	const tables = await server.rows("SELECT * FROM system.replicas");
	const cut = tables.filter((row) => flag(row.is_readonly) || flag(row.is_session_expired));
	const waiting = tables.reduce((sum, row) => sum + count(row.inserts_in_queue), 0);
	const behind = tables.filter((row) => count(row.inserts_in_queue) > 0 || count(row.absolute_delay) > 0);
	const stuck = tables.some(
		(row) => typeof row.last_queue_update_exception === "string" && row.last_queue_update_exception,
	);
	const readOnly = tables.some((row) => flag(row.is_readonly));
	if (cut.length > 0 || stuck) return { readOnly, caughtUp: false, waiting };
	return { readOnly, caughtUp: await catchUp(server, behind, patience), waiting };
}

async function catchUp(server: Server, tables: readonly Record<string, unknown>[], patience: number): Promise<boolean> {
	const until = Date.now() + patience;
	for (const { database, table } of tables) {
		const left = until - Date.now();
		if (left <= 0 || !(await sync(server, `${quote(database)}.${quote(table)}`, left))) return false;
	}
	return true;
}

/** LIGHTWEIGHT does not wait for merges; servers before 23.4 do not know the word. */
async function sync(server: Server, table: string, timeout: number): Promise<boolean> {
	try {
		await server.command(`SYSTEM SYNC REPLICA ${table} LIGHTWEIGHT`, timeout);
		return true;
	} catch (error) {
		if (!(error instanceof ControlError)) throw error;
		if (!(error instanceof QueryError) || !/syntax error/i.test(error.message)) return false;
	}
	try {
		await server.command(`SYSTEM SYNC REPLICA ${table}`, timeout);
		return true;
	} catch (error) {
		if (error instanceof ControlError) return false;
		throw error;
	}
}

/** Queries that it runs for clients. */
export async function clientQueries(server: Server): Promise<number> {
	const sql = `SELECT count() AS queries FROM system.processes WHERE is_initial_query AND query NOT LIKE '%pulumi-dbcluster%' AND query NOT LIKE '%FROM system.replicas%'`;
	const [row] = await server.rows(sql);
	return count(row?.queries);
}

const flag = (value: unknown) => Number(value ?? 0) !== 0;
const count = (value: unknown) => Number(value ?? 0);
const quote = (name: unknown) => `\`${String(name).replace(/[\\`]/g, "\\$&")}\``;
