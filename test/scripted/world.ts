import { Claimed, ClaimLost, ControlError } from "../../src/control/errors";
import type { Claim, ClusterSpec, ReplicaView } from "../../src/control/port";
import type { ClaimRecord, ClusterRecord } from "../../src/control/record";
import type { ObservedCluster, UpdateMark } from "../../src/core/cluster";
import type { State } from "../../src/core/state";
import { compareVersions, type DbVersion, sameVersion } from "../../src/core/version";
import { VirtualClock } from "./clock";
import { boot, type Condition, conditionOf, type Engine, type Unit } from "./unit";

interface Cluster {
	owner: string;
	generation: string;
	shards: number;
	replicas: number;
	mode: "running" | "stopped" | "idle";
	mark?: UpdateMark;
	units: Unit[];
}

/** What one process last saw of each replica. */
export type Memory = Map<string, Condition>;

const fit = ({ serving, readOnly, caughtUp }: Condition) => serving && readOnly !== true && caughtUp !== false;

/**
 * The place where one scripted cluster lives. It keeps the port's promises, and writes every breach of a roll's own into
 * `violations`.
 */
export class World {
	readonly clock = new VirtualClock();
	/** What was done, in order: `drain a-0-1`. */
	readonly log: string[] = [];
	readonly violations: string[] = [];
	/** The replicas that something was got ready for, in order. */
	readonly prepared: string[] = [];
	/** By version, or `replica@version` for one replica. */
	readonly engines = new Map<string, Engine>();
	/** Port calls so far, of all processes. */
	calls = 0;
	cluster: Cluster | undefined;
	#claim: ClaimRecord | undefined;
	#fence = 0;
	/** Data that an earlier cluster left: what opened it last, by replica. */
	#kept = new Map<string, DbVersion>();

	constructor(readonly name = "a") {}

	// The record

	record(): ClusterRecord | undefined {
		if (this.cluster === undefined) return undefined;
		const { owner, generation, shards, replicas, mark, units } = this.cluster;
		const openedBy = units.flatMap((unit) =>
			unit.openedBy === undefined ? [] : [[unit.name, unit.openedBy] as const],
		);
		return {
			owner,
			generation,
			shards,
			replicas,
			...(mark && { mark }),
			...(this.#claim && { claim: this.#claim }),
			openedBy: Object.fromEntries(openedBy),
		};
	}

	// Claims

	claim(holder: string, seconds: number): Claim {
		const now = this.clock.now();
		if (this.#claim !== undefined && Date.parse(this.#claim.expires) > now) {
			throw new Claimed(this.#claim.holder, this.#claim.expires);
		}
		return this.steal(holder, seconds);
	}

	/** As a fault: another takes the claim although it has not run out. */
	steal(holder: string, seconds: number): Claim {
		this.#claim = { holder, fence: ++this.#fence, expires: this.#in(seconds) };
		return { holder, fence: this.#fence };
	}

	#in(seconds: number): string {
		return new Date(this.clock.now() + seconds * 1000).toISOString();
	}

	check(claim: Claim): void {
		if (this.#claim?.fence !== claim.fence) throw new ClaimLost(this.#claim?.holder);
	}

	extend(claim: Claim, seconds: number): void {
		this.check(claim);
		this.#claim = { ...claim, expires: this.#in(seconds) };
	}

	release(claim: Claim): void {
		if (this.#claim?.fence === claim.fence) this.#claim = undefined;
	}

	// Looking

	observe(memory: Memory): ObservedCluster | undefined {
		const { cluster } = this;
		if (cluster === undefined) return undefined;
		const views = cluster.units.map((unit) => this.look(unit.name, memory));
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
		const { phase, failure, ...condition } = this.condition(unit);
		memory.set(name, { phase, ...condition });
		const { shard, ordinal, openedBy, process } = unit;
		const now = this.clock.now();
		return {
			replica: { name, shard, ordinal, openedBy, ...condition, ...(failure && { trouble: failure }) },
			queries: process && unit.queries.filter((end) => end > now).length,
			phase,
			...(failure && { failure }),
		};
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
		this.cluster = { owner, generation, shards, replicas, mode: "running", units };
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
			outByUs: false,
		};
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
