import type { Availability, Problem } from "../core/availability";
import type { Comparison, Worse } from "../core/canary-queries";
import type { Cause, Failure } from "../core/cluster";
import type { Rehearsal } from "../core/rehearsal";
import type { State } from "../core/state";
import type { DbVersion } from "../core/version";

/** What happens during a rollout, as data, in order; `words` turns each event into one progress line. */
export type RollEvent =
	/** Another process holds the claim; as it may be the last step of a killed run, it is waited for, up to a limit. */
	| { readonly event: "waiting"; readonly holder: string; readonly expires: string }
	/** The platform did not respond and is asked again, up to a limit. */
	| { readonly event: "retrying"; readonly words: string }
	/** A version is tried beside the cluster, and what came of it. */
	| { readonly event: "rehearsing"; readonly to: DbVersion }
	| { readonly event: "rehearsed"; readonly rehearsal: Rehearsal }
	| { readonly event: "began"; readonly transition: string; readonly steps: number; readonly resumes: boolean }
	| { readonly event: "woke"; readonly seconds: number }
	/** A replica is next, but others of its shard must catch up first. */
	| {
			readonly event: "holding";
			readonly replica: string;
			readonly others: readonly Unable[];
	  }
	| { readonly event: "draining"; readonly replica: string; readonly queries: number | undefined }
	| {
			readonly event: "drained";
			readonly replica: string /** Still running when the time for them was over. */;
			readonly cut: number;
			readonly seconds: number;
	  }
	/** It was taken out and added to the endpoints again without a restart: the others could not take over any more. */
	| { readonly event: "returned"; readonly replica: string }
	| {
			readonly event: "restarting";
			readonly replica: string;
			readonly from: DbVersion | undefined;
			readonly to: DbVersion;
	  }
	| { readonly event: "progress"; readonly replica: string; readonly phase: string }
	| {
			readonly event: "serving";
			readonly replica: string;
			readonly version: DbVersion /** Since it left the endpoints. */;
			readonly seconds: number;
			readonly done: number;
			readonly of: number;
	  }
	/** It is the first at the target: before another is touched, its failed queries are compared with the others'. */
	| {
			readonly event: "comparing";
			readonly replica: string;
			readonly others: readonly string[];
			readonly seconds: number;
	  }
	/** It is not worse than allowed, as far as is known. */
	| {
			readonly event: "compared";
			readonly replica: string;
			readonly others: readonly string[];
			readonly seconds: number;
			/** Absent if the replicas can't say how their queries ended. */
			readonly result?: Comparison;
	  }
	/** New replicas hold what their shards hold, and clients reach them. */
	| { readonly event: "joined"; readonly replicas: readonly string[]; readonly seconds: number }
	| { readonly event: "left"; readonly replica: string; readonly seconds: number }
	| {
			readonly event: "noted";
			readonly replica: string;
			readonly version: DbVersion;
			readonly done: number;
			readonly of: number;
	  }
	| {
			readonly event: "finished";
			readonly transition: string;
			readonly seconds: number /** The cluster is made now. */;
			readonly creates?: true;
	  };

/** Another replica of the shard that can't take over, and why. */
export interface Unable {
	readonly replica: string;
	/** `lacks`: tables that the next one holds; `unknown`: it could not be asked for them. */
	readonly problem: Problem | "lacks" | "unknown";
	readonly failure?: Failure;
}

/** Why and where a rollout stopped; `words` turns it into a message. */
export interface RollStop extends Availability {
	readonly cluster: string;
	readonly to: DbVersion;
	/**
	 * What was in progress: `settings` if every replica ran `to` already, `size` if replicas were being removed,
	 * `creation` if the cluster has not served yet.
	 */
	readonly change: "version" | "settings" | "size" | "creation";
	/** The replica at which it stopped; absent if it stopped before the first. */
	readonly replica?: string;
	/** That replica's place in the order, from 1; 0 before the first. */
	readonly step: number;
	readonly of: number;
	readonly cause:
		| Failed
		| Stalled
		| Resized
		| { readonly kind: "wrong-version"; readonly runs: DbVersion | undefined }
		/** Its shard was told, outside Pulumi, to start another version. */
		| {
				readonly kind: "version-set";
				readonly object: string;
				readonly image: string;
				readonly version?: DbVersion;
		  }
		| { readonly kind: "not-safe"; readonly others: readonly Unable[] }
		/** It came back with less than it had, or than the others of its shard have. */
		| {
				readonly kind: "data-missing";
				readonly tables: readonly string[];
				readonly count: number;
				/** Where its data is, as text; absent if unknown. */
				readonly at?: string;
				/** Another replica of its shard that has them. */
				readonly elsewhere?: string;
		  }
		/** It is the first at the target, and more of its queries fail than is allowed. */
		| (Omit<Worse, "verdict"> & {
				readonly kind: "worse";
				/** The replicas that it was compared with. */
				readonly than: readonly string[];
				/** By how much the share may be larger. */
				readonly errors: number;
		  })
		/** It served, and did no more while the rollout waited after its first replica. */
		| { readonly kind: "stopped-serving"; readonly failure?: Failure }
		/** Why its data would end with its process, as a clause; unknown before it started. */
		| { readonly kind: "volatile"; readonly words: string }
		| Interruption
		| { readonly kind: "claim-lost"; readonly by?: string }
		/** The cluster's record was deleted, so that nothing is known of the cluster any more. */
		| { readonly kind: "record-lost" }
		| { readonly kind: "platform"; readonly words: string };
	readonly serving: readonly { readonly replica: string; readonly version: DbVersion | undefined }[];
	readonly notServing: readonly { readonly replica: string; readonly version: DbVersion | undefined }[];
}

/** Why a cluster did not reach the state that was waited for; `words` turns it into a message. */
export interface WaitStop {
	readonly cluster: string;
	readonly wanted: State;
	readonly state: State;
	/** The replica that it waits for, if known. */
	readonly replica?: string;
	readonly cause: Failed | Stalled | Resized | Interruption;
}

/** It was asked to end early: nothing is wrong with the cluster. */
export interface Interruption {
	readonly kind: "interrupted";
	/** `cancel`: somebody pressed Ctrl-C. `timeout`: the time that the program gives it is over. */
	readonly by: "cancel" | "timeout";
	/** The time that it was given. */
	readonly seconds?: number;
}

export interface Failed extends Failure {
	readonly kind: "failed";
}

export interface Stalled {
	readonly kind: "stalled";
	readonly phase: string;
	readonly seconds: number;
	readonly cause?: Cause;
}

/** Its shard was given another size outside Pulumi. */
interface Resized {
	readonly kind: "resized";
	readonly object: string;
	readonly replicas?: number;
	readonly of: number;
}
