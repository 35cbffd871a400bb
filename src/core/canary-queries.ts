import { type ObservedCluster, othersOf } from "./cluster";
import { type Plan, restarting } from "./plan";
import { sameVersion } from "./version";

/** How an update waits after its first replica, and what ends it there. */
export interface CanaryHold {
	readonly seconds: number;
	/** By how much the share of queries that fail with one code may be larger than on the others: 0.01 is 1 in 100. */
	readonly errors: number;
}

/** How queries of clients ended on one replica within some time. */
export interface QueryTally {
	/** All that ended, failed or not. */
	readonly queries: number;
	readonly failed: readonly FailedQueries[];
}

/** Queries that failed with the same code of ClickHouse. */
export interface FailedQueries {
	readonly code: number;
	/** The code's name, such as `MEMORY_LIMIT_EXCEEDED`; old servers don't give it. */
	readonly name?: string;
	readonly queries: number;
}

export interface Share {
	readonly failed: number;
	readonly of: number;
}

export interface Worse extends Pick<FailedQueries, "code" | "name"> {
	readonly verdict: "worse";
	/** Of this code alone. */
	readonly canary: Share;
	readonly others: Share;
}

/** How the first updated replica does beside the others. */
export type Comparison =
	| Worse
	| { readonly verdict: "alike" | "too-few"; readonly canary: Share; readonly others: Share };

/** So many queries on each side are the least that is compared. */
export const fewestQueries = 100;

/** A difference of shares within so many standard errors may be chance: it is looked at again and again. */
const standardErrors = 3;

/**
 * Compares the first updated replica with the others, by error code: it is worse if the share of its queries that fail
 * with one code is larger by more than `errors`, and by more than chance explains. The worst code is the one named.
 *
 * @example
 * const failed = [{ code: 241, name: "MEMORY_LIMIT_EXCEEDED", queries: 12 }];
 * compareQueries({ queries: 300, failed }, [{ queries: 310, failed: [] }], 0.01);
 * // { verdict: "worse", code: 241, ..., canary: { failed: 12, of: 300 }, others: { failed: 0, of: 310 } }
 */
export function compareQueries(canary: QueryTally, others: readonly QueryTally[], errors: number): Comparison {
	const of = others.reduce((sum, { queries }) => sum + queries, 0);
	const failures = others.flatMap(({ failed }) => failed);
	const sides = {
		canary: { failed: sum(canary.failed), of: canary.queries },
		others: { failed: sum(failures), of },
	};
	if (canary.queries < fewestQueries || of < fewestQueries) return { verdict: "too-few", ...sides };
	const [worst] = canary.failed
		.map(({ code, name, queries }): Worse => {
			const same = failures.filter((it) => it.code === code);
			return {
				verdict: "worse",
				code,
				...(name !== undefined && { name }),
				canary: { failed: queries, of: canary.queries },
				others: { failed: sum(same), of },
			};
		})
		.filter((it) => difference(it) > errors && difference(it) > standardErrors * standardError(it))
		.sort((a, b) => difference(b) - difference(a));
	return worst ?? { verdict: "alike", ...sides };
}

const sum = (failed: readonly FailedQueries[]) => failed.reduce((all, { queries }) => all + queries, 0);

/** @example shareOf({ failed: 12, of: 300 }); // 0.04 */
export const shareOf = ({ failed, of }: Share): number => (of === 0 ? 0 : failed / of);

const difference = ({ canary, others }: Worse) => shareOf(canary) - shareOf(others);

/** Of the difference, if both sides failed equally often. */
function standardError({ canary, others }: Worse): number {
	const both = shareOf({ failed: canary.failed + others.failed, of: canary.of + others.of });
	return Math.sqrt(both * (1 - both) * (1 / canary.of + 1 / others.of));
}

/**
 * Whether an update waits after its first replica; `undefined` if not. `reached` is that replica if an earlier run has
 * brought it to the target already: exactly one is there, so that run may have ended while it waited. If two or more
 * are, it had waited long enough. There is nothing to compare in a cluster of one replica, in a stopped one, and while a
 * cluster is created.
 */
export function waitsAfterFirst(
	planned: Plan,
	{ replicas }: ObservedCluster,
): { readonly reached?: string } | undefined {
	const steps = restarting(planned);
	if (steps.size === 0 || replicas.length < 2 || planned.creates || planned.start === "Stopped") return undefined;
	const [reached, ...more] = replicas.filter(
		({ version, outdated }) => sameVersion(version, planned.to) && outdated !== true,
	);
	if (more.length > 0) return undefined;
	// One that broke is brought back first, as the first replica.
	return reached === undefined || steps.has(reached.name) ? {} : { reached: reached.name };
}

/** The replicas that one is compared with: the others of its shard, which get the same queries, or else all others. */
export function comparedWith(cluster: ObservedCluster, canary: string): string[] {
	const peers = othersOf(cluster, canary);
	return peers.length > 0 ? peers : cluster.replicas.map(({ name }) => name).filter((name) => name !== canary);
}
