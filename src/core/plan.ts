import { byShard, type ObservedCluster, type ObservedReplica, standsAt, standsEverywhere } from "./cluster";
import type { EligibleState } from "./state";
import { compareVersions, type DbVersion, lowest, sameVersion } from "./version";

/** One replica, taken from the version and the settings that it runs with to those that are wanted. */
export interface Step {
	readonly replica: string;
	readonly shard: number;
	readonly ordinal: number;
	/** `undefined`: it is not known what it runs. */
	readonly from: DbVersion | undefined;
	/** It does not serve now, so that taking it down costs nothing: such replicas go first. */
	readonly broken: boolean;
	/** It runs with settings from before their last change, so that it restarts also where its version is the target. */
	readonly outdated: boolean;
}

/** How an update goes, as data: what the preview words and what the roll carries out. */
export interface Plan {
	/** The lowest version that is left behind. */
	readonly from: DbVersion;
	readonly to: DbVersion;
	/** `1.7.1 -> 1.8.0`, `creation at 1.8.0`, or `settings at 1.8.0` where only those change. */
	readonly transition: string;
	/** Whether the version of any replica changes, or may; else only settings do. */
	readonly upgrades: boolean;
	/** The cluster is still being made. */
	readonly creates?: true;
	/** What it starts from. All states but Stopped and Idle count as Started, so that each replica's health is verified. */
	readonly start: EligibleState;
	/** The steps of each shard that still has some, in order; within a shard one follows the other. */
	readonly lanes: readonly { readonly shard: number; readonly steps: readonly Step[] }[];
	/** The replica that must serve the target before a second shard begins. Absent when stopped or nothing is to do. */
	readonly canary?: string;
	/** An earlier update to the same or an older target stopped midway, and this one goes on with it. */
	readonly resumes: boolean;
}

/**
 * Plans the way of a cluster to a version and to its current settings. Total: a replica that already runs with both and
 * serves has no step, nor has one of a stopped or idle cluster that will start with the target.
 *
 * Order: replicas that do not serve first, then the highest ordinal first, one at a time in a shard.
 *
 * @example plan(cluster, v("1.8.0")).lanes[0].steps.map((step) => step.replica); // ["analytics-0-1", "analytics-0-0"]
 */
export function plan(cluster: ObservedCluster, to: DbVersion): Plan {
	const start = startOf(cluster);
	const lanes = [...byShard(cluster)]
		.map(([shard, replicas]) => ({ shard, steps: stepsOf(replicas, to, start) }))
		.filter((lane) => lane.steps.length > 0)
		.sort((a, b) => Number(isBroken(b)) - Number(isBroken(a)) || a.shard - b.shard);
	const from = leftBehind(cluster, lanes, to);
	const creates = cluster.mark?.creates === true;
	const upgrades = creates ? !isFresh(cluster, to) : !isSettled(cluster, to);
	const canary = start === "Stopped" ? undefined : lanes[0]?.steps[0]?.replica;
	return {
		from,
		to,
		transition: upgrades ? `${from} -> ${to}` : `${creates ? "creation" : "settings"} at ${to}`,
		upgrades,
		...(creates && { creates }),
		start,
		lanes,
		...(canary !== undefined && { canary }),
		resumes: cluster.mark !== undefined && (creates || compareVersions(to, cluster.mark.to) >= 0),
	};
}

/** The names of the replicas that a plan restarts. */
export function restarting({ lanes }: Pick<Plan, "lanes">): Set<string> {
	return new Set(lanes.flatMap(({ steps }) => steps.map(({ replica }) => replica)));
}

/** All data is at a version, and no unfinished update came from or goes to another. */
function isSettled(cluster: ObservedCluster, to: DbVersion): boolean {
	const { from = to, to: goal = to } = cluster.mark ?? {};
	return standsEverywhere(cluster, to) && sameVersion(from, to) && sameVersion(goal, to);
}

/** In a cluster that is still being made, no data is of another version: what a replica was to start does not count. */
function isFresh({ replicas }: ObservedCluster, to: DbVersion): boolean {
	return replicas.every(({ openedBy, serving, version }) => {
		const stands = openedBy ?? (serving ? version : undefined);
		return stands === undefined || sameVersion(stands, to);
	});
}

function startOf({ state }: ObservedCluster): EligibleState {
	return state === "Stopped" || state === "Idle" ? state : "Started";
}

function stepsOf(replicas: readonly ObservedReplica[], to: DbVersion, start: EligibleState): Step[] {
	return replicas
		.filter(({ version, serving, outdated }) => {
			return !sameVersion(version, to) || (start === "Started" && (!serving || outdated === true));
		})
		.map((replica) => ({
			replica: replica.name,
			shard: replica.shard,
			ordinal: replica.ordinal,
			from: standsAt(replica),
			broken: start === "Started" && !replica.serving,
			outdated: start === "Started" && replica.outdated === true,
		}))
		.sort((a, b) => Number(b.broken) - Number(a.broken) || b.ordinal - a.ordinal);
}

/** A shard with a replica that is down anyway goes first: as the canary it costs least. */
function isBroken({ steps: [first] }: Plan["lanes"][number]): boolean {
	return first?.broken === true;
}

/** A resumed update to the same target is still the transition that it was when it began. */
function leftBehind({ mark, replicas }: ObservedCluster, lanes: Plan["lanes"], to: DbVersion): DbVersion {
	const left = lanes.flatMap(({ steps }) => steps.map((step) => step.from));
	if (mark !== undefined && sameVersion(mark.to, to)) left.push(mark.from);
	const known = left.some((version) => version !== undefined) ? left : replicas.map(standsAt);
	return lowest(known.filter((version) => version !== undefined)) ?? to;
}
