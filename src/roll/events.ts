import type { Availability, Problem } from "../core/availability";
import type { Cause, Failure } from "../core/cluster";
import type { State } from "../core/state";
import type { DbVersion } from "../core/version";

/** What happens during a roll, as data, in the order in which it happens; words make one progress line of each. */
export type RollEvent =
	/** Another process holds the claim; it may be a killed run's last step, so it is waited for, for a bounded time. */
	| { readonly event: "waiting"; readonly holder: string; readonly expires: string }
	/** The platform did not answer and is asked again, for a bounded time. */
	| { readonly event: "retrying"; readonly words: string }
	| { readonly event: "began"; readonly transition: string; readonly steps: number; readonly resumes: boolean }
	| { readonly event: "woke"; readonly seconds: number }
	/** A replica is next, and others of its shard must catch up first. */
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
	/** It was taken out, and clients reach it again though it was not restarted: the others could not stand in any more. */
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
	/** New replicas hold what their shards hold, and clients reach them. */
	| { readonly event: "joined"; readonly replicas: readonly string[]; readonly seconds: number }
	/** It is no longer one of the cluster. */
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

/** Another replica of the shard, and why it can't. */
export interface Unable {
	readonly replica: string;
	/** `lacks`: tables that the one that is next holds; `unknown`: it could not be asked for them. */
	readonly problem: Problem | "lacks" | "unknown";
	/** What keeps it from being fit, where that is known. */
	readonly failure?: Failure;
}

/** Why and where a roll stopped; words make the message of it. */
export interface RollStop extends Availability {
	readonly cluster: string;
	readonly to: DbVersion;
	/**
	 * What was under way: `settings` where every replica ran `to` already, `size` where replicas were to go, `creation` where
	 * the cluster has not served yet.
	 */
	readonly change: "version" | "settings" | "size" | "creation";
	/** The replica at which it stopped; absent when it stopped before the first. */
	readonly replica?: string;
	/** That replica's place in the order, from 1; 0 before the first. */
	readonly step: number;
	readonly of: number;
	readonly cause:
		| Failed
		| Stalled
		| Resized
		| { readonly kind: "wrong-version"; readonly runs: DbVersion | undefined }
		/** Others told its shard to start another version from now on. */
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
				/** The first tables that are missing. */
				readonly tables: readonly string[];
				/** How many there are in all. */
				readonly count: number;
				/** Where its data is, for people; absent where that is not known. */
				readonly at?: string;
				/** Another replica of its shard has them. */
				readonly elsewhere?: string;
		  }
		/** Its data would end with its process: why, as a clause. Nobody could tell before it came up. */
		| { readonly kind: "volatile"; readonly words: string }
		| { readonly kind: "claim-lost"; readonly by?: string }
		| { readonly kind: "platform"; readonly words: string };
	readonly serving: readonly { readonly replica: string; readonly version: DbVersion | undefined }[];
	readonly notServing: readonly { readonly replica: string; readonly version: DbVersion | undefined }[];
}

/** Why waiting for a cluster to reach a state ended without it; words make the message of it. */
export interface WaitStop {
	readonly cluster: string;
	readonly wanted: State;
	readonly state: State;
	/** The replica that it hangs on, where that is known. */
	readonly replica?: string;
	readonly cause: Failed | Stalled | Resized;
}

interface Failed extends Failure {
	readonly kind: "failed";
}

interface Stalled {
	readonly kind: "stalled";
	readonly phase: string;
	readonly seconds: number;
	readonly cause?: Cause;
}

/** Others gave its shard another size. */
interface Resized {
	readonly kind: "resized";
	/** As `kubectl` takes it: `StatefulSet db-0`. */
	readonly object: string;
	/** Absent where it was deleted. */
	readonly replicas?: number;
	readonly of: number;
}
