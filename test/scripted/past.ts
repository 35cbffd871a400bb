import type { Observation, ReplicaView } from "../../src/control/port";
import type { Cluster } from "./cluster";
import type { Memory } from "./promises";
import { answers, conditionOf, type Unit } from "./unit";
import type { World } from "./world";

interface Moment {
	readonly at: number;
	readonly cluster: Cluster;
}

/** A minute is kept: no answer is older. */
const kept = 60_000;

/**
 * What a cluster was, for answers that are stale: they show what the platform stored of it earlier, perhaps before the
 * last answer. What a server says for itself is always as of now, and so is the cluster's record.
 */
export class History {
	/** Whether anybody will ask for it. */
	on = false;
	#moments: Moment[] = [];

	constructor(private readonly world: World) {}

	take(): void {
		const { cluster } = this.world;
		if (!this.on || cluster === undefined) return;
		const at = this.world.clock.now();
		this.#moments = this.#moments.filter((moment) => moment.at >= at - kept);
		this.#moments.push({ at, cluster: { ...cluster, units: cluster.units.map((unit) => ({ ...unit })) } });
	}

	look(name: string, memory: Memory, seconds: number): ReplicaView {
		const moment = this.#before(seconds);
		const unit = moment?.cluster.units.find((one) => one.name === name);
		return moment && unit ? this.#view(moment, unit, memory) : this.world.look(name, memory);
	}

	observe(memory: Memory, seconds: number): Observation | undefined {
		const moment = this.#before(seconds);
		const { mark } = this.world.present();
		if (moment === undefined) return this.world.observe(memory);
		const members = moment.cluster.units.filter(({ joining, scaled }) => !joining && scaled !== "surplus");
		const views = members.map((unit) => this.#view(moment, unit, memory));
		return this.world.observed({ ...moment.cluster, ...(mark ? { mark } : { mark: undefined }) }, views);
	}

	#before(seconds: number): Moment | undefined {
		const at = this.world.clock.now() - seconds * 1000;
		return this.#moments.findLast((moment) => moment.at <= at) ?? this.#moments[0];
	}

	#view({ at }: Moment, was: Unit, memory: Memory): ReplicaView {
		const unit = this.world.present().units.find(({ name }) => name === was.name);
		const live = unit !== undefined && answers(unit, this.world.clock.now()) ? this.world.condition(unit) : undefined;
		const seen = { ...conditionOf(was, at), readOnly: live?.readOnly, caughtUp: live?.caughtUp };
		return this.world.view({ ...was, openedBy: unit?.openedBy }, seen, memory);
	}
}
