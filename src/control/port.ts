import type { QueryTally } from "../core/canary-queries";
import type { DesiredState } from "../core/caveats";
import type { Cause, Failure, ObservedCluster, ObservedReplica, Reshaping, Rival, UpdateMark } from "../core/cluster";
import type { Holdings, LocalTables } from "../core/holdings";
import type { Rehearsal } from "../core/rehearsal";
import type { DbVersion } from "../core/version";
import type { ClusterRecord, HeldDigest, UpdateSettings } from "./record";
import type { Trial } from "./trial";

/** Tries a version; `undefined` if the last rehearsal still counts. */
export type Rehearse = (trial: Trial, last: Rehearsal | undefined) => Promise<Rehearsal | undefined>;

export interface Claim {
	readonly holder: string;
	readonly fence: number;
}

/** A whole cluster at one moment, with its record, so that nobody has to ask for it separately. */
export interface Observation extends ObservedCluster {
	/**
	 * What {@link ClusterControl.record} would have returned; absent for an existing cluster that has none yet, and for one
	 * whose record was deleted.
	 */
	readonly record?: ClusterRecord;
}

/** One replica in detail, for the rollout that waits for it. */
export interface ReplicaView {
	readonly replica: ObservedReplica;
	/** Queries that it is running for clients; `undefined` if unknown. */
	readonly queries: number | undefined;
	/** What it is doing, such as `pulling the image` or `loading tables: 3 of 7`. A change here is progress. */
	readonly phase: string;
	/** How much is left of what the phase is about, such as parts to fetch. Only less of it is progress. */
	readonly left?: number;
	/** The version that it is about to start, if it runs none yet and needs no further restart. */
	readonly starting?: DbVersion;
	/** Why waiting does not help (exits at start, no such image), with its last words. */
	readonly failure?: Failure;
	/** What keeps it from serving, if known; waiting may still help. */
	readonly cause?: Cause;
	/** It is within its time limit, such as the grace period: not stalled, although nothing changes. */
	readonly busy?: true;
	/** What its shard was last asked to be; absent if only this package can ask, or is asking right now. */
	readonly asked?: Asked;
}

/** What a shard was last asked to be, inside or outside Pulumi. */
export interface Asked {
	/** The object that asks, as `kubectl` takes it: `StatefulSet db-0`. */
	readonly object: string;
	/** How many replicas it asks for; absent if the object is gone. */
	readonly replicas?: number;
	/** How many the cluster's record says. */
	readonly of: number;
	/** The image that a recreated replica starts with. */
	readonly image?: string;
	readonly version?: DbVersion;
}

/** What a create needs to know on any platform; `Settings` are the platform's own (its validated arguments). */
export interface ClusterSpec<Settings = unknown> {
	readonly name: string;
	readonly owner: string;
	readonly generation: string;
	readonly version: DbVersion;
	readonly shards: number;
	readonly replicas: number;
	readonly settings: Settings;
	readonly localTables?: LocalTables;
	/** The data that a destroyed cluster of another owner left may be used, too. */
	readonly adopt?: boolean;
	/** Stored by `create` and `configure`. */
	readonly update?: UpdateSettings;
	/** The state that it is brought to afterwards; absent if it stays as it is. */
	readonly desiredState?: DesiredState;
}

/** Why a request can't be carried out. */
export interface Obstacle {
	/** The argument that it is about: `local.port`, `replicas`. */
	readonly property: string;
	/** Names the value, the reason and what to do. */
	readonly reason: string;
	/**
	 * A right is missing to try whether there is an obstacle, and only the change itself needs that right: so a preview
	 * shows this, and does not refuse.
	 */
	readonly untried?: true;
}

export interface Assessment extends Reshaping {
	readonly obstacles: readonly Obstacle[];
}

/** How surely a platform tells whether a replica has caught up. */
export type Care = "brief" | "exact";

/**
 * The port: what a platform offers to observe and change one cluster. The rollout is written once on top of it, and one
 * contract suite (test/contract) tests what each method promises here.
 *
 * Every method that changes something takes the claim and throws {@link ClaimLost}, without touching anything, if that
 * claim no longer holds. It is idempotent, so that it can be called again after a crash. A claim holds until it is
 * released or another is given: one that merely expired, as on a laptop that slept, still holds and can be renewed. A
 * platform that can't be reached or read throws {@link PlatformError}; every call may then be repeated.
 */
export interface ClusterControl<Settings = unknown> {
	/** How many replicas of a shard must serve for it to accept writes; default `one`. For messages. */
	readonly writesNeed?: "one" | "all";
	/**
	 * The cluster's own record, and whether it was scaled outside Pulumi, by cheap reads that wake nothing; `undefined`
	 * only on proof that there is none.
	 *
	 * @param age Milliseconds that it may be old: a platform may then ask for many clusters at once. As it is now unless given.
	 */
	record(age?: number): Promise<ClusterRecord | undefined>;
	/**
	 * The whole cluster as it is now. Wakes nothing. `undefined` only on proof of absence.
	 *
	 * The mark of an update hides neither Stopped nor Idle: a stopped cluster is shown as stopped, marked or not.
	 *
	 * @param care Without it a platform may take some seconds to tell whether a replica that clients write to has caught up.
	 */
	observe(care?: "brief"): Promise<Observation | undefined>;
	/** What belongs to the cluster and somebody deleted, as text, such as `Service db`: `configure` makes it again. */
	missing?(): Promise<readonly string[]>;
	/**
	 * A replica as it is now.
	 *
	 * @param care `exact`: it has caught up only once it holds all that was written before this was asked. Otherwise it may
	 * lack what was written in the last two seconds, which is cheaper to ask. `brief`: it may be shown as behind that only
	 * needs a moment to tell that it is not.
	 */
	look(replica: string, care?: Care): Promise<ReplicaView>;
	/**
	 * What a replica holds, by one query to it: every table of every database except the server's own; `undefined` while
	 * it can't be asked. Two replicas of a shard with the same tables answer alike, apart from rows that do not
	 * replicate.
	 */
	holds(replica: string): Promise<Holdings | undefined>;
	/**
	 * How the queries of clients that ended on a replica within the last `seconds` ended; `undefined` if unknown. This
	 * package's own queries don't count, nor do those that another server of the cluster sent for a client. The last ten
	 * seconds may be missing. A platform that can't know has no such method.
	 */
	tally?(replica: string, seconds: number): Promise<QueryTally | undefined>;
	/**
	 * Other clusters with copies of the same tables whose update is not finished. Such copies are known only if clusters
	 * share a Keeper; a platform whose clusters share nothing has no such method.
	 */
	rivals?(): Promise<readonly Rival[]>;

	/**
	 * Takes the exclusive claim for `seconds`; throws {@link Claimed} while another process holds it. Allowed before the
	 * cluster exists.
	 */
	claim(holder: string, seconds: number): Promise<Claim>;
	/** Checks that the claim still holds and renews it; throws {@link ClaimLost}. */
	extend(claim: Claim, seconds: number): Promise<void>;
	/** Releases the claim. Does nothing if it no longer holds. */
	release(claim: Claim): Promise<void>;

	/**
	 * Persists that an update is in progress; replaces an earlier mark, also that of a creation. If there are {@link
	 * rivals} by then, it throws a {@link ControlError} and leaves the earlier mark.
	 */
	begin(claim: Claim, mark: UpdateMark): Promise<void>;
	finish(claim: Claim): Promise<void>;

	/**
	 * Stores with the cluster what a replica held right before it was taken out, so that after a crash it can still be
	 * checked whether it came back with less; `undefined` forgets it.
	 */
	remember(claim: Claim, replica: string, held: HeldDigest | undefined): Promise<void>;

	/**
	 * Offers a place beside the cluster to try a version, with the settings that the control was made with; stores in the
	 * record what `use` found there, if anything, and removes what was started, however it ends. Touches no replica, no volume of one, and no Keeper. A version that shows
	 * no progress for `stallSeconds` fails. A platform that has no such place has no such method.
	 */
	rehearse?(claim: Claim, version: DbVersion, stallSeconds: number, use: Rehearse): Promise<Rehearsal | undefined>;

	/**
	 * Takes the replica out of the clients' endpoints; resolves once no new request reaches it. Running queries continue.
	 * A replica that is down counts as drained. A platform may use the wait to prepare its restart with the version
	 * `next`: from then on a replica of its shard that is lost may come back with that version.
	 *
	 * @returns the clients' queries that ran when it resolved, if the platform asked for them and no new one arrives; 0
	 * saves a question while the replica is out.
	 */
	drain(claim: Claim, replica: string, next?: DbVersion): Promise<number | undefined>;
	/** Adds a drained replica to the clients' endpoints again. Does nothing to one that is not drained, or down. */
	undrain(claim: Claim, replica: string): Promise<void>;
	/**
	 * From now on the replica runs `version`: restarts it immediately or, while the cluster is stopped, records the
	 * version for its next start. Does not wait. The replica returns to the clients' endpoints by itself once it serves
	 * and has caught up; until then `look` does not show it as serving. Once this resolves, `look` shows nothing of the
	 * run before, such as its failure. Throws a {@link ControlError} if a later version opened its data.
	 */
	restart(claim: Claim, replica: string, version: DbVersion): Promise<void>;

	/**
	 * Creates the cluster, or continues to create one of the same owner, which then gets the new generation. A replica
	 * that exists keeps its version: changing that is up to the rollout. Finds the data that an earlier `destroy` kept.
	 * Does not wait until it serves: a created cluster carries a mark that says `creates` until `finish`, and {@link
	 * observe} shows it as Starting while nothing is wrong, Degraded on trouble, and Started once all replicas serve.
	 * Throws a {@link ControlError} if the cluster, or, without `adopt`, the data, has another owner, or if a later version
	 * opened the data.
	 */
	create(claim: Claim, spec: ClusterSpec<Settings>): Promise<void>;
	/** Takes over an existing cluster: writes owner and generation to it. */
	adopt(claim: Claim, owner: string, generation: string): Promise<void>;
	/** What {@link configure} would do with this spec. Changes nothing. */
	assess(spec: Omit<ClusterSpec<Settings>, "generation">): Promise<Assessment>;
	/**
	 * Applies other settings, and creates the replicas that are to join. Restarts nothing that serves: a replica that
	 * needs a restart is `outdated` from now on, and gets the settings when it restarts.
	 */
	configure(claim: Claim, spec: ClusterSpec<Settings>): Promise<void>;
	/**
	 * Adds those new replicas to the cluster that hold what their shard holds; until all are in, {@link observe} shows
	 * the former size. Returns those that are still out; call it again while there are any.
	 */
	join(claim: Claim, spec: ClusterSpec<Settings>): Promise<readonly string[]>;
	/**
	 * Removes a drained replica from the cluster permanently; from then on {@link observe} does not show it. Its volume
	 * stays. If it holds something that no other replica holds, throws a {@link ControlError} and changes nothing.
	 */
	leave(claim: Claim, replica: string): Promise<void>;
	start(claim: Claim): Promise<void>;
	stop(claim: Claim): Promise<void>;
	/** Wakes an idle cluster, as a request would. */
	wake(claim: Claim): Promise<void>;
	/**
	 * Ends the cluster's processes and removes the cluster; its data stays unless `data` is set. A cluster that was not
	 * created by DbCluster is only released, and keeps running.
	 */
	destroy(claim: Claim, options: { readonly data: boolean }): Promise<void>;
}
