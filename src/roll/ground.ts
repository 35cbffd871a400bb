import type { ClusterControl, ReplicaView } from "../control/port";
import type { HeldDigest } from "../control/record";
import type { CanaryHold } from "../core/canary-queries";
import type { LocalTables } from "../core/holdings";
import type { DbVersion } from "../core/version";
import type { ClaimKeeper } from "./claim-keeper";
import type { Clock } from "./clock";
import type { RollEvent, RollStop } from "./events";
import type { Timing } from "./timing";

export interface Ground {
	readonly control: ClusterControl;
	readonly keeper: ClaimKeeper;
	readonly clock: Clock;
	readonly timing: Timing;
	readonly to: DbVersion;
	readonly localTables?: LocalTables;
	/** Set if the rollout waits after its first replica. */
	readonly canary?: CanaryHold;
	/**
	 * The shards that this rollout told to start `to`. If set, the size and version of a shard must not change; absent
	 * while they are being changed.
	 */
	readonly given?: Set<number>;
	/** What an earlier process stored of replicas that could not be asked since: none is let back before it is asked. */
	readonly unchecked?: ReadonlyMap<string, HeldDigest>;
	/** Aborted, with an {@link Interruption} as its reason, when the rollout is to end after the step under way. */
	readonly stop?: AbortSignal;
	readonly report: (event: RollEvent) => void;
	readonly tell: (view: ReplicaView) => void;
}

/** Of a rollout by a plan. */
export interface PlannedGround extends Ground {
	readonly given: Set<number>;
	readonly unchecked: Map<string, HeldDigest>;
}

export class StepStopped extends Error {
	constructor(
		readonly why: RollStop["cause"],
		/** If it is not the step's own. */
		readonly replica?: string,
	) {
		super(why.kind);
	}
}
