import { type HeldTable, isLocal, type LocalTables, tableName } from "../../src/core/holdings";
import type { Clock } from "../../src/roll/clock";
import { answers, conditionOf, fetches, type Unit } from "./unit";

/** A row that a client was told is written. */
interface Row {
	readonly id: number;
	readonly shard: number;
	/** Name and path of its table: only replicas that have both alike give it to each other. */
	readonly table: string;
	readonly at: number;
	/** Of a query that ran for a while, rather than of the steady traffic. */
	readonly long: boolean;
	/** The replicas with its table that do not have it yet. */
	lacking: Unit[];
}

const copiesOf = (table: HeldTable): string => `${tableName(table)} at ${table.path}`;

/** A pause of any length has at most so many writes to each shard: their number is not what matters. */
const writesAtOnce = 8;

/** The rows that clients wrote, each on the volumes of the replicas that have it. */
export class Data {
	/** The milliseconds between two writes to a shard, and those until a row is with the other replicas. */
	traffic: { readonly every: number; readonly lag: number } | undefined;
	/** Tables whose rows are nobody's concern. */
	localTables: LocalTables = [];
	/** When each replica last lost something, by a fault. */
	readonly lostAt = new Map<string, number>();
	readonly #rows = new Map<number, Row>();
	/** Those that not all replicas with their table have yet. */
	readonly #open = new Set<Row>();
	#last: number;
	#next = 0;

	constructor(
		private readonly clock: Clock,
		private readonly units: () => readonly Unit[],
	) {
		this.#last = clock.now();
	}

	/** Lets happen what happened since it was last looked at. Whatever changes a unit calls this first. */
	advance(): void {
		const now = this.clock.now();
		const from = this.#last;
		if (now === from) return;
		this.#last = now;
		const units = this.units();
		for (const unit of units) {
			if (unit.process === undefined) continue;
			// A query that ran for a client may be an INSERT.
			for (const end of unit.queries) if (end > from && end <= now) this.#write(unit, end, true);
		}
		if (this.traffic !== undefined) {
			const every = Math.max(this.traffic.every, (now - from) / writesAtOnce);
			// At multiples of the pause, whoever looks how often.
			for (let at = Math.ceil((from + 1) / every) * every; at <= now; at += every)
				for (const shard of new Set(units.map((unit) => unit.shard))) this.#writeTo(units, shard, at);
		}
		if (this.#open.size > 0) this.#replicate(units, now);
	}

	#writeTo(units: readonly Unit[], shard: number, at: number): void {
		const open = units.filter((unit) => {
			const { serving, readOnly } = unit.shard === shard ? conditionOf(unit, at) : { serving: false };
			return serving && readOnly !== true;
		});
		const unit = open[this.#next % Math.max(1, open.length)];
		if (unit !== undefined) this.#write(unit, at, false);
	}

	#write(unit: Unit, at: number, long: boolean): void {
		const tables = unit.tables.filter(({ path }) => path !== undefined);
		const table = tables[this.#next % Math.max(1, tables.length)];
		if (table === undefined) return;
		const row: Row = { id: this.#next++, shard: unit.shard, table: copiesOf(table), at, long, lacking: [] };
		this.#rows.set(row.id, row);
		unit.stored.add(row.id);
		this.#miss(row);
	}

	/** Finds out anew who lacks it. */
	#miss(row: Row): void {
		row.lacking = this.#withTable(row).filter(({ stored }) => !stored.has(row.id));
		if (row.lacking.length > 0) this.#open.add(row);
		else this.#open.delete(row);
	}

	/** Nothing happened since the last look that would take a replica the time to fetch, so the end of it is all that counts. */
	#replicate(units: readonly Unit[], at: number): void {
		const sources = units.filter((unit) => answers(unit, at));
		const fetching = new Set(units.filter((unit) => fetches(unit, at)));
		const lag = this.traffic?.lag ?? 0;
		for (const row of this.#open) {
			if (!sources.some(({ shard, stored }) => shard === row.shard && stored.has(row.id))) continue;
			row.lacking = row.lacking.filter((unit) => {
				const due = row.at + (unit.process?.engine.mute ? 0 : lag) <= at;
				if (due && fetching.has(unit)) unit.stored.add(row.id);
				return !unit.stored.has(row.id);
			});
			if (row.lacking.length === 0) this.#open.delete(row);
		}
	}

	#withTable(row: Row): Unit[] {
		return this.units().filter(
			(unit) => unit.shard === row.shard && unit.tables.some((its) => copiesOf(its) === row.table),
		);
	}

	/** One row in each table that replicates, with all that have it. */
	seed(): void {
		const known = new Set([...this.#rows.values()].map(({ shard, table }) => `${shard} ${table}`));
		for (const unit of this.units()) {
			for (const table of unit.tables) {
				const its = copiesOf(table);
				if (table.path === undefined || known.has(`${unit.shard} ${its}`)) continue;
				known.add(`${unit.shard} ${its}`);
				const id = this.#next++;
				const row: Row = { id, shard: unit.shard, table: its, at: this.clock.now(), long: false, lacking: [] };
				this.#rows.set(row.id, row);
				for (const one of this.#withTable(row)) one.stored.add(row.id);
			}
		}
	}

	/** Whether it lacks rows of a table that it has, which were written up to a time. */
	isBehind(unit: Unit, until = this.clock.now()): boolean {
		for (const { lacking, at } of this.#open) if (at <= until && lacking.includes(unit)) return true;
		return false;
	}

	/** Rows that are on one replica and on none of some others, local ones aside. */
	onlyOn(unit: Unit, others: readonly Unit[]): Row[] {
		const counted = new Set(unit.tables.filter((table) => !isLocal(table, this.localTables)).map(copiesOf));
		return [...unit.stored].flatMap((id) => {
			if (others.some(({ stored }) => stored.has(id))) return [];
			const row = this.#rows.get(id);
			return row !== undefined && counted.has(row.table) ? [row] : [];
		});
	}

	/** Whether one of some replicas is about to be given a row. */
	isOnItsWay(row: Row, others: readonly Unit[]): boolean {
		return this.#withTable(row).some((unit) => others.includes(unit));
	}

	/** A replica's tables from now on, with the rows that it has of them. */
	setTables(unit: Unit, tables: readonly HeldTable[]): void {
		unit.tables = [...tables];
		const kept = new Set(tables.map(copiesOf));
		for (const id of unit.stored) if (!kept.has(this.#rows.get(id)?.table ?? "")) unit.stored.delete(id);
		for (const row of this.#rows.values()) {
			if (row.shard !== unit.shard) continue;
			// What nobody has any more, nobody waits for.
			if (!this.units().some(({ stored }) => stored.has(row.id))) {
				this.#rows.delete(row.id);
				this.#open.delete(row);
			} else this.#miss(row);
		}
	}

	/** Every replica gets the rows of its tables, as from a backup. */
	restore(): void {
		for (const row of this.#open) for (const unit of row.lacking) unit.stored.add(row.id);
		this.#open.clear();
	}

	/** As a fault. */
	lose(unit: Unit, what: "all" | "a table"): void {
		this.lostAt.set(unit.name, this.clock.now());
		this.setTables(unit, what === "all" ? [] : unit.tables.slice(0, -1));
	}
}
