import type { UpdateMark } from "../core/cluster";
import type { Rehearsal } from "../core/rehearsal";
import type { DbVersion } from "../core/version";

/** A lease: who may change the cluster. It expires unless renewed, so a killed holder blocks others briefly. */
export interface ClaimRecord {
	/** As text: `user@host, process 4711`. */
	readonly holder: string;
	/** Grows with every claim, so that a holder that slept through its claim sees that a later one was given. */
	readonly fence: number;
	/** ISO 8601 in UTC. */
	readonly expires: string;
}

/** What a replica held right before it was taken out; small even for thousands of tables. */
export interface HeldDigest {
	readonly tables: number;
	/** Of the names, engines and paths of all tables, hexadecimal. */
	readonly digest: string;
	/** The value of `update.localTables` then; those tables are left out. */
	readonly localTables?: readonly string[];
	/** The other replicas of its shard that held all of it then: what they have dropped since, it need not have. */
	readonly others?: readonly string[];
}

/** The cluster was scaled outside Pulumi: its platform asks for another number of replicas than the record. */
export interface Scaled {
	/** The object that asks, as text: `StatefulSet db-0`. */
	readonly where: string;
	/** Absent if the object was deleted. */
	readonly replicas?: number;
	/**
	 * Grows with each change of the object, and of a deleted one with each claim on the cluster, so that the same found
	 * again is recognised.
	 */
	readonly generation?: number;
}

/** The argument `update` as the program last had it, without secrets. It rules nothing: an import has to find it. */
export type UpdateSettings = Readonly<Record<string, unknown>>;

/**
 * The ONE object that a cluster keeps about itself where it runs (a file locally, a ConfigMap on Kubernetes), changed
 * only by compare-and-swap. Pulumi's state is at best a copy: it can be stale, edited or gone.
 */
export interface ClusterRecord {
	/** `project/stack/name` of the resource that the cluster belongs to. */
	readonly owner: string;
	/** New with each create, so that a late delete of an earlier resource does nothing. */
	readonly generation: string;
	readonly shards: number;
	readonly replicas: number;
	readonly mark?: UpdateMark;
	readonly claim?: ClaimRecord;
	/** The highest version that ever opened each replica's data, by replica. */
	readonly openedBy: Readonly<Record<string, DbVersion>>;
	/** Of the replicas that were taken out and not yet seen to come back whole. */
	readonly held?: Readonly<Record<string, HeldDigest>>;
	/** The last rehearsal of a version. */
	readonly rehearsed?: Rehearsal;
	/** See {@link UpdateSettings}; absent if it was last changed by a release that did not store them. */
	readonly update?: UpdateSettings;
	/** Read with the record, not stored in it. Empty while the cluster is stopped or idle. */
	readonly scaled?: readonly Scaled[];
}

/** A platform's stored data as a record, without absent fields. */
export function asRecord(
	kept: { readonly [Field in keyof ClusterRecord]: ClusterRecord[Field] | undefined } & Required<
		Pick<ClusterRecord, "owner" | "generation" | "shards" | "replicas" | "openedBy">
	>,
): ClusterRecord {
	const { owner, generation, shards, replicas, mark, claim, openedBy, held, rehearsed, update, scaled } = kept;
	return {
		owner,
		generation,
		shards,
		replicas,
		...(mark && { mark }),
		...(claim && { claim: { holder: claim.holder, fence: claim.fence, expires: claim.expires } }),
		openedBy,
		...(held && { held }),
		...(rehearsed && { rehearsed }),
		...(update && { update }),
		...(scaled && scaled.length > 0 && { scaled }),
	};
}

/** What is remembered of replicas after one was added; `undefined` removes it. */
export function withHeld(
	held: ClusterRecord["held"],
	replica: string,
	digest: HeldDigest | undefined,
): ClusterRecord["held"] {
	const { [replica]: _, ...others } = held ?? {};
	const next = digest === undefined ? others : { ...others, [replica]: digest };
	return Object.keys(next).length > 0 ? next : undefined;
}
