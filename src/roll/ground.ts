import type { ClusterControl, ReplicaView } from "../control/port";
import type { LocalTables } from "../core/holdings";
import type { DbVersion } from "../core/version";
import type { Clock } from "./clock";
import type { RollEvent, RollStop } from "./events";
import type { Hold } from "./hold";
import type { Timing } from "./timing";

/** What every step of a roll stands on. */
export interface Ground {
	readonly control: ClusterControl;
	readonly hold: Hold;
	readonly clock: Clock;
	readonly timing: Timing;
	readonly to: DbVersion;
	/** Tables that differ between replicas on purpose. */
	readonly localTables?: LocalTables;
	/**
	 * The shards that this roll told to start `to`. With it, the size and the version of a shard are what they are to stay;
	 * absent while they are being changed.
	 */
	readonly given?: Set<number>;
	readonly report: (event: RollEvent) => void;
	readonly tell: (view: ReplicaView) => void;
}

/** A step that can't be finished, and why. */
export class StepStopped extends Error {
	constructor(
		readonly why: RollStop["cause"],
		/** Where it is not the step's own. */
		readonly replica?: string,
	) {
		super(why.kind);
	}
}
