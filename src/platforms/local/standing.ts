import type { Numbers } from "./notes";

/** What a replica's data is worth beside that of the others. */
export type Standing =
	/** It holds what the cluster holds. */
	| { readonly kind: "whole" }
	/** It is to be replaced by a copy of one of these, the first of them by choice. */
	| { readonly kind: "lacks"; readonly sources: readonly string[] }
	/** All were ended in the middle of a write, and what this one has of it counts from now on. */
	| { readonly kind: "decides" }
	/** A write still runs somewhere, and its end decides. */
	| { readonly kind: "unsettled" };

/**
 * Judges a replica from the numbers of all. Each write waits until all replicas are whole, so that none can lack more than
 * the one write in whose middle it, or the router, was ended.
 *
 * @param members the replicas of the cluster, by ordinal; not those that are still to join.
 * @param own those of the replica in question, which may be one that is to join.
 * @param runs whether a replica's process runs, so that a write that it has begun may yet end.
 */
export function standingOf(
	replica: string,
	own: Numbers,
	members: ReadonlyMap<string, Numbers>,
	runs: (replica: string) => boolean,
): Standing {
	const all = [...members];
	const last = Math.max(0, ...all.map(([, { answered }]) => answered));
	const ended = all.filter(([, { begun, answered }]) => answered === last && begun === last);
	// Of two answers to the same write the client got the better one.
	const done = ended.filter(([, { failed }]) => !failed);
	const whole = done.length > 0 ? done : ended;
	const isLast = own.begun === last && own.answered === last;
	if (whole.length > 0 && isLast && (!own.failed || done.length === 0)) return { kind: "whole" };
	const unsettled = all.some(([name, { begun, answered }]) => begun > answered && runs(name));
	if (unsettled || (own.begun > own.answered && runs(replica))) return { kind: "unsettled" };
	if (whole.length > 0) return { kind: "lacks", sources: whole.map(([name]) => name) };
	const decides = all.find(([, { answered }]) => answered === last)?.[0] ?? replica;
	return decides === replica ? { kind: "decides" } : { kind: "lacks", sources: [decides] };
}
