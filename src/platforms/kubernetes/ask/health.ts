import { QueryError, type Row, type Server } from "./server";

export interface Health {
	readonly readOnly: boolean;
	readonly caughtUp: boolean;
	/** Parts that it still has to fetch from other replicas. */
	readonly waiting: number;
	/** The table that has not caught up, and why. */
	readonly trouble?: string;
}

/** What a server answered about its unsettled tables. */
interface Answer {
	readonly tables: ReadonlyMap<string, Row>;
	/** When it was asked, in milliseconds since 1970. */
	readonly at: number;
}

/** What a server last answered, so that who asks again soon needs no second answer. */
export interface LastAnswer {
	answer?: Answer;
}

/** Milliseconds for which an answer is recent. */
const recently = 1000;

/**
 * Whether a replica has caught up with the others of its shard: it holds what the shard's log held when it was first
 * asked. Under constant INSERTs some entry is always in transit, so it gets `patience` milliseconds.
 *
 * @param last Its last answer counts as the first one if it is recent, and one answer is enough: what was written within
 * the last second may be missing then. Without it nothing may.
 *
 * Not by SYSTEM SYNC REPLICA: ClickHouse 18.16 returns immediately while its log is not pulled, for the 30 seconds that
 * Keeper remembers the session of a killed server. Not by `active_replicas`: that a peer is down is not its own fault.
 * Not by `last_queue_update_exception`: servers keep the last one until they restart, however well they have pulled
 * since.
 */
export async function health(server: Pick<Server, "rows">, patience = 2000, last?: LastAnswer): Promise<Health> {
	const start = Date.now();
	let before = last?.answer && start - last.answer.at < recently ? last.answer : undefined;
	for (let first = before; ; ) {
		const now: Answer = { at: Date.now(), tables: await unsettledTables(server) };
		const rows = [...now.tables.values()];
		if (last !== undefined) last.answer = now;
		first ??= now;
		const readOnly = rows.some((row) => flag(row.is_readonly));
		const waiting = rows.reduce((sum, row) => sum + count(row.inserts_in_queue), 0);
		const cut = rows.filter(
			(row) => flag(row.is_readonly) || flag(row.is_session_expired) || !flag(row.total_replicas),
		);
		if (cut.length > 0)
			return { readOnly, caughtUp: false, waiting, trouble: troubleOf(cut, "is read-only or cut off from Keeper") };
		const behind = tablesBehind(first, before ?? now, now);
		if (behind.length === 0 && (before ?? last) !== undefined) return { readOnly, caughtUp: true, waiting };
		if (behind.length > 0 && Date.now() - start >= patience)
			return { readOnly, caughtUp: false, waiting, trouble: troubleOf(behind, "lacks rows that other replicas have") };
		before = now;
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

/** Only the replicated tables that are not idle: there may be thousands. Without Keeper its numbers are 0. */
export const unsettled =
	"SELECT database, table, is_readonly, is_session_expired, inserts_in_queue, toUnixTimestamp(now()) - toUnixTimestamp(inserts_oldest_time) AS age, log_max_index, log_pointer, absolute_delay, total_replicas FROM system.replicas WHERE is_readonly OR is_session_expired OR inserts_in_queue > 0 OR log_pointer <= log_max_index";

async function unsettledTables(server: Pick<Server, "rows">): Promise<ReadonlyMap<string, Row>> {
	const rows = await server.rows(unsettled);
	if (rows.every(({ database, table }) => typeof database === "string" && typeof table === "string"))
		return new Map(rows.map((row) => [JSON.stringify([row.database, row.table]), row]));
	throw new QueryError("the server's answer lacks columns that the query selects");
}

function troubleOf(tables: readonly Row[], how: string): string {
	const [first] = tables;
	const more = tables.length === 1 ? "" : ` (and ${tables.length - 1} more)`;
	return `its table ${first?.database}.${first?.table}${more} ${how}`;
}

/**
 * The tables that may not have processed yet what the log held at the first answer.
 *
 * A server counts its queue first and asks Keeper second: that an answer shows an entry as pulled is certain of the
 * queue only in the next answer.
 */
function tablesBehind(first: Answer, before: Answer, now: Answer): readonly Row[] {
	const seconds = (now.at - first.at) / 1000;
	return [...new Map([...before.tables, ...now.tables])].flatMap(([table, row]) => {
		const its = now.tables.get(table);
		const isPulled = pulls(first.tables.get(table), before.tables.get(table), its);
		return isPulled && processes(its, seconds) ? [] : [row];
	});
}

/** Of a table that is not in an answer, all that the log held was pulled then. */
function pulls(then: Row | undefined, before: Row | undefined, now: Row | undefined): boolean {
	if (then === undefined || before === undefined) return true;
	if (count(before.log_pointer) > count(then.log_max_index)) return true;
	// Nothing was ever written to the log.
	return now !== undefined && !count(now.log_max_index) && !count(now.log_pointer) && !count(now.absolute_delay);
}

/** Whether all that is in its queue is newer than `seconds` ago. A server's times are of whole seconds. */
const processes = (now: Row | undefined, seconds: number) =>
	now === undefined || count(now.inserts_in_queue) === 0 || count(now.age) + 1 <= seconds;

const flag = (value: unknown) => Number(value ?? 0) !== 0;
const count = (value: unknown) => Number(value ?? 0);
