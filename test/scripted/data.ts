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
}

const copiesOf = (table: HeldTable): string => `${tableName(table)} at ${table.path}`;

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
		this.#last = now;
		const every = Math.max(this.traffic?.every ?? Number.POSITIVE_INFINITY, (now - from) / 50);
		for (const unit of this.units()) {
			if (unit.process === undefined) continue;
			// A query that ran for a client may be an INSERT.
			for (const end of unit.queries) if (end > from && end <= now) this.#write(unit, end);
		}
		// At multiples of the pause, whoever looks how often.
		for (let at = Math.ceil((from + 1) / every) * every; at <= now; at += every) {
			for (const shard of new Set(this.units().map((unit) => unit.shard))) this.#writeTo(shard, at);
			this.#replicate(at);
		}
		this.#replicate(now);
	}

	#writeTo(shard: number, at: number): void {
		const open = this.units().filter((unit) => {
			const { serving, readOnly } = unit.shard === shard ? conditionOf(unit, at) : { serving: false };
			return serving && readOnly !== true;
		});
		const unit = open[this.#next % Math.max(1, open.length)];
		if (unit !== undefined) this.#write(unit, at);
	}

	#write(unit: Unit, at: number): void {
		const tables = unit.tables.filter(({ path }) => path !== undefined);
		const table = tables[this.#next % Math.max(1, tables.length)];
		if (table === undefined) return;
		const row = { id: this.#next++, shard: unit.shard, table: copiesOf(table), at };
		this.#rows.set(row.id, row);
		this.#open.add(row);
		unit.stored.add(row.id);
	}

	#replicate(at: number): void {
		for (const row of this.#open) {
			const units = this.#withTable(row);
			const without = units.filter(({ stored }) => !stored.has(row.id));
			const source = units.some((unit) => unit.stored.has(row.id) && answers(unit, at));
			for (const unit of without) {
				const lag = unit.process?.engine.mute ? 0 : (this.traffic?.lag ?? 0);
				if (source && row.at + lag <= at && fetches(unit, at)) unit.stored.add(row.id);
			}
			if (without.every(({ stored }) => stored.has(row.id))) this.#open.delete(row);
		}
	}

	#withTable(row: Row): Unit[] {
		return this.units().filter(
			(unit) => unit.shard === row.shard && unit.tables.some((its) => copiesOf(its) === row.table),
		);
	}

	/** One row in each table that replicates, with all that have it. */
	seed(): void {
		for (const unit of this.units()) {
			for (const table of unit.tables) {
				const known = [...this.#rows.values()].some((row) => row.shard === unit.shard && row.table === copiesOf(table));
				if (table.path === undefined || known) continue;
				const row = { id: this.#next++, shard: unit.shard, table: copiesOf(table), at: this.clock.now() };
				this.#rows.set(row.id, row);
				for (const one of this.#withTable(row)) one.stored.add(row.id);
			}
		}
	}

	/** Whether it lacks rows of a table that it has. */
	isBehind(unit: Unit): boolean {
		for (const row of this.#open) if (!unit.stored.has(row.id) && this.#withTable(row).includes(unit)) return true;
		return false;
	}

	/** Rows that are on one replica and on none of some others, local ones aside. */
	onlyOn(unit: Unit, others: readonly Unit[]): Row[] {
		return [...unit.stored].flatMap((id) => {
			const row = this.#rows.get(id);
			const named = unit.tables.find((table) => copiesOf(table) === row?.table);
			if (row === undefined || named === undefined || isLocal(named, this.localTables)) return [];
			return others.some(({ stored }) => stored.has(id)) ? [] : [row];
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
			} else if (this.#withTable(row).some(({ stored }) => !stored.has(row.id))) this.#open.add(row);
		}
	}

	/** Every replica gets the rows of its tables, as from a backup. */
	restore(): void {
		for (const row of this.#open) for (const unit of this.#withTable(row)) unit.stored.add(row.id);
		this.#open.clear();
	}

	/** As a fault. */
	lose(unit: Unit, what: "all" | "a table"): void {
		this.lostAt.set(unit.name, this.clock.now());
		this.setTables(unit, what === "all" ? [] : unit.tables.slice(0, -1));
	}
}
