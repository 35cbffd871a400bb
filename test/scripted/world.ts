import { ControlError } from "../../src/control/errors";
import type { Asked, Assessment, ClusterSpec, Observation, Obstacle, ReplicaView } from "../../src/control/port";
import type { ClusterRecord, HeldDigest } from "../../src/control/record";
import type { HeldTable, Holdings } from "../../src/core/holdings";
import { compareVersions, type DbVersion, highest } from "../../src/core/version";
import { Claims } from "./claims";
import { VirtualClock } from "./clock";
import { type Cluster, recordOf, stateOf } from "./cluster";
import { Data } from "./data";
import { goesBack, letBack, type Memory, restartOf, takeOut } from "./promises";
import { Queries } from "./queries";
import { answers, boot, type Condition, conditionOf, type Engine, type Unit } from "./unit";

export type { Memory } from "./promises";

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
	/** By version, or `replica@version` for one replica. */
	readonly engines = new Map<string, Engine>();
	/** What shards were last asked to be, by the shard; others may ask for something else at any time. */
	readonly asked = new Map<number, Asked>();
	/** Port calls so far, of all processes. */
	calls = 0;
	cluster: Cluster | undefined;
	/** Data that an earlier cluster left, by replica. */
	#kept = new Map<string, Pick<Unit, "openedBy" | "tables" | "stored">>();
	#scalings = 0;
	/** What shards were told to start by the time that a replica of theirs left: a set keeps that for those that come. */
	readonly #told = new Map<number, DbVersion>();

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
		return { scaled: [{ where: "set", replicas: asks, generation: this.#scalings }] };
	}

	// Looking

	observe(memory: Memory): Observation | undefined {
		const { cluster } = this;
		if (cluster === undefined) return undefined;
		const members = cluster.units.filter(({ joining, scaled }) => !joining && scaled !== "surplus");
		const views = members.map(({ name }) => this.look(name, memory));
		return {
			name: this.name,
			state: stateOf(cluster, views),
			replicas: views.map(({ replica }) => replica),
			...(cluster.mark && { mark: cluster.mark }),
			record: this.record(),
		};
	}

	look(name: string, memory: Memory): ReplicaView {
		const unit = this.unit(name);
		const { phase, failure, starting, busy, ...condition } = this.condition(unit);
		const { shard, ordinal, openedBy, process, settings } = unit;
		memory.set(name, { ...memory.get(name), condition: { phase, ...condition }, ...(openedBy && { openedBy }) });
		const now = this.clock.now();
		const outdated = process !== undefined && settings !== this.present().settings && { outdated: true };
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
			queries: process && unit.queries.filter((end) => end > now).length,
			phase,
			...(starting && { starting }),
			...(failure && { failure }),
			...(busy && { busy }),
			...(this.asked.has(shard) && { asked: this.asked.get(shard) }),
		};
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

	condition(unit: Unit): Condition {
		this.data.advance();
		const condition = conditionOf(unit, this.clock.now());
		if (condition.serving) unit.outByUs = false;
		const behind = condition.caughtUp === true && this.data.isBehind(unit);
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

	drain(name: string, memory: Memory): void {
		const unit = this.unit(name);
		takeOut(this, unit, memory);
		unit.drained = true;
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
		this.start();
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

	assess({ settings, shards, replicas }: Omit<ClusterSpec, "generation">): Assessment {
		const { mode, units, ...cluster } = this.present();
		const obstacles: Obstacle[] = [];
		if (shards < cluster.shards) obstacles.push({ property: "shards", reason: "the rows of a shard would be lost." });
		const tells = (unit: Unit) => unit.alone && answers(unit, this.clock.now());
		if (replicas < cluster.replicas && units.some((unit) => unit.ordinal >= replicas && tells(unit)))
			obstacles.push({ property: "replicas", reason: "one holds what no other holds." });
		const isMember = ({ joining, scaled }: Unit) => !joining && scaled !== "surplus";
		const resizes = shards !== cluster.shards || replicas !== cluster.replicas;
		if (resizes && mode !== "running")
			obstacles.push({ property: "replicas", reason: "replicas join and leave only a cluster that runs." });
		const members = new Set(units.filter(isMember).map(({ name }) => name));
		const joins = this.places(shards, replicas).filter(({ name }) => !members.has(name));
		const leaves = units
			.filter(({ shard, ordinal }) => ordinal >= replicas || shard >= shards)
			.sort((a, b) => b.ordinal - a.ordinal);
		const mute = leaves.find((unit) => isMember(unit) && !answers(unit, this.clock.now()));
		if (mute !== undefined && mode === "running")
			obstacles.push({ property: "replicas", reason: `${mute.name} can't be asked what it holds.` });
		return {
			obstacles,
			restarts: units
				.filter((unit) => isMember(unit) && !leaves.includes(unit) && mode === "running" && unit.process !== undefined)
				.filter((unit) => unit.settings !== JSON.stringify(settings))
				.map(({ name }) => name),
			joins,
			leaves: leaves.map(({ name }) => name),
			rejoins: units
				.filter((unit) => unit.scaled === "away" && !unit.joining && !leaves.includes(unit) && mode === "running")
				.map(({ name }) => name),
		};
	}

	configure({ settings, shards, replicas, update }: ClusterSpec): void {
		const cluster = this.present();
		if (shards < cluster.shards || replicas < cluster.replicas)
			throw new ControlError("it can't be made smaller like that");
		cluster.settings = JSON.stringify(settings);
		cluster.update = update ?? cluster.update;
		for (const unit of cluster.units.filter(({ scaled }) => scaled !== undefined)) {
			unit.joining = unit.scaled === "surplus";
			unit.scaled = undefined;
			this.boot(unit);
		}
		for (const { name, shard, ordinal } of this.places(shards, replicas)) {
			const present = cluster.units.find((unit) => unit.name === name);
			if (present?.foreign) cluster.units = cluster.units.filter((unit) => unit !== present);
			else if (present !== undefined) {
				// It serves nobody yet.
				if (present.joining && present.process && present.settings !== cluster.settings) this.boot(present);
				continue;
			}
			const unit = { ...this.fresh(shard, ordinal, this.#latestOf(shard)), joining: true };
			cluster.units.push(unit);
			this.data.setTables(unit, unit.tables);
			if (cluster.mode === "running") this.boot(unit);
		}
	}

	places(shards: number, replicas: number) {
		return Array.from({ length: shards * replicas }, (_, index) => {
			const [shard, ordinal] = [Math.floor(index / replicas), index % replicas];
			return { name: `${this.name}-${shard}-${ordinal}`, shard, ordinal };
		});
	}

	join({ shards, replicas }: ClusterSpec): string[] {
		const cluster = this.present();
		const out = cluster.units.filter((unit) => unit.joining && this.condition(unit).caughtUp !== true);
		if (out.length > 0) return out.map(({ name }) => name);
		for (const unit of cluster.units) unit.joining = false;
		cluster.units.sort((a, b) => a.shard - b.shard || a.ordinal - b.ordinal);
		Object.assign(cluster, { shards, replicas });
		return [];
	}

	leave(name: string): void {
		const cluster = this.present();
		const unit = this.unit(name);
		if (this.condition(unit).serving) this.violations.push(`${name} was to leave while clients reach it`);
		if (unit.alone || (!unit.joining && unit.scaled !== "surplus" && this.#isLast(unit)))
			throw new ControlError(`${name} holds what no other replica holds`);
		if (!unit.joining && unit.scaled !== "surplus") cluster.replicas = Math.min(cluster.replicas, unit.ordinal);
		this.#told.set(unit.shard, this.#latestOf(unit.shard));
		cluster.units = cluster.units.filter((one) => one !== unit);
	}

	#isLast(unit: Unit): boolean {
		const others = this.present().units.filter((one) => one.shard === unit.shard && one !== unit && !one.joining);
		return this.data.onlyOn(unit, others).length > 0;
	}

	start(): void {
		const cluster = this.present();
		cluster.mode = "running";
		for (const unit of cluster.units) if (unit.process === undefined) this.boot(unit);
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
		this.#told.clear();
	}

	/** As a fault: somebody else asks for another number of replicas of each shard. */
	scale(asks: number): void {
		const cluster = this.present();
		this.#scalings++;
		cluster.units = cluster.units.filter(({ scaled, ordinal }) => scaled !== "surplus" || ordinal < asks);
		for (const unit of cluster.units) {
			if (unit.scaled === "surplus") continue;
			const away = unit.ordinal >= asks;
			if (away) unit.process = undefined;
			else if (unit.scaled === "away") this.boot(unit);
			unit.scaled = away ? "away" : undefined;
		}
		for (const { name, shard, ordinal } of this.places(cluster.shards, asks)) {
			if (cluster.units.some((unit) => unit.name === name)) continue;
			cluster.units.push({ ...this.fresh(shard, ordinal, this.#latestOf(shard)), scaled: "surplus" });
		}
	}

	/** What a shard was last told to start, or what a new one is made with. */
	#latestOf(shard: number): DbVersion {
		const { units } = this.present();
		const from = units.some((unit) => unit.shard === shard) ? shard : 0;
		const its = units.filter((unit) => unit.shard === from).map(({ version }) => version);
		const latest = highest([...its, ...[this.#told.get(from) ?? []].flat()]);
		if (latest === undefined) throw new Error("a cluster of no units");
		return latest;
	}

	/** As a fault: its process ends at once and nobody starts it again. */
	kill(name: string): void {
		const unit = this.unit(name);
		unit.process = undefined;
		unit.lastWords = "killed";
	}
}
