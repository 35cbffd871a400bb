import type { ClusterControl, ClusterSpec } from "../../src/control/port";
import type { DbVersion } from "../../src/core/version";
import type { Clock } from "../../src/roll/clock";
import type { Timing } from "../../src/roll/timing";
import type { TestName } from "./suite";

/** What the contract suite needs to know of a platform. */
export interface Harness<Settings = unknown> {
	/** Versions that it can run, each newer than the one before, and one between the first and the last that can't start. */
	readonly versions: {
		readonly v1: DbVersion;
		readonly broken: DbVersion;
		readonly v2: DbVersion;
		readonly v3: DbVersion;
	};
	/** A place of its own for one cluster; called once a test. */
	open(): Promise<Place<Settings>>;
	/** Tests that can't pass here by the platform's nature, each with the reason, which is printed. */
	readonly unsupported?: Partial<Record<TestName, string>>;
	/** Real time that one test may take, in milliseconds. Default 60,000. */
	readonly timeout?: number;
	/** Its tests mostly wait, and may do so side by side: as many as the project's `maxConcurrency`. */
	readonly concurrent?: boolean;
	/** How long to be patient with this platform. */
	readonly timing?: Partial<Timing>;
}

/** Where one cluster lives, for one test. */
export interface Place<Settings = unknown> {
	readonly clock: Clock;
	/** The cluster as another process would reach it: each call makes an instance that shares no memory with the others. */
	control(): ClusterControl<Settings>;
	/** A cluster here, whose owner is `project/stack/contract` and whose generation is `g1`. */
	spec(wanted: { version: DbVersion; shards: number; replicas: number }): ClusterSpec<Settings>;
	/** Ends a replica's server as a crash would. */
	kill(replica: string): Promise<void>;
	/** Suspends the cluster as lack of use would. */
	idle?(): Promise<void>;
	/** Asks the cluster's endpoint for something that any server can answer; rejects when it does not. */
	query?(): Promise<unknown>;
	/** Asks the cluster's endpoint for a table that does not exist, which a server refuses with code 60; rejects. */
	refuse?(): Promise<unknown>;
	/** Makes a table whose rows every replica gets, on all of them. */
	makeTable(name: string): Promise<unknown>;
	/** Resolves when requests get to a cluster that has just started, where the network between needs a moment for that. */
	reachable?(): Promise<void>;
	/** Ends all that the test left behind, data and processes too, also after a failed test. */
	close(): Promise<void>;
}
