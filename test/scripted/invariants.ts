import type { Observation } from "../../src/control/port";
import { compareVersions, type DbVersion } from "../../src/core/version";
import type { Unit } from "./unit";
import type { World } from "./world";

/** What must hold after every event, whatever the roll's processes and others do. */
export type Invariant =
	/** Two replicas of a shard are never out by our doing. */
	| "two-out"
	/** No replica with the last copy of an acknowledged row is restarted or taken out. */
	| "last-copy"
	/** None is taken out unless all others of its shard were last seen to serve, to take writes and to have caught up. */
	| "last-caught-up"
	/** The data of no replica is opened by an older version than before, and no process asks for that. */
	| "version-lower"
	/** Clients reach only members, and of those none that lacks what it had. */
	| "stranger"
	/** What a process calls finished is. */
	| "incomplete"
	/** Once nothing is wrong any more, the next one finishes what others left. */
	| "not-resumed"
	/** The same question gets the same answer. */
	| "two-answers"
	/** Once a process with a later claim has acted, none with an earlier one does. */
	| "two-act"
	/** Whatever goes wrong ends in an error for people. */
	| "bug";

/** To decide takes longer than all else. */
const some = 4;

/** Holds a world to its invariants; each breach is one of its violations, as `two-out: a-0-1 was taken out`. */
export class Invariants {
	/** What is decided about a cluster; asked twice about the first of some observations. */
	answer: ((cluster: Observation) => unknown) | undefined;
	#observations = 0;
	readonly #opened = new Map<string, DbVersion>();
	#members: Set<string> | undefined;
	#acted = 0;

	constructor(private readonly world: World) {}

	breach(invariant: Invariant, words: string): void {
		const violation = `${invariant}: ${words}`;
		if (!this.world.violations.includes(violation)) this.world.violations.push(violation);
	}

	/** A process does something to the cluster. */
	acts(fence: number, what: string): void {
		if (fence < this.#acted) this.breach("two-act", `${what} after a process with a later claim has acted`);
		this.#acted = Math.max(this.#acted, fence);
	}

	joined(units: readonly Unit[]): void {
		this.#members = new Set(units.filter(({ joining }) => !joining).map(({ name }) => name));
	}

	/** The cluster is gone, and its data with it. */
	forget(): void {
		this.#opened.clear();
		this.#members = undefined;
	}

	/** After every event. */
	after(event: string): void {
		const { cluster } = this.world;
		if (cluster === undefined) return;
		if (this.#members === undefined) this.joined(cluster.units);
		let out: Unit | undefined;
		for (const unit of cluster.units) {
			const { name, openedBy, outByUs } = unit;
			const before = this.#opened.get(name);
			if (openedBy !== undefined && openedBy !== before) this.#opens(name, openedBy, event);
			if (isReached(unit) && !this.#members?.has(name))
				this.breach("stranger", `clients reach ${name}, which is no member, after ${event}`);
			if (!outByUs || unit.useless) continue;
			if (out?.shard === unit.shard) this.#bothOut(out, unit, event);
			out = unit;
		}
	}

	#opens(name: string, openedBy: DbVersion, event: string): void {
		const before = this.#opened.get(name);
		if (before !== undefined && compareVersions(openedBy, before) < 0)
			this.breach("version-lower", `${name} went from ${before} to ${openedBy} by ${event}`);
		this.#opened.set(name, openedBy);
	}

	/** One that serves by now is not out any more. */
	#bothOut(one: Unit, other: Unit, event: string): void {
		if (this.world.condition(one).serving || this.world.condition(other).serving) return;
		this.breach("two-out", `${one.name} and ${other.name} are out after ${event}`);
	}

	/** The answer to an observation depends on it alone, and leaves it as it is. */
	observed(cluster: Observation): void {
		if (this.answer === undefined || this.#observations++ % some > 0) return;
		const again = copied(cluster);
		const [first, second] = [this.answer(frozen(cluster)), this.answer(again)].map((answer) => JSON.stringify(answer));
		if (first !== second) this.breach("two-answers", `${first} and then ${second}`);
	}
}

const isReached = ({ process, drained, joining, scaled }: Unit) =>
	process !== undefined && !drained && !joining && scaled === undefined;

function frozen<T>(value: T): T {
	if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
	for (const part of Object.values(value)) frozen(part);
	return Object.freeze(value);
}

function copied<T>(value: T): T {
	if (typeof value !== "object" || value === null) return value;
	if (Array.isArray(value)) return value.map(copied) as T;
	return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copied(part)])) as T;
}
