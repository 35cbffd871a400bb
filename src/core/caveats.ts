import type { Plan } from "./plan";

/** What happens to a kind of request while the update runs. */
export type Effect =
	/** Not served until it is done. */
	| "unavailable"
	/** May fail for a while as each replica restarts. */
	| "interrupted"
	/** Keeps working. */
	| "working";

/** What an update will do, keyed by the vendor's table (state x replicas). Data; words make text of it. */
export interface Caveats {
	readonly transition: string;
	readonly reads: Effect;
	readonly writes: Effect;
	/** Replicas in order, one list a shard. */
	readonly order: readonly (readonly string[])[];
	/** Several shards go on at once after this replica serves. */
	readonly canary?: string;
	/** The cluster is idle and is woken first, and is left Started. */
	readonly wakes: boolean;
	/** The cluster is stopped and stays so. */
	readonly stopped: boolean;
	readonly resumes: boolean;
	/** Said besides, each a fact that words turn into a clause: `judged-from-record`, `version-unknown`, ... */
	readonly notes: readonly CaveatNote[];
}

export type CaveatNote =
	/** `judge: "recorded"`: the rules saw what an earlier run recorded, not the cluster. */
	| { readonly note: "judged-from-record"; readonly at: string }
	/** Some inputs are known only in the update, which judges then. */
	| { readonly note: "unknown-until-update"; readonly properties: readonly string[] }
	/** The catalogue could not be read, so known-version and latest-only were not judged. */
	| { readonly note: "catalogue-unknown"; readonly why: string };

export declare function caveats(plan: Plan, replicasPerShard: number, notes?: readonly CaveatNote[]): Caveats;
