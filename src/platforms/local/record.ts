import { z } from "zod";
import { heldFormat, rehearsalFormat, storedVersion as version } from "../../control/record-format";

const claim = z.object({
	holder: z.string(),
	fence: z.int(),
	expires: z.string(),
	/** Who took it. Once that process is dead the claim is void, whatever its time. */
	process: z.object({ pid: z.int(), started: z.string() }),
});

const replica = z.object({
	/** The version that it is to run. */
	version,
	/** Grows with each restart that was asked for, so that the same version can be started anew. */
	run: z.int(),
	/** Out of the endpoint while the claim with this fence holds, or, where it is 0, until undrained. */
	drainedUnder: z.int().optional(),
});

const cluster = z.object({
	name: z.string(),
	owner: z.string(),
	generation: z.string(),
	shards: z.int().min(1),
	replicas: z.int().min(1),
	mark: z.object({ from: version, to: version, since: z.string(), creates: z.literal(true).optional() }).optional(),
	/** What replicas held that were taken out and were not seen to have come back whole, by their names. */
	held: heldFormat.optional(),
	/** The last rehearsal of a version. */
	rehearsed: rehearsalFormat,
	/** How updates go, as the program last had it. */
	update: z.record(z.string(), z.unknown()).optional(),
	desired: z.enum(["Started", "Stopped", "Idle"]),
	port: z.int(),
	idleAfterSeconds: z.number(),
	/** The absolute folder of each version's library. */
	engines: z.record(z.string(), z.string()),
	addon: z.string(),
	/** By the replica's folder, such as `0-1`. */
	wanted: z.record(z.string(), replica),
});

export const recordFormat = z.object({
	format: z.literal(1),
	/** Of the last claim that was given. */
	fence: z.int(),
	claim: claim.optional(),
	cluster: cluster.optional(),
	/** What a destroyed cluster left here: its data, for a later one of the same owner and name. */
	retained: cluster.pick({ name: true, owner: true, replicas: true }).optional(),
});

/** The whole of `cluster.json`: the one truth about a local cluster. */
export type RecordFile = Readonly<z.output<typeof recordFormat>>;
export const emptyRecord: RecordFile = { format: 1, fence: 0 };
export type LocalCluster = Readonly<z.output<typeof cluster>>;
/** What engines there are, and what binds them. */
export type EngineChoice = Pick<LocalCluster, "engines" | "addon">;

/** The folders of a cluster's replicas, by ordinal: there is one shard. */
export function replicaFolders(replicas: number): string[] {
	return Array.from({ length: replicas }, (_, ordinal) => `0-${ordinal}`);
}

/** Also the folders of replicas that are still to join. */
export function allFolders({ wanted }: Pick<LocalCluster, "wanted">): string[] {
	return replicaFolders(Object.keys(wanted).length);
}
