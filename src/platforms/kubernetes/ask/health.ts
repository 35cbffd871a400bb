import { QueryError, type Row, type Server } from "./server";

export interface Health {
	readonly readOnly: boolean;
	readonly caughtUp: boolean;
	/** Parts, and replaced partitions, that it still has to fetch from other replicas. */
	readonly waiting: number;
	/** The table that has not caught up, and why. */
	readonly trouble?: string;
}

/** What a server answered about its unsettled tables. */
interface Answer {
	readonly tables: ReadonlyMap<string, Row>;
	/** When it was asked, in milliseconds of a clock that nobody sets. */
	readonly at: number;
}

/** What a server answered lately, so that who asks again soon needs no second answer. */
export interface RecentAnswers {
	latest?: Answer;
	/** Some of them, the oldest first. */
	firsts?: readonly Answer[];
	/** Up to when it was seen to hold all that was written. */
	whole?: number;
}

/**
 * Milliseconds for which an answer is recent. A server's times are of whole seconds, so that under constant INSERTs what
 * it was asked more than a second ago is what an answer can tell of.
 */
const recently = 2000;
/** Milliseconds between two answers that are kept. */
const apart = 250;

/**
 * Whether a replica has caught up with the others of its shard: it holds what the shard's log held when it was first
 * asked. Under constant INSERTs some entry is always in transit, so it gets `patience` milliseconds.
 *
 * @param recent If given, its recent answers count as the first one, and one answer is enough: what was written within
 * the last two seconds may be missing then. Without it nothing may.
 *
 * Not by SYSTEM SYNC REPLICA: ClickHouse 18.16 returns immediately while its log is not pulled, for the 30 seconds that
 * Keeper remembers the session of a killed server. Not by `active_replicas`: that a peer is down is not its own fault.
 * Not by `last_queue_update_exception`: servers keep the last one until they restart, however well they have pulled
 * since.
 */
export async function health(server: Pick<Server, "rows">, patience = 2000, recent?: RecentAnswers): Promise<Health> {
	const start = performance.now();
	const isRecent = ({ at }: Answer) => start - at < recently;
	let before = recent?.latest && isRecent(recent.latest) ? recent.latest : undefined;
	let firsts = recent?.firsts?.filter(isRecent) ?? [];
	for (;;) {
		const now: Answer = { at: performance.now(), tables: await unsettledTables(server) };
		const rows = [...now.tables.values()];
		const last = firsts.at(-1);
		const readOnly = rows.some((row) => flag(row.is_readonly));
		const waiting = rows.reduce((sum, row) => sum + count(row.inserts_in_queue) + count(row.replaces), 0);
		const cut = rows.filter(
			(row) => flag(row.is_readonly) || flag(row.is_session_expired) || !flag(row.total_replicas),
		);
		if (cut.length > 0) {
			// Its columns of Keeper are 0 then: such an answer is nobody's first.
			if (recent !== undefined) Object.assign(recent, { latest: undefined, firsts: undefined, whole: undefined });
			return { readOnly, caughtUp: false, waiting, trouble: troubleOf(cut, "is read-only or cut off from Keeper") };
		}
		const behind = firsts.map((first) => ({ first, tables: tablesBehind(first, before ?? first, now) }));
		const whole = behind.findLast(({ tables }) => tables.length === 0)?.first.at;
		// What comes with its first answer, one answer can't show to be in its queue: nothing is built on that.
		const tables = behind[0]?.tables ?? tablesBehind(now, now, now);
		const isFirst = recent !== undefined && before === undefined;
		if (last === undefined || (recent !== undefined && now.at - last.at >= apart)) firsts = [...firsts, now];
		if (recent !== undefined) Object.assign(recent, { latest: now, firsts, whole: whole ?? recent.whole });
		const wasWhole = now.at - (recent?.whole ?? Number.NEGATIVE_INFINITY) < recently;
		if (whole !== undefined || wasWhole || (isFirst && tables.length === 0))
			return { readOnly, caughtUp: true, waiting };
		if (tables.length > 0 && performance.now() - start >= patience)
			return { readOnly, caughtUp: false, waiting, trouble: troubleOf(tables, "lacks rows that other replicas have") };
		before = now;
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

/** Partitions that come from another table. `inserts_in_queue` does not count them, nor does `absolute_delay`. */
const replaced =
	"SELECT database, table, count() AS replaces, min(create_time) AS replaces_since FROM system.replication_queue WHERE type = 'REPLACE_RANGE' GROUP BY database, table";

/** Only the replicated tables that are not idle: there may be thousands. Without Keeper its numbers are 0. */
export const unsettled = `SELECT database, table, is_readonly, is_session_expired, inserts_in_queue, toUnixTimestamp(now()) - toUnixTimestamp(inserts_oldest_time) AS age, replaces, toUnixTimestamp(now()) - toUnixTimestamp(replaces_since) AS replaces_age, log_max_index, log_pointer, absolute_delay, total_replicas FROM system.replicas ANY LEFT JOIN (${replaced}) AS queue USING database, table WHERE is_readonly OR is_session_expired OR inserts_in_queue > 0 OR replaces > 0 OR log_pointer <= log_max_index`;

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
function processes(now: Row | undefined, seconds: number): boolean {
	const isNewer = (entries: unknown, age: unknown) => count(entries) === 0 || count(age) + 1 <= seconds;
	return now === undefined || (isNewer(now.inserts_in_queue, now.age) && isNewer(now.replaces, now.replaces_age));
}

const flag = (value: unknown) => Number(value ?? 0) !== 0;
const count = (value: unknown) => Number(value ?? 0);
