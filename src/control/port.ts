import type { Cause, Failure, ObservedCluster, ObservedReplica, Reshaping, Rival, UpdateMark } from "../core/cluster";
import type { Holdings, LocalTables } from "../core/holdings";
import type { DbVersion } from "../core/version";
import type { ClusterRecord, HeldDigest } from "./record";

/** A claim that this process holds. */
export interface Claim {
	readonly holder: string;
	readonly fence: number;
}

/** A whole cluster at one look, with the record that it was seen by: who observes need not ask for that, too. */
export interface Observation extends ObservedCluster {
	/** What {@link ClusterControl.record} would have answered; absent where others made the cluster and it has none yet. */
	readonly record?: ClusterRecord;
}

/** One replica, looked at closely while the roll waits for it. */
export interface ReplicaView {
	readonly replica: ObservedReplica;
	/** Queries that it is running for clients; `undefined` when it can't be asked. */
	readonly queries: number | undefined;
	/** What it is doing, such as `pulling the image` or `loading tables: 3 of 7`. While this changes, it makes progress. */
	readonly phase: string;
	/** The version that it is about to start with, where it runs none yet and needs no other restart to get there. */
	readonly starting?: DbVersion;
	/** Why waiting can't help (exits at start, no such image), with its own last words. */
	readonly failure?: Failure;
	/** What keeps it from serving, where that is known; waiting may help all the same. */
	readonly cause?: Cause;
	/** It is within the time that it has for what it does, such as to stop: no standstill, though nothing of it changes. */
	readonly busy?: true;
	/** What its shard was last asked to be; absent where nobody but this package can ask that, or it does so just now. */
	readonly asked?: Asked;
}

/** What a shard was last asked to be, by whomever. */
export interface Asked {
	/** By which object, as `kubectl` takes it: `StatefulSet db-0`. */
	readonly object: string;
	/** How many replicas it is to have; absent where the object is gone. */
	readonly replicas?: number;
	/** How many it has by the cluster's record. */
	readonly of: number;
	/** What a replica that is made anew starts with. */
	readonly image?: string;
	/** That image's version, where it can be told. */
	readonly version?: DbVersion;
}

/** What a create needs to know, whatever the platform; `Settings` are the platform's own (its validated arguments). */
export interface ClusterSpec<Settings = unknown> {
	readonly name: string;
	readonly owner: string;
	readonly generation: string;
	readonly version: DbVersion;
	readonly shards: number;
	readonly replicas: number;
	readonly settings: Settings;
	/** Tables that differ between replicas on purpose. */
	readonly localTables?: LocalTables;
}

/** What stands in the way of something that is asked for. */
export interface Obstacle {
	/** The resource's property that it is about: `local.port`, `replicas`. */
	readonly property: string;
	/** Names the value, the reason and the way out. */
	readonly reason: string;
}

/** What other settings or another size would come to. */
export interface Assessment extends Reshaping {
	readonly obstacles: readonly Obstacle[];
}

/**
 * The port: what a platform offers to observe and change one cluster. The roll is written once over it, and one contract
 * suite (test/contract) says in tests what each method promises here in words.
 *
 * Every method that changes something is idempotent, so that a caller that died in the middle just calls again; takes
 * the claim, and throws {@link ClaimLost} without touching anything when that claim no longer holds. A claim holds until
 * it is released or another is given: one that merely ran out, as on a laptop that slept, still holds and can be extended.
 * A platform that can't be reached or read throws {@link PlatformError}; every call may then simply be made again.
 */
export interface ClusterControl<Settings = unknown> {
	/** How many replicas of a shard must serve for a write to be taken; for the message of a roll that stopped. Default `one`. */
	readonly writesNeed?: "one" | "all";

	/** The cluster's own record, and whether somebody else scaled it, in cheap reads that wake nothing; `undefined` only on proof that there is none. */
	record(): Promise<ClusterRecord | undefined>;
	/**
	 * The whole cluster as it is now. Wakes nothing. `undefined` only on proof of absence.
	 *
	 * The mark of an update hides neither Stopped nor Idle: what is stopped is shown as stopped, marked or not.
	 */
	observe(): Promise<Observation | undefined>;
	/** One replica as it is now. */
	look(replica: string): Promise<ReplicaView>;
	/**
	 * What a replica holds, by one question to itself: every table of every database but the server's own; `undefined` while
	 * it can't be asked. Two replicas of a shard that hold the same answer the same, apart from rows that do not replicate.
	 */
	holds(replica: string): Promise<Holdings | undefined>;
	/**
	 * Other clusters that hold copies of tables of this one, and of which an update is not done. Such copies are known only
	 * where clusters share a Keeper; a platform whose clusters share nothing has no such method.
	 */
	rivals?(): Promise<readonly Rival[]>;

	/** Takes the exclusive claim for `seconds`; throws {@link Claimed} while another holds it. Allowed with no cluster yet. */
	claim(holder: string, seconds: number): Promise<Claim>;
	/** Checks that the claim still holds and extends it; throws {@link ClaimLost}. */
	extend(claim: Claim, seconds: number): Promise<void>;
	/** Gives the claim up. Does nothing when it no longer holds. */
	release(claim: Claim): Promise<void>;

	/**
	 * Persists that an update is under way; replaces an earlier mark, also that of a creation. Where there are {@link rivals} by then it throws a
	 * {@link ControlError}, with the mark as it was before.
	 */
	begin(claim: Claim, mark: UpdateMark): Promise<void>;
	/** Removes the mark. */
	finish(claim: Claim): Promise<void>;

	/**
	 * Keeps with the cluster what a replica held right before it was taken out, so that whoever comes after a crash can tell
	 * whether it came back with less; `undefined` forgets it.
	 */
	remember(claim: Claim, replica: string, held: HeldDigest | undefined): Promise<void>;

	/**
	 * Takes the replica out of the clients' endpoints; resolves when no new request reaches it. Queries that run go on.
	 * A replica that is down already is as good as drained.
	 */
	drain(claim: Claim, replica: string): Promise<void>;
	/** Lets clients reach a drained replica again. Does nothing to one that is not drained, or down. */
	undrain(claim: Claim, replica: string): Promise<void>;
	/**
	 * From now on the replica runs `version`: restarts it at once, or, while the cluster is stopped, notes the version for
	 * its next start. Does not wait. The replica returns to the clients' endpoints by itself once it serves and has caught up;
	 * until then `look` does not show it as serving. Once this resolves, `look` shows nothing of the run before, such as its
	 * failure. Throws a {@link ControlError} when a later version opened its data.
	 */
	restart(claim: Claim, replica: string, version: DbVersion): Promise<void>;

	/**
	 * Makes the cluster, or goes on making one of the same owner, which then carries the new generation. A replica that
	 * exists keeps its version: changing that is the roll's. Finds the data that an earlier `destroy` kept. Does not wait
	 * until it serves: one that is made carries a mark that says `creates` until `finish`, and {@link observe} shows it as
	 * Starting while nothing is wrong, Degraded on trouble, and Started once all replicas serve. Throws a {@link ControlError} when the cluster is another owner's, or when a later version opened
	 * the data.
	 */
	create(claim: Claim, spec: ClusterSpec<Settings>): Promise<void>;
	/** Takes over an existing cluster: stamps owner and generation on it. */
	adopt(claim: Claim, owner: string, generation: string): Promise<void>;
	/** What {@link configure} with these would come to. Changes nothing. */
	assess(spec: Omit<ClusterSpec<Settings>, "generation">): Promise<Assessment>;
	/**
	 * Gives the cluster other settings, and makes the replicas that are to join. Restarts nothing that serves: a replica that
	 * needs a restart for it is `outdated` from now on, and gets the settings when it is restarted.
	 */
	configure(claim: Claim, spec: ClusterSpec<Settings>): Promise<void>;
	/**
	 * Lets the new replicas in that hold what their shard holds; until all are in, the cluster has its former size for
	 * {@link observe}. Returns those that are still out; to be called again while there are some.
	 */
	join(claim: Claim, spec: ClusterSpec<Settings>): Promise<readonly string[]>;
	/**
	 * Takes a drained replica out of the cluster for good; from then on {@link observe} does not show it. Its volume stays.
	 * Throws a {@link ControlError}, with everything as it was, when it holds something that no other replica holds.
	 */
	leave(claim: Claim, replica: string): Promise<void>;
	start(claim: Claim): Promise<void>;
	stop(claim: Claim): Promise<void>;
	/** Starts an idle cluster as a request would. */
	wake(claim: Claim): Promise<void>;
	/**
	 * Ends the cluster's processes and forgets the cluster; its data stays unless `data` says so. What others made is only
	 * forgotten, and goes on.
	 */
	destroy(claim: Claim, options: { readonly data: boolean }): Promise<void>;
}
