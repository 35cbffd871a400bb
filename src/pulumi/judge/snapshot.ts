import { z } from "zod";
import { markFormat, storedVersion } from "../../control/record-format";
import { abridged, type ObservedCluster, type ObservedReplica, type Reshaping, reshaped } from "../../core/cluster";
import { type State, states } from "../../core/state";
import { type DbVersion, highest } from "../../core/version";

/** What is to be done to a cluster. */
export interface Change {
	readonly version: DbVersion;
	readonly desired?: "Started" | "Stopped";
	readonly reshaping?: Reshaping;
}

/**
 * What `judge: "recorded"` keeps in the inputs, because a check never sees the outputs: a cluster as it is once the change
 * is done, since the inputs are kept only then.
 *
 * A plan that was saved holds only if its inputs are the same when it is carried out. So nothing is in it that time alone
 * changes: when it was seen, what passes, how many rows there are, what troubles a replica or is true of other clusters.
 *
 * @param before what was recorded last: a replica that does not serve can't be asked what it holds.
 */
export function record(seen: ObservedCluster, before: unknown, change?: Change): ObservedCluster {
	const { name, state, mark, replicas } = change?.reshaping === undefined ? seen : reshaped(seen, change.reshaping);
	const rests = state === "Stopped" || state === "Stopping";
	const then = change === undefined ? lasting(state) : (change.desired ?? (rests ? "Stopped" : "Started"));
	const known = new Map(recall(before)?.replicas.map((replica) => [replica.name, replica.holds]));
	return abridged({
		name,
		state: then,
		...(mark && change === undefined && { mark }),
		replicas: replicas.map(({ name, shard, ordinal, version, openedBy, serving, outdated, holds }) => {
			const is = change?.version ?? version;
			const top = highest([is, openedBy].filter((it) => it !== undefined));
			const held = holds ?? known.get(name);
			return {
				name,
				shard,
				ordinal,
				version: is,
				openedBy: top,
				serving: then === "Started" || (then !== "Stopped" && serving),
				readOnly: false,
				caughtUp: true,
				...(outdated && change === undefined && { outdated }),
				...(held && { holds: withoutCounts(held) }),
			};
		}),
	});
}

/** A state that ends by itself is as good as the one that comes after it. */
function lasting(state: State): State {
	if (state === "Idle" || state === "Starting" || state === "Restoring") return "Started";
	return state === "Stopping" ? "Stopped" : state;
}

function withoutCounts(holds: NonNullable<ObservedReplica["holds"]>): ObservedReplica["holds"] {
	return { ...holds, tables: holds.tables.map((table) => (table.rows ? { ...table, rows: null } : table)) };
}

/** All that is read of it without asking whether it is there. */
const format = z.object({
	name: z.string(),
	state: z.enum(states),
	mark: markFormat.optional(),
	replicas: z
		.array(
			z.object({
				name: z.string(),
				shard: z.int(),
				ordinal: z.int(),
				version: storedVersion.nullish(),
				openedBy: storedVersion.nullish(),
				serving: z.boolean(),
				holds: z
					.object({
						tables: z.array(z.object({ database: z.string(), name: z.string(), engine: z.string() })),
						layout: z
							.object({ clusters: z.record(z.string(), z.array(z.array(z.string()))), shard: z.string().optional() })
							.optional(),
					})
					.optional(),
			}),
		)
		.min(1),
});

/** What was recorded; `undefined` where it can't be read: state can be edited by hand. */
export function recall(recorded: unknown): ObservedCluster | undefined {
	const read = format.safeParse(recorded);
	if (!read.success) return undefined;
	const cluster = recorded as ObservedCluster;
	// Without an answer from all who serve nothing is said of what they hold.
	const asked = cluster.replicas.every(({ serving, holds }) => !serving || holds !== undefined);
	return { ...cluster, ...(asked && { asked }) };
}
