import { ControlError } from "../../src/control/errors";
import type { Asked, Assessment, ClusterSpec, Obstacle, ReplicaView } from "../../src/control/port";
import type { ClusterRecord, HeldDigest } from "../../src/control/record";
import type { ObservedCluster, UpdateMark } from "../../src/core/cluster";
import type { HeldTable, Holdings } from "../../src/core/holdings";
import type { State } from "../../src/core/state";
import { compareVersions, type DbVersion, sameVersion } from "../../src/core/version";
import { Claims } from "./claims";
import { VirtualClock } from "./clock";
import { boot, type Condition, conditionOf, type Engine, type Unit } from "./unit";

interface Cluster {
	owner: string;
	generation: string;
	shards: number;
	replicas: number;
	/** As JSON. */
	settings: string;
	mode: "running" | "stopped" | "idle";
	mark?: UpdateMark;
	held?: Readonly<Record<string, HeldDigest>>;
	units: Unit[];
}

/** What one process last saw of each replica. */
export type Memory = Map<string, Condition>;

const fit = ({ serving, readOnly, caughtUp }: Condition) => serving && readOnly !== true && caughtUp !== false;

/** What every replica has, unless a test says otherwise. */
export const rows: HeldTable = { database: "default", name: "rows", engine: "ReplicatedMergeTree", path: "/rows" };

/**
 * The place where one scripted cluster lives. It keeps the port's promises, and writes every breach of a roll's own into
 * `violations`.
 */
export class World {
	readonly clock = new VirtualClock();
	readonly claims = new Claims(this.clock);
	/** What was done, in order: `drain a-0-1`. */
	readonly log: string[] = [];
	readonly violations: string[] = [];
	/** The replicas that something was got ready for, in order. */
	readonly prepared: string[] = [];
	/** By version, or `replica@version` for one replica. */
	readonly engines = new Map<string, Engine>();
	/** What shards were last asked to be, by the shard; others may ask for something else at any time. */
	readonly asked = new Map<number, Asked>();
	/** Port calls so far, of all processes. */
	calls = 0;
	cluster: Cluster | undefined;
	/** Data that an earlier cluster left: what opened it last, by replica. */
	#kept = new Map<string, DbVersion>();

	constructor(readonly name = "a") {}

	// The record

	record(): ClusterRecord | undefined {
		if (this.cluster === undefined) return undefined;
		const { owner, generation, shards, replicas, mark, held, units } = this.cluster;
		const openedBy = units.flatMap((unit) =>
			unit.openedBy === undefined ? [] : [[unit.name, unit.openedBy] as const],
		);
		return {
			owner,
			generation,
			shards,
			replicas,
			...(mark && { mark }),
			...(this.claims.held && { claim: this.claims.held }),
			openedBy: Object.fromEntries(openedBy),
			...(held && { held }),
		};
	}

	// Looking

	observe(memory: Memory): ObservedCluster | undefined {
		const { cluster } = this;
		if (cluster === undefined) return undefined;
		const views = cluster.units.filter(({ joining }) => !joining).map(({ name }) => this.look(name, memory));
		return {
			name: this.name,
			state: this.#state(cluster, views),
			replicas: views.map(({ replica }) => replica),
			...(cluster.mark && { mark: cluster.mark }),
		};
	}

	#state({ mode, mark }: Cluster, views: readonly ReplicaView[]): State {
		if (mode === "stopped") return "Stopped";
		if (mode === "idle") return "Idle";
		if (views.some(({ failure }) => failure !== undefined)) return "Degraded";
		if (mark !== undefined) return "Updating";
		return views.every(({ replica }) => replica.serving) ? "Started" : "Starting";
	}

	look(name: string, memory: Memory): ReplicaView {
		const unit = this.unit(name);
		const { phase, failure, starting, busy, ...condition } = this.condition(unit);
		memory.set(name, { phase, ...condition });
		const { shard, ordinal, openedBy, process, settings } = unit;
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

	holds(name: string): Holdings | undefined {
		const unit = this.unit(name);
		const { caughtUp, readOnly } = conditionOf(unit, this.clock.now());
		const answers = unit.process !== undefined && (caughtUp !== undefined || unit.process.engine.mute === true);
		return answers || readOnly !== undefined ? { tables: unit.tables } : undefined;
	}

	remember(name: string, digest: HeldDigest | undefined): void {
		const { [name]: _, ...others } = this.present().held ?? {};
		this.present().held = digest === undefined ? others : { ...others, [name]: digest };
	}

	condition(unit: Unit): Condition {
		const condition = conditionOf(unit, this.clock.now());
		if (condition.serving) unit.outByUs = false;
		return condition;
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
		this.#takeOut(unit, memory);
		unit.drained = true;
	}

	undrain(name: string): void {
		this.unit(name).drained = false;
	}

	restart(name: string, version: DbVersion, memory: Memory): void {
		const unit = this.unit(name);
		if (unit.openedBy !== undefined && compareVersions(version, unit.openedBy) < 0) {
			this.violations.push(`${name} was to go back from ${unit.openedBy} to ${version}`);
			throw new ControlError(`${unit.openedBy} opened the data of ${name}; ${version} can't read it`);
		}
		if (this.present().mode !== "running") {
			unit.version = version;
			return;
		}
		this.#takeOut(unit, memory);
		unit.version = version;
		this.boot(unit);
	}

	boot(unit: Unit): void {
		unit.settings = this.present().settings;
		boot(unit, this.engine(unit.name, unit.version), this.clock.now());
	}

	engine(name: string, version: DbVersion): Engine {
		return this.engines.get(`${name}@${version}`) ?? this.engines.get(version) ?? {};
	}

	/** What must hold whenever a roll takes a replica that serves, or would, out of service. */
	#takeOut(unit: Unit, memory: Memory): void {
		const { serving } = this.condition(unit);
		// It may have come back between the look at it and this.
		if (!unit.outByUs && !(serving && memory.get(unit.name)?.serving !== false)) return;
		unit.outByUs = true;
		for (const other of this.present().units) {
			if (other.shard !== unit.shard || other === unit) continue;
			this.condition(other);
			if (other.outByUs) this.violations.push(`${unit.name} was taken out while ${other.name} was out, too`);
			const seen = memory.get(other.name);
			if (serving && (seen === undefined || !fit(seen))) {
				this.violations.push(`${unit.name} was taken out though ${other.name} was last seen ${seen?.phase ?? "never"}`);
			}
		}
	}

	finish(): void {
		const cluster = this.present();
		const { mark } = cluster;
		for (const unit of mark === undefined ? [] : cluster.units) {
			const { serving } = this.condition(unit);
			if (mark && !sameVersion(unit.version, mark.to)) this.violations.push(`finished while ${unit.name} was not`);
			if (cluster.mode === "running" && !serving) this.log.push(`finished while ${unit.name} does not serve`);
		}
		cluster.mark = undefined;
	}

	// Changing the cluster

	create(spec: ClusterSpec): void {
		const { owner, generation, shards, replicas, version } = spec;
		const settings = JSON.stringify(spec.settings);
		if (this.cluster !== undefined) {
			if (this.cluster.owner !== owner) throw new ControlError(`the cluster belongs to ${this.cluster.owner}`);
			this.cluster.generation = generation;
			return;
		}
		const units = Array.from({ length: shards * replicas }, (_, index) =>
			this.#fresh(Math.floor(index / replicas), index % replicas, version),
		);
		const newer = units.find(({ openedBy }) => openedBy !== undefined && compareVersions(version, openedBy) < 0);
		if (newer !== undefined) throw new ControlError(`${newer.openedBy} opened the data of ${newer.name}`);
		this.cluster = { owner, generation, shards, replicas, settings, mode: "running", units };
		this.start();
	}

	#fresh(shard: number, ordinal: number, version: DbVersion): Unit {
		const name = `${this.name}-${shard}-${ordinal}`;
		return {
			name,
			shard,
			ordinal,
			version,
			openedBy: this.#kept.get(name),
			drained: false,
			readOnlyUntil: 0,
			behindUntil: 0,
			queries: [],
			settings: "",
			joining: false,
			tables: [rows],
			outByUs: false,
		};
	}

	assess({ settings, shards, replicas }: Omit<ClusterSpec, "generation">): Assessment {
		const { mode, units, ...cluster } = this.present();
		const obstacles: Obstacle[] = [];
		if (shards < cluster.shards) obstacles.push({ property: "shards", reason: "the rows of a shard would be lost." });
		if (replicas < cluster.replicas && units.some(({ ordinal, alone }) => ordinal >= replicas && alone))
			obstacles.push({ property: "replicas", reason: "one holds what no other holds." });
		const members = new Set(units.filter(({ joining }) => !joining).map(({ name }) => name));
		const joins = this.#places(shards, replicas).filter(({ name }) => !members.has(name));
		const leaves = units
			.filter(({ shard, ordinal }) => ordinal >= replicas || shard >= shards)
			.sort((a, b) => b.ordinal - a.ordinal);
		return {
			obstacles,
			restarts: mode === "running" && JSON.stringify(settings) !== cluster.settings,
			joins,
			leaves: leaves.map(({ name }) => name),
		};
	}

	configure({ settings, shards, replicas }: ClusterSpec): void {
		const cluster = this.present();
		if (shards < cluster.shards || replicas < cluster.replicas)
			throw new ControlError("it can't be made smaller like that");
		cluster.settings = JSON.stringify(settings);
		for (const { name, shard, ordinal } of this.#places(shards, replicas)) {
			if (cluster.units.some((unit) => unit.name === name)) continue;
			const version = cluster.units[0]?.version;
			if (version === undefined) throw new Error("a cluster of no units");
			const unit = { ...this.#fresh(shard, ordinal, version), joining: true };
			cluster.units.push(unit);
			if (cluster.mode === "running") this.boot(unit);
		}
	}

	#places(shards: number, replicas: number) {
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
		if (unit.alone) throw new ControlError(`${name} holds what no other replica holds`);
		if (!unit.joining) cluster.replicas = Math.min(cluster.replicas, unit.ordinal);
		cluster.units = cluster.units.filter((one) => one !== unit);
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
		for (const { name, openedBy } of this.cluster?.units ?? []) {
			if (data) this.#kept.delete(name);
			else if (openedBy !== undefined) this.#kept.set(name, openedBy);
		}
		this.cluster = undefined;
	}

	/** As a fault: its process ends at once and nobody starts it again. */
	kill(name: string): void {
		const unit = this.unit(name);
		unit.process = undefined;
		unit.lastWords = "killed";
	}
}
