/** One table as one replica has it; database and name as the server has them. */
export interface HeldTable {
	readonly database: string;
	readonly name: string;
	readonly engine: string;
	/** What its copies have in common, such as a path in Keeper. Absent where it does not replicate. */
	readonly path?: string;
	/**
	 * Rows that are this replica's alone; `null` where that can't be told. Absent where it replicates, or keeps none: a view,
	 * say. Rows that an engine may merge away, or that expire, count as `null` once there are some.
	 */
	readonly rows?: number | null;
}

/** What a server says of its place among others. */
export interface Layout {
	/** Its macro `shard`. */
	readonly shard?: string;
	/** The clusters that it knows and is named in, by name: the hosts of each shard, by the first labels of their names. */
	readonly clusters: Readonly<Record<string, readonly (readonly string[])[]>>;
}

/** What one replica holds. */
export interface Holdings {
	readonly tables: readonly HeldTable[];
	readonly layout?: Layout;
	/** Where its data is, for people: `/var/lib/clickhouse/ on the volume claim data-db-0-1`. */
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

/** Engines whose rows end with the server's process, by design. */
const inMemory = ["Memory"];

/** Of a table whose rows no other replica has, and may be gone after a restart even though nothing is wrong. */
export const forgets = ({ engine }: HeldTable): boolean => inMemory.includes(engine);

/** A view's own table. Its name may be another on each replica; that the view is there is seen by the view. */
export const isInner = ({ name }: Pick<HeldTable, "name">): boolean => name.startsWith(".inner");

/** The tables of one replica that another lacks: by name, engine and what its copies have in common. */
export function lackedBy(other: Tables, of: Tables, local?: LocalTables): HeldTable[] {
	const there = new Map(other.tables.map((table) => [tableName(table), table]));
	return of.tables.filter((table) => {
		const its = there.get(tableName(table));
		const same = its !== undefined && its.engine === table.engine && its.path === table.path;
		return !same && !isInner(table) && !isLocal(table, local);
	});
}

/** The tables that hold rows of this replica alone. */
export function uncopied({ tables }: Tables): HeldTable[] {
	return tables.filter(({ rows }) => rows === null || (rows !== undefined && rows > 0));
}

/**
 * What a replica had and has no more: whole tables, and rows that no other replica can give back.
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
