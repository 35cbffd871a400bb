import type { UpdateMark } from "../core/cluster";
import type { DbVersion } from "../core/version";

/** Who may change the cluster just now. Expires unless extended, so that a killed holder blocks nobody for long. */
export interface ClaimRecord {
	/** For people: `user@host, process 4711`. */
	readonly holder: string;
	/** Grows with every claim: a holder that slept through its claim sees that a later one was given. */
	readonly fence: number;
	/** ISO 8601 in UTC. */
	readonly expires: string;
}

/** What a replica held right before it was taken out, small also where that is thousands of tables. */
export interface HeldDigest {
	readonly tables: number;
	/** Of the names, engines and paths of all tables, in hexadecimal. */
	readonly digest: string;
	/** Which tables were left out, as `update.localTables` had it then. */
	readonly localTables?: readonly string[];
}

/** Somebody else asked for another number of replicas, where the cluster lives, than its record says. */
export interface Scaled {
	/** Where that is asked for, for people: `StatefulSet db-0`. */
	readonly where: string;
	readonly replicas: number;
	/** Grows with each change there, so that the same number asked for once more is told apart. */
	readonly generation: number;
}

/**
 * The ONE object that a cluster keeps about itself where it lives (a file locally, a ConfigMap on Kubernetes), changed
 * only by compare-and-swap. Pulumi's state is a copy at best: it can be stale, edited or gone.
 */
export interface ClusterRecord {
	/** `project/stack/name` of the resource that the cluster belongs to. */
	readonly owner: string;
	/** Made anew by each create, so that a late delete of an earlier resource does nothing. */
	readonly generation: string;
	readonly shards: number;
	/** Of each shard. */
	readonly replicas: number;
	readonly mark?: UpdateMark;
	readonly claim?: ClaimRecord;
	/** The highest version that ever opened each replica's data, by the replica's name. */
	readonly openedBy: Readonly<Record<string, DbVersion>>;
	/** Of the replicas that were taken out and were not seen to have come back whole. */
	readonly held?: Readonly<Record<string, HeldDigest>>;
	/** Read with the record, not kept in it: who changes a size has no need to tell. None of what is stopped or idle. */
	readonly scaled?: readonly Scaled[];
}

/** What a platform keeps of a cluster, and more, as its record. What is absent is left out. */
export function asRecord(
	kept: { readonly [Field in keyof ClusterRecord]: ClusterRecord[Field] | undefined } & Required<
		Pick<ClusterRecord, "owner" | "generation" | "shards" | "replicas" | "openedBy">
	>,
): ClusterRecord {
	const { owner, generation, shards, replicas, mark, claim, openedBy, held, scaled } = kept;
	return {
		owner,
		generation,
		shards,
		replicas,
		...(mark && { mark }),
		...(claim && { claim: { holder: claim.holder, fence: claim.fence, expires: claim.expires } }),
		openedBy,
		...(held && { held }),
		...(scaled && scaled.length > 0 && { scaled }),
	};
}

/** What is remembered of replicas, once one held something else; `undefined` forgets it. */
export function withHeld(
	held: ClusterRecord["held"],
	replica: string,
	digest: HeldDigest | undefined,
): ClusterRecord["held"] {
	const { [replica]: _, ...others } = held ?? {};
	const next = digest === undefined ? others : { ...others, [replica]: digest };
	return Object.keys(next).length > 0 ? next : undefined;
}
