import type { ObservedCluster, Reshaping } from "./cluster";
import { forgets, tableName, uncopied } from "./holdings";
import { type Plan, restarting } from "./plan";
import type { Rehearsal } from "./rehearsal";
import type { Unlisted } from "./stepping-stones";

/** What happens to a kind of request while the update runs. */
export type Effect =
	/** Not served until it is done. */
	| "unavailable"
	/** May fail for a while as each replica restarts. */
	| "interrupted"
	| "working";

/** What an update will do, by the vendor's table (state x replicas). Plain data; `words` turns it into text. */
export interface Caveats extends Pick<Plan, "transition" | "upgrades" | "canary" | "resumes" | "creates"> {
	readonly reads: Effect;
	readonly writes: Effect;
	/** Tables whose rows only one replica has, if reads keep working otherwise. */
	readonly uncopied: readonly Uncopied[];
	/** Tables whose rows end with the server's process. */
	readonly forgotten: readonly string[];
	/** Replicas in order, one list per shard. */
	readonly order: readonly (readonly string[])[];
	/** The cluster is idle; it is woken first and stays Started. */
	readonly wakes: boolean;
	/** The cluster is stopped, and stays stopped while it is updated. */
	readonly stopped: boolean;
	/** The state that it is brought to afterwards; absent if it stays as it is. */
	readonly afterwards?: DesiredState;
	/** Names of the replicas that are added, and of those that are removed. */
	readonly joins: readonly string[];
	readonly leaves: readonly string[];
	/** Of replicas that were scaled away outside Pulumi. */
	readonly rejoins: readonly string[];
	/** Tables whose rows some of the added replicas will not have. */
	readonly joinsWithout: readonly string[];
	/** Further facts, each worded as a clause. */
	readonly notes: readonly CaveatNote[];
}

export type DesiredState = "Started" | "Stopped";

export interface Uncopied {
	readonly table: string;
	readonly on: readonly string[];
}

export type CaveatNote =
	/** `judge: "recorded"`: if the cluster can't be reached, the rules check what an earlier run recorded. */
	| { readonly note: "judged-from-record" }
	/** What exactly the target is, such as an image with its digest. */
	| { readonly note: "artifact"; readonly what: string }
	/** What a rehearsal of this version found; absent if there was none, and `pulumi up` rehearses first. */
	| { readonly note: "rehearsed"; readonly rehearsal?: Rehearsal }
	/** Each restart resets keep-alive connections of clients and, if shards query each other, of servers. */
	| { readonly note: "connections-reset"; readonly betweenServers?: boolean }
	/** Some inputs are known only during the update, which checks them then. */
	| { readonly note: "unknown-until-update"; readonly properties: readonly string[] }
	/** The catalogue could not be read, so its entries were not checked. */
	| { readonly note: "catalogue-unknown"; readonly why: string }
	/** Whether servers of both versions may run side by side is unknown, because of the engine of this one. */
	| ({ readonly note: "engine" } & Unlisted)
	| { readonly note: "release"; readonly date?: string; readonly link?: string }
	| { readonly note: "deprecated"; readonly reason?: string }
	/** Clients have to use another URL from then on. */
	| { readonly note: "endpoint"; readonly from: string; readonly to: string }
	/** It waits after its first replica. */
	| { readonly note: "hold"; readonly seconds: number }
	/** When updates may begin. `ignored`: this one may begin at any time. */
	| {
			readonly note: "window";
			readonly schedule: string;
			readonly minutes: number;
			readonly timeZone: string;
			readonly ignored: boolean;
	  };

/**
 * What a plan does to reads and writes, by the vendor's table. Stopped: both are unavailable. One replica: both may be
 * interrupted. Several: only writes. A shard with a single replica decides for the whole cluster, because a SELECT over
 * all shards needs it.
 *
 * @param cluster The one that the plan was made for.
 * @param reshaping What else happens to it, already applied to `cluster`.
 * @param desired The state that it is to end in.
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
		// What an unfinished update has left behind shows only once the cluster is awake.
		wakes: start === "Idle" && (lanes.length + joins.length + leaves.length > 0 || cluster.mark !== undefined),
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
 * The state that a cluster has to be brought to; `undefined` if it is in it. An idle cluster counts as started, because
 * a request wakes it. One that is still being created is started unless the program says otherwise.
 */
export function switched(
	{ state, mark }: Pick<ObservedCluster, "state" | "mark">,
	desired: DesiredState | undefined = mark?.creates && "Started",
): DesiredState | undefined {
	const rests = state === "Stopped" || state === "Stopping";
	return rests === (desired === "Stopped") ? undefined : desired;
}

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
	const othersAnswer = lanes.every(({ shard }) => {
		const replicas = cluster.replicas.filter((replica) => replica.shard === shard);
		return replicas.length > 1 && (start === "Idle" || replicas.some((replica) => replica.serving));
	});
	return { reads: othersAnswer ? "working" : "interrupted", writes: "interrupted" };
}
