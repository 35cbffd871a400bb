import { ControlError } from "../../src/control/errors";
import type { Asked, Care, ClusterSpec, Observation, ReplicaView } from "../../src/control/port";
import type { ClusterRecord, HeldDigest } from "../../src/control/record";
import type { HeldTable, Holdings } from "../../src/core/holdings";
import { compareVersions, type DbVersion, highest } from "../../src/core/version";
import { Claims } from "./claims";
import { VirtualClock } from "./clock";
import { type Cluster, recordOf, stateOf } from "./cluster";
import { Data } from "./data";
import { Invariants } from "./invariants";
import { History } from "./past";
import { goesBack, letBack, type Memory, restartOf, takeOut } from "./promises";
import { Queries } from "./queries";
import { configure, scale } from "./size";
import { answers, boot, type Condition, conditionOf, type Engine, type Unit } from "./unit";

export type { Memory } from "./promises";

/** Milliseconds for which a look that is not exact need not count a row. */
const recently = 2000;

/** What every replica has, unless a test says otherwise. */
export const rows: HeldTable = { database: "default", name: "rows", engine: "ReplicatedMergeTree", path: "/rows" };

/** As of a path with {shard} in it. */
const inShard = ({ path, ...table }: HeldTable, shard: number): HeldTable => ({
	...table,
	...(path !== undefined && { path: shard === 0 ? path : `/shard-${shard}${path}` }),
});

/**
 * The place where one scripted cluster lives. It keeps the port's promises, and writes every breach of a roll's own into
 * `violations`.
 */
export class World {
	readonly clock = new VirtualClock();
	readonly claims = new Claims(this.clock);
	readonly data = new Data(this.clock, () => this.cluster?.units ?? []);
	readonly queries = new Queries(this.clock);
	/** What was done, in order: `drain a-0-1`. */
	readonly log: string[] = [];
	readonly violations: string[] = [];
	readonly invariants = new Invariants(this);
	/** By version, or `replica@version` for one replica. */
	readonly engines = new Map<string, Engine>();
	/** What shards were last asked to be, by the shard, where a test says so. */
	readonly asked = new Map<number, Asked>();
	/** As on Kubernetes, others can ask for something else at any time, and each look shows what was last asked for. */
	shared = false;
	/** Another size that others ask for. */
	asks: number | undefined;
	/** How often others asked for another size. */
	scalings = 0;
	/** The versions in the shards' templates, where somebody wrote one. */
	readonly told = new Map<number, DbVersion>();
	/** When others last did something to a replica. */
	readonly struckAt = new Map<string, number>();
	/** What was, for answers that are stale. */
	readonly history = new History(this);
	/** Port calls so far, of all processes. */
	calls = 0;
	cluster: Cluster | undefined;
	/** Data that an earlier cluster left, by replica. */
	#kept = new Map<string, Pick<Unit, "openedBy" | "tables" | "stored">>();

	constructor(readonly name = "a") {}

	// The record

	record(): ClusterRecord | undefined {
		return this.cluster && { ...recordOf(this.cluster, this.claims.held), ...this.#scaled() };
	}

	#scaled(): Pick<ClusterRecord, "scaled"> {
		const { units, replicas, mode } = this.present();
		const others = units.filter(({ scaled }) => scaled !== undefined);
		if (others.length === 0 || mode !== "running") return {};
		const asks = replicas + others.reduce((sum, { scaled }) => sum + (scaled === "away" ? -1 : 1), 0);
		return { scaled: [{ where: "set", replicas: asks, generation: this.scalings }] };
	}

	// Looking

	observe(memory: Memory): Observation | undefined {
		const { cluster } = this;
		if (cluster === undefined) return undefined;
		const members = cluster.units.filter(({ joining, scaled }) => !joining && scaled !== "surplus");
		const views = members.map(({ name }) => this.look(name, memory));
		return this.observed(cluster, views);
	}

	observed(cluster: Cluster, views: readonly ReplicaView[]): Observation {
		return {
			name: this.name,
			state: stateOf(cluster, views),
			replicas: views.map(({ replica }) => replica),
			...(cluster.mark && { mark: cluster.mark }),
			record: this.record(),
		};
	}

	look(name: string, memory: Memory, care?: Care): ReplicaView {
		const unit = this.unit(name);
		return this.view(unit, this.condition(unit, care === "exact" ? 0 : recently), memory);
	}

	/** A replica in this condition, as a process sees it. */
	view(unit: Unit, seen: Condition, memory: Memory): ReplicaView {
		const { phase, failure, starting, busy, ...condition } = seen;
		const { name, shard, ordinal, openedBy, process, settings } = unit;
		const before = memory.get(name);
		const stopped = before?.stopped || this.present().mode === "stopped";
		const known = { ...before, condition: { phase, ...condition }, at: this.clock.now(), stopped };
		memory.set(name, openedBy === undefined ? known : { ...known, openedBy });
		const outdated = process !== undefined && settings !== this.present().settings && { outdated: true };
		const asked = this.asked.get(shard) ?? this.#askedOf(shard);
		return {
			replica: {
				name,
				shard,
				ordinal,
				openedBy,
				...condition,
				...outdated,
				...(failure && { trouble: failure.words }),
			},
			queries: process && this.#running(unit),
			phase,
			...(starting && { starting }),
			...(failure && { failure }),
			...(busy && { busy }),
			...(asked && { asked }),
		};
	}

	#running = ({ queries }: Unit) => queries.filter((end) => end > this.clock.now()).length;

	#askedOf(shard: number): Asked | undefined {
		const { replicas: of, mode } = this.present();
		if (!this.shared) return undefined;
		const version = this.template(shard);
		const replicas = mode === "running" ? (this.asks ?? of) : 0;
		return { object: `StatefulSet ${this.name}-${shard}`, replicas, of, image: `db:${version}`, version };
	}

	holds(name: string, memory: Memory): Holdings | undefined {
		const unit = this.unit(name);
		const now = this.clock.now();
		if (!answers(unit, now)) return undefined;
		const holds = { tables: unit.tables, ...(unit.volatile !== undefined && { volatile: unit.volatile }) };
		memory.set(name, { ...memory.get(name), told: { holds, at: now } });
		return holds;
	}

	remember(name: string, digest: HeldDigest | undefined): void {
		const { [name]: _, ...others } = this.present().held ?? {};
		const held = digest === undefined ? others : { ...others, [name]: digest };
		this.present().held = Object.keys(held).length > 0 ? held : undefined;
	}

	/** @param since Milliseconds: it is not said to be behind for what was written since then. */
	condition(unit: Unit, since = 0): Condition {
		this.data.advance();
		const condition = conditionOf(unit, this.clock.now());
		if (condition.serving) Object.assign(unit, { outByUs: false, useless: false });
		const behind = condition.caughtUp === true && this.data.isBehind(unit, this.clock.now() - since);
		return behind ? { ...condition, caughtUp: false, phase: "fetching rows" } : condition;
	}

	unit(name: string): Unit {
		const unit = this.present().units.find((one) => one.name === name);
		if (unit === undefined) throw new ControlError(`there is no replica ${name}`);
		return unit;
	}

	present(): Cluster {
		if (this.cluster === undefined) throw new ControlError("there is no cluster");
		return this.cluster;
	}

	// Changing replicas

	drain(name: string, memory: Memory, next?: DbVersion): number | undefined {
		const unit = this.unit(name);
		takeOut(this, unit, memory);
		unit.drained = true;
		if (next !== undefined && this.shared) this.told.set(unit.shard, next);
		return unit.process && this.#running(unit);
	}

	undrain(name: string, memory: Memory): void {
		const unit = this.unit(name);
		letBack(this, unit, memory);
		Object.assign(unit, { drained: false, taken: false });
	}

	restart(name: string, version: DbVersion, memory: Memory): void {
		const unit = this.unit(name);
		if (unit.openedBy !== undefined && compareVersions(version, unit.openedBy) < 0) {
			goesBack(this, unit, version, memory);
			throw new ControlError(`${unit.openedBy} opened the data of ${name}; ${version} can't read it`);
		}
		this.told.set(unit.shard, version);
		if (this.present().mode !== "running") {
			unit.version = version;
			return;
		}
		takeOut(this, unit, memory);
		restartOf(this, unit, memory);
		unit.version = version;
		this.boot(unit);
	}

	boot(unit: Unit): void {
		unit.settings = this.present().settings;
		const loses = unit.volatile !== undefined ? "all" : unit.loses;
		if (loses !== undefined) this.data.lose(unit, loses);
		unit.loses = undefined;
		boot(unit, this.engine(unit.name, unit.version), this.clock.now());
	}

	/** As what a lost pod does: its successor starts what its shard was last told to. */
	comesBack(unit: Unit): void {
		unit.version = this.template(unit.shard);
		const { openedBy, version } = unit;
		if (openedBy === undefined || compareVersions(version, openedBy) >= 0) this.boot(unit);
		else {
			// Others told it to start an older one, whose server can't read the data.
			const process = { version, engine: { fate: "exits", boots: 1000 }, since: this.clock.now() } as const;
			Object.assign(unit, { process, lastWords: undefined, drained: false, taken: false, queries: [] });
		}
	}

	/** What a shard was last told to start, or what a new one is made with. */
	template(shard: number): DbVersion {
		const { units } = this.present();
		const from = units.some((unit) => unit.shard === shard) ? shard : 0;
		const its = units.filter((unit) => unit.shard === from).map(({ version }) => version);
		const latest = this.told.get(from) ?? highest(its);
		if (latest === undefined) throw new Error("a cluster of no units");
		return latest;
	}

	engine(name: string, version: DbVersion): Engine {
		return this.engines.get(`${name}@${version}`) ?? this.engines.get(version) ?? {};
	}

	// Changing the cluster

	create(spec: ClusterSpec): void {
		const { owner, generation, shards, replicas, version, update } = spec;
		const settings = JSON.stringify(spec.settings);
		if (this.cluster !== undefined) {
			if (this.cluster.owner !== owner) throw new ControlError(`the cluster belongs to ${this.cluster.owner}`);
			this.cluster.generation = generation;
			return;
		}
		const units = Array.from({ length: shards * replicas }, (_, index) =>
			this.fresh(Math.floor(index / replicas), index % replicas, version),
		);
		const newer = units.find(({ openedBy }) => openedBy !== undefined && compareVersions(version, openedBy) < 0);
		if (newer !== undefined) throw new ControlError(`${newer.openedBy} opened the data of ${newer.name}`);
		const since = new Date(this.clock.now()).toISOString();
		const mark = { from: version, to: version, since, creates: true } as const;
		this.cluster = { owner, generation, shards, replicas, settings, update, mode: "running", mark, units };
		this.#bootAll();
	}

	fresh(shard: number, ordinal: number, version: DbVersion): Unit {
		const name = `${this.name}-${shard}-${ordinal}`;
		const kept = this.#kept.get(name);
		const { units = [] } = this.cluster ?? {};
		const peer = units.find((unit) => unit.shard === shard);
		const anew = (units[0]?.tables ?? [rows]).map((table) => inShard(table, shard));
		return {
			name,
			shard,
			ordinal,
			version,
			openedBy: kept?.openedBy,
			drained: false,
			readOnlyUntil: 0,
			behindUntil: 0,
			queries: [],
			settings: "",
			joining: false,
			tables: kept?.tables ?? peer?.tables ?? anew,
			stored: new Set(kept?.stored),
			outByUs: false,
		};
	}

	/** Of what runs it starts nothing, whatever became of a replica. */
	start(): void {
		const cluster = this.present();
		if (cluster.mode === "running") return;
		cluster.mode = "running";
		this.#bootAll();
	}

	#bootAll(): void {
		for (const unit of this.present().units) if (unit.process === undefined) this.boot(unit);
	}

	/** `idle` as a platform does it by itself. */
	halt(mode: "stopped" | "idle"): void {
		const cluster = this.present();
		cluster.mode = mode;
		for (const unit of cluster.units) {
			unit.process = undefined;
			unit.lastWords = undefined;
			unit.outByUs = false;
		}
	}

	wake(): void {
		if (this.present().mode === "idle") this.start();
	}

	destroy(data: boolean): void {
		for (const { name, openedBy, tables, stored } of this.cluster?.units ?? []) {
			if (data) this.#kept.delete(name);
			else if (openedBy !== undefined) this.#kept.set(name, { openedBy, tables, stored });
		}
		this.cluster = undefined;
		this.told.clear();
		if (data) this.invariants.forget();
	}

	configure(spec: ClusterSpec): void {
		configure(this, spec);
	}

	/** As a fault: somebody else asks for another number of replicas of each shard. */
	scale(asks: number): void {
		scale(this, asks);
	}

	/** As a fault: its process ends at once and nobody starts it again. */
	kill(name: string): void {
		const unit = this.unit(name);
		unit.process = undefined;
		unit.lastWords = "killed";
	}
}
