import type { Claim, ClusterControl, ReplicaView } from "../../src/control/port";
import type { ObservedCluster } from "../../src/core/cluster";
import type { State } from "../../src/core/state";
import type { DbVersion } from "../../src/core/version";
import type { RollEvent } from "../../src/roll/events";
import { type Rolled, roll } from "../../src/roll/roll";
import { untilState } from "../../src/roll/until-state";
import type { Harness, Place } from "./harness";

/** What a test stands on: a place, one way to its cluster, and the common moves. */
export class Stage<Settings = unknown> {
	readonly control: ClusterControl<Settings>;
	readonly versions: Harness["versions"];
	readonly events: RollEvent[] = [];

	constructor(
		readonly place: Place<Settings>,
		private readonly harness: Harness<Settings>,
	) {
		this.control = place.control();
		this.versions = harness.versions;
	}

	spec(wanted: { version?: DbVersion; shards?: number; replicas?: number } = {}) {
		return this.place.spec({ version: this.versions.v1, shards: 1, replicas: 2, ...wanted });
	}

	/** Makes a change under a claim of its own. */
	async under<T>(change: (claim: Claim) => Promise<T>): Promise<T> {
		const claim = await this.control.claim("the contract suite", 600);
		try {
			return await change(claim);
		} finally {
			await this.control.release(claim);
		}
	}

	/** A cluster that has started; by default one shard of two replicas at v1. */
	async started(wanted: { version?: DbVersion; shards?: number; replicas?: number } = {}): Promise<ObservedCluster> {
		await this.under((claim) => this.control.create(claim, this.spec(wanted)));
		await this.until("Started");
		await this.under((claim) => this.control.finish(claim));
		return this.observed();
	}

	async until(state: State): Promise<ObservedCluster> {
		const { clock } = this.place;
		const cluster = await untilState(this.control, state, { clock, stallSeconds: this.harness.timing?.stallSeconds });
		if (state === "Started") await this.place.reachable?.();
		return cluster;
	}

	/** Looks at a replica until it is as wanted; says what it saw when that takes more than a minute. */
	async lookUntil(replica: string, wanted: (view: ReplicaView) => boolean): Promise<ReplicaView> {
		const { clock } = this.place;
		const deadline = clock.now() + 60_000;
		for (;;) {
			const view = await this.control.look(replica);
			if (wanted(view)) return view;
			if (clock.now() > deadline) throw new Error(`${replica} did not get there: ${JSON.stringify(view)}`);
			await clock.sleep(50);
		}
	}

	/** The cluster without its record, which a test asks for by itself. */
	async observed(): Promise<ObservedCluster> {
		const observation = await this.control.observe();
		if (observation === undefined) throw new Error("the cluster is gone");
		const { record: _, ...cluster } = observation;
		return cluster;
	}

	/** The replicas as `name version serving`. */
	async shown(): Promise<string[]> {
		const { replicas } = await this.observed();
		return replicas.map(({ name, version, serving }) => `${name} ${version} ${serving ? "serves" : "down"}`);
	}

	roll(to: DbVersion): Promise<Rolled> {
		return roll({
			control: this.place.control() as ClusterControl,
			to,
			holder: "the contract suite",
			clock: this.place.clock,
			timing: this.harness.timing,
			report: (event) => this.events.push(event),
		});
	}
}

/** One promise, tested. */
export type Test = (stage: Stage) => Promise<void>;
