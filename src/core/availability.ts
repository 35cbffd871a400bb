import type { ObservedReplica } from "./cluster";
import { type DbVersion, sameVersion } from "./version";

/** What keeps a replica from taking over from another of its shard. */
export type Problem = "down" | "read-only" | "behind";

/** What is unknown does not count against a replica. */
export function problemOf({ serving, readOnly, caughtUp }: ObservedReplica): Problem | undefined {
	if (!serving) return "down";
	if (readOnly === true) return "read-only";
	return caughtUp === false ? "behind" : undefined;
}

/** It can take over from the others at a version and with the current settings: an update is done with it. */
export function servesAt(replica: ObservedReplica, version: DbVersion | undefined): boolean {
	return problemOf(replica) === undefined && sameVersion(replica.version, version) && replica.outdated !== true;
}

/** What clients can do. */
export interface Availability {
	readonly reads: boolean;
	readonly writes: boolean;
}

/**
 * @param shards the members of each shard.
 * @param writesNeed how many replicas of each shard have to take writes for a write to succeed.
 */
export function availability(
	shards: readonly (readonly Pick<ObservedReplica, "serving" | "readOnly">[])[],
	writesNeed: "one" | "all",
): Availability {
	return {
		reads: shards.every((shard) => shard.some(({ serving }) => serving)),
		writes: shards.every((shard) => {
			const writable = shard.filter(({ serving, readOnly }) => serving && readOnly !== true).length;
			return writable >= (writesNeed === "all" ? Math.max(shard.length, 1) : 1);
		}),
	};
}
