/** One table of one replica; database and name as the server spells them. */
export interface HeldTable {
	readonly database: string;
	readonly name: string;
	readonly engine: string;
	/** What its copies share, such as a path in Keeper. Absent if it does not replicate. */
	readonly path?: string;
	/**
	 * How many rows only this replica has; `null` if unknown. Absent if it replicates or keeps no rows, as a view. Rows
	 * that an engine may merge away, or that expire, count as `null` once there are some.
	 */
	readonly rows?: number | null;
}

export interface Layout {
	readonly shard?: string;
	/** The clusters that contain it, by name: the hosts of each shard, by the first label of their names. */
	readonly clusters: Readonly<Record<string, readonly (readonly string[])[]>>;
}

export interface Holdings {
	readonly tables: readonly HeldTable[];
	readonly layout?: Layout;
	/** Where its data is, as text: `/var/lib/clickhouse/ on the volume claim data-db-0-1`. */
	readonly at?: string;
	/** Why its data ends with its pod, as a clause: `/var/lib/clickhouse/ is on the emptyDir volume data`. */
	readonly volatile?: string;
}

type Tables = Pick<Holdings, "tables">;

/** As `update.localTables` names tables that differ on purpose: `default.loc`, or `scratch.*` for a database. */
export type LocalTables = readonly string[];

export const tableName = ({ database, name }: Pick<HeldTable, "database" | "name">): string => `${database}.${name}`;

export function isLocal(table: Pick<HeldTable, "database" | "name">, local: LocalTables = []): boolean {
	return local.includes(tableName(table)) || local.includes(`${table.database}.*`);
}

/** Its rows end with the server's process, by design. */
export const forgets = ({ engine }: HeldTable): boolean => engine === "Memory";

/** The hidden table of a view. Its name may differ between replicas; the view itself is compared instead. */
export const isInner = ({ name }: Pick<HeldTable, "name">): boolean => name.startsWith(".inner");

/**
 * What a server has only while it works on another table: the next rows of a view that refreshes, the table that is about
 * to take another one's place. Nobody holds it.
 */
export const isTransient = ({ name }: Pick<HeldTable, "name">): boolean =>
	/^(?:\.tmp\.?inner|_tmp_replace_)/.test(name);

/** Versions rename the engines of what is elsewhere or nowhere: `AzureBlobStorage` is `Azure` later. */
function isLike(one: HeldTable, other: HeldTable): boolean {
	const keepsData = [one, other].some(({ path, rows }) => path !== undefined || rows !== undefined);
	return one.path === other.path && (one.engine === other.engine || !keepsData);
}

/** The tables of one replica that another lacks, compared by name, by what copies share, and by engine if one keeps data. */
export function lackedBy(other: Tables, of: Tables, local?: LocalTables): HeldTable[] {
	const there = new Map(other.tables.map((table) => [tableName(table), table]));
	return of.tables.filter((table) => {
		const its = there.get(tableName(table));
		const same = its !== undefined && isLike(its, table);
		return !same && !isInner(table) && !isLocal(table, local);
	});
}

/** The tables with rows that only this replica has. */
export function uncopied({ tables }: Tables): HeldTable[] {
	return tables.filter(({ rows }) => rows === null || (rows ?? 0) > 0);
}

/**
 * What a replica had and no longer has: whole tables, and rows that no other replica has.
 *
 * @example lostSince({ tables: [rows, log] }, { tables: [rows] }); // [log]
 */
export function lostSince(before: Holdings, now: Holdings, local?: LocalTables): HeldTable[] {
	const there = new Map(now.tables.map((table) => [tableName(table), table]));
	return before.tables.filter((table) => {
		if (isLocal(table, local)) return false;
		const its = there.get(tableName(table));
		if (its === undefined || its.path !== table.path) return true;
		const [had, has] = [table.rows, its.rows];
		if (had === undefined || typeof has !== "number" || forgets(table)) return false;
		return has < (had ?? 1);
	});
}
