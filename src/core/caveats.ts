import { byShard, type ObservedCluster, type Reshaping } from "./cluster";
import { forgets, tableName, uncopied } from "./holdings";
import { type Plan, restarting } from "./plan";

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
	/** Not only settings change: then there is no way back. */
	readonly upgrades: boolean;
	readonly reads: Effect;
	readonly writes: Effect;
	/** Tables whose rows some replica has alone, where reads keep working otherwise. */
	readonly uncopied: readonly Uncopied[];
	/** Tables whose rows end with the server's process. */
	readonly forgotten: readonly string[];
	/** Replicas in order, one list a shard. */
	readonly order: readonly (readonly string[])[];
	/** Several shards go on at once after this replica serves. */
	readonly canary?: string;
	/** The cluster is idle and is woken first, and is left Started. */
	readonly wakes: boolean;
	/** The cluster is stopped, and is while it is updated. */
	readonly stopped: boolean;
	/** What it is brought to afterwards; absent where it stays as it is. */
	readonly afterwards?: DesiredState;
	readonly resumes: boolean;
	/** The cluster is still being made. */
	readonly creates?: true;
	/** Names of replicas that are new, and of those that go. */
	readonly joins: readonly string[];
	readonly leaves: readonly string[];
	/** Of replicas that somebody scaled away. */
	readonly rejoins: readonly string[];
	/** Tables whose rows some of those that join will not have. */
	readonly joinsWithout: readonly string[];
	/** Said besides, each a fact that words turn into a clause: `judged-from-record`, `version-unknown`, ... */
	readonly notes: readonly CaveatNote[];
}

/** What a program may say that a cluster is to be in. */
export type DesiredState = "Started" | "Stopped";

/** A table of which no other replica has the rows. */
export interface Uncopied {
	readonly table: string;
	/** The replicas that have such a table, each with rows of its own. */
	readonly on: readonly string[];
}

export type CaveatNote =
	/** `judge: "recorded"`: where the cluster can't be reached, the rules see what an earlier run recorded. */
	| { readonly note: "judged-from-record" }
	/** What exactly the target is, such as an image with its digest. */
	| { readonly note: "artifact"; readonly what: string }
	/** Connections that clients keep alive end with their replica, and where shards ask each other, those between servers. */
	| { readonly note: "connections-reset"; readonly betweenServers?: boolean }
	/** Some inputs are known only in the update, which judges then. */
	| { readonly note: "unknown-until-update"; readonly properties: readonly string[] }
	/** The catalogue could not be read, so what it says of versions was not judged. */
	| { readonly note: "catalogue-unknown"; readonly why: string }
	/** What the catalogue tells of the target, for whoever reads up on it. */
	| { readonly note: "release"; readonly date?: string; readonly link?: string }
	/** The catalogue says that the target is not to be chosen any more. */
	| { readonly note: "deprecated"; readonly reason?: string }
	/** When updates may begin. `ignored`: this one may at any time. */
	| {
			readonly note: "window";
			readonly schedule: string;
			readonly minutes: number;
			readonly timeZone: string;
			readonly ignored: boolean;
	  };

/**
 * What a plan does to reads and writes, by the vendor's table: Stopped, both are unavailable; one replica, both may be
 * interrupted; several, only writes. A shard with a single replica decides for a cluster of several, since a SELECT over
 * all shards needs it too.
 *
 * @param cluster the one that the plan was made for.
 * @param reshaping what else happens to it, already counted in in `cluster`.
 * @param desired what it is to be in when all else is done.
 */
export function caveats(
	plan: Plan,
	cluster: ObservedCluster,
	notes: readonly CaveatNote[] = [],
	{ joins, leaves, rejoins }: Omit<Reshaping, "restarts"> = { joins: [], leaves: [], rejoins: [] },
	desired?: DesiredState,
): Caveats {
	const { transition, upgrades, start, lanes, canary, resumes, creates } = plan;
	const afterwards = switched(cluster, desired);
	const does = effects(plan, cluster);
	return {
		transition,
		upgrades,
		...does,
		uncopied: does.reads === "working" ? uncopiedIn(plan, cluster) : [],
		forgotten: forgottenIn(plan, cluster),
		order: lanes.map(({ steps }) => steps.map((step) => step.replica)),
		...(canary !== undefined && lanes.length > 1 && { canary }),
		// What an unfinished update of it has left shows once it is awake.
		wakes: start === "Idle" && (lanes.length > 0 || cluster.mark !== undefined),
		stopped: start === "Stopped",
		...(afterwards !== undefined && { afterwards }),
		resumes,
		...(creates && { creates }),
		joins: joins.map(({ name }) => name),
		leaves,
		rejoins,
		joinsWithout: [...new Set(joins.flatMap(({ lacks = [] }) => lacks))].sort(),
		notes,
	};
}

/**
 * What a cluster has to be brought to so that it is in what is desired; `undefined` where it is. A request wakes one that
 * is idle, so that it counts as started, and one that is still being made is to serve unless it is said otherwise.
 */
export function switched(
	{ state, mark }: Pick<ObservedCluster, "state" | "mark">,
	desired: DesiredState | undefined = mark?.creates && "Started",
): DesiredState | undefined {
	const rests = state === "Stopped" || state === "Stopping";
	if (desired === undefined) return undefined;
	return rests === (desired === "Stopped") ? undefined : desired;
}

/** Of the replicas that restart. */
function uncopiedIn(plan: Plan, { replicas }: ObservedCluster): Uncopied[] {
	const names = restarting(plan);
	const found = new Map<string, string[]>();
	for (const { name, holds } of replicas.filter((replica) => names.has(replica.name)))
		for (const table of holds === undefined ? [] : uncopied(holds))
			found.set(tableName(table), [...(found.get(tableName(table)) ?? []), name]);
	return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([table, on]) => ({ table, on }));
}

function forgottenIn(plan: Plan, { replicas }: ObservedCluster): string[] {
	const names = restarting(plan);
	const held = replicas.flatMap(({ name, holds }) => (names.has(name) ? (holds?.tables ?? []) : []));
	const ending = held.filter((table) => forgets(table) && table.rows !== 0);
	return [...new Set(ending.map(tableName))].sort();
}

function effects({ start, lanes }: Plan, cluster: ObservedCluster): { reads: Effect; writes: Effect } {
	if (start === "Stopped") return { reads: "unavailable", writes: "unavailable" };
	if (lanes.length === 0) return { reads: "working", writes: "working" };
	const shards = byShard(cluster);
	const othersAnswer = lanes.every(({ shard }) => {
		const replicas = shards.get(shard) ?? [];
		return replicas.length > 1 && (start === "Idle" || replicas.some((replica) => replica.serving));
	});
	return { reads: othersAnswer ? "working" : "interrupted", writes: "interrupted" };
}
