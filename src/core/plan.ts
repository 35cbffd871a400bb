import type { ObservedCluster } from "./cluster";
import type { EligibleState } from "./state";
import type { DbVersion } from "./version";

/** One replica, taken from the version it runs to the target. */
export interface Step {
	readonly replica: string;
	readonly shard: number;
	readonly ordinal: number;
	/** `undefined`: it is not known what it runs. */
	readonly from: DbVersion | undefined;
	/** It does not serve now, so that taking it down costs nothing: such replicas go first. */
	readonly broken: boolean;
}

/** How an update goes, as data: what the preview words and what the roll carries out. */
export interface Plan {
	/** The lowest version that is left behind. */
	readonly from: DbVersion;
	readonly to: DbVersion;
	/** `1.7.1 -> 1.8.0` */
	readonly transition: string;
	/** What it starts from. An unfinished update counts as Started, or as Stopped where nothing runs. */
	readonly start: EligibleState;
	/** The steps of each shard that still has some, in order; within a shard one follows the other. */
	readonly lanes: readonly { readonly shard: number; readonly steps: readonly Step[] }[];
	/** The replica that must serve the target before a second shard begins. Absent when stopped or nothing is to do. */
	readonly canary?: string;
	/** An earlier update to the same or an older target stopped midway, and this one goes on with it. */
	readonly resumes: boolean;
}

/**
 * Plans the way of a cluster to a version. Total: a replica that already runs the target and serves has no step.
 *
 * Order: replicas that do not serve first, then the highest ordinal first, one at a time in a shard.
 */
export declare function plan(cluster: ObservedCluster, to: DbVersion): Plan;
