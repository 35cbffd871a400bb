import {
	byShard,
	type ObservedCluster,
	type ObservedReplica,
	runsEverywhere,
	standsAt,
	standsEverywhere,
} from "./cluster";
import type { EligibleState } from "./state";
import { compareVersions, type DbVersion, lowest, sameVersion } from "./version";

/** One replica's way from its version and settings to the wanted ones. */
export interface Step {
	readonly replica: string;
	readonly shard: number;
	readonly ordinal: number;
	readonly from: DbVersion | undefined;
	/** It does not serve, so restarting it costs nothing: such replicas go first. */
	readonly broken: boolean;
	/** Restart pending: it restarts even if its version is the target. */
	readonly outdated: boolean;
}

/** An update as data: the preview words it, the rollout carries it out. */
export interface Plan {
	/** The lowest version that is replaced. */
	readonly from: DbVersion;
	readonly to: DbVersion;
	/** `1.7.1 -> 1.8.0`, `creation at 1.8.0`, or `settings at 1.8.0` where only those change. */
	readonly transition: string;
	/** Whether the version of any replica changes, or may; otherwise only settings do. */
	readonly upgrades: boolean;
	readonly creates?: true;
	/** The state that it starts from. All but Stopped and Idle count as Started: their health is verified. */
	readonly start: EligibleState;
	/** The steps of each shard that has any, in order; within a shard one follows the other. */
	readonly lanes: readonly { readonly shard: number; readonly steps: readonly Step[] }[];
	/** The replica that must serve the target before a second shard begins; absent if there is none to wait for. */
	readonly canary?: string;
	/** This update resumes an interrupted one to the same or an older target. */
	readonly resumes: boolean;
}

/**
 * Plans the way of a cluster to a version and its current settings. Total. A replica that serves with both already has
 * no step, nor has one of a stopped or idle cluster that will start with the target.
 *
 * Order: replicas that do not serve first, then the highest ordinal first, one at a time per shard.
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
		transition:
			upgrades && !(cluster.mark && sameVersion(from, to))
				? `${from} -> ${to}`
				: `${creates ? "creation" : "settings"} at ${to}`,
		upgrades,
		...(creates && { creates }),
		start,
		lanes,
		...(canary !== undefined && { canary }),
		resumes: cluster.mark !== undefined && (creates || compareVersions(to, cluster.mark.to) >= 0),
	};
}

/**
 * Whether there is an update to roll out: of the version or of settings, or one to resume. A replica that is only down
 * has a step in it, and is no reason for one.
 */
export function isToRoll(cluster: ObservedCluster, to: DbVersion): boolean {
	const outdated = cluster.replicas.some((replica) => replica.outdated);
	return cluster.mark !== undefined || outdated || !runsEverywhere(cluster, to);
}

export function restarting({ lanes }: Pick<Plan, "lanes">): Set<string> {
	return new Set(lanes.flatMap(({ steps }) => steps.map(({ replica }) => replica)));
}

/** All data is at this version, and no unfinished update came from or goes to another. */
function isSettled(cluster: ObservedCluster, to: DbVersion): boolean {
	const { from = to, to: goal = to } = cluster.mark ?? {};
	return standsEverywhere(cluster, to) && sameVersion(from, to) && sameVersion(goal, to);
}

/** While a cluster is being created, no data is of another version, whatever replicas were told to start. */
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

/** A shard with a replica that is down anyway goes first: it is the cheapest canary. */
function isBroken({ steps: [first] }: Plan["lanes"][number]): boolean {
	return first?.broken === true;
}

/** A resumed update to the same target keeps the transition that it began with. */
function leftBehind({ mark, replicas }: ObservedCluster, lanes: Plan["lanes"], to: DbVersion): DbVersion {
	const left = lanes.flatMap(({ steps }) => steps.map((step) => step.from));
	if (mark !== undefined && sameVersion(mark.to, to)) left.push(mark.from);
	const known = left.some((version) => version !== undefined) ? left : replicas.map(standsAt);
	return lowest(known.filter((version) => version !== undefined)) ?? to;
}
