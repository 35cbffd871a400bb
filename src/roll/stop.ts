import { ClaimLost, ControlError, PlatformError, RecordLost } from "../control/errors";
import type { ClusterControl } from "../control/port";
import { availability } from "../core/availability";
import { byShard, type ObservedCluster } from "../core/cluster";
import type { Plan } from "../core/plan";
import type { DbVersion } from "../core/version";
import type { RollStop } from "./events";
import { type Ground, StepStopped } from "./ground";
import { interruptionOf } from "./interruption";
import { RollStopped } from "./stopped";

export interface Reached {
	readonly change: RollStop["change"];
	replica?: string;
	step: number;
	of: number;
}

/** What a rollout by a plan changes. */
export function changeOf({ upgrades, creates }: Pick<Plan, "upgrades" | "creates">): RollStop["change"] {
	return upgrades ? "version" : creates ? "creation" : "settings";
}

/**
 * What a rollout that has begun throws, given what went wrong: a {@link RollStopped} with what serves now, or the error
 * itself if it is a bug.
 */
export async function stopped(
	error: unknown,
	control: ClusterControl,
	before: ObservedCluster,
	to: DbVersion,
	place: Reached,
): Promise<unknown> {
	const cause = causeOf(error);
	if (cause === undefined) return error;
	// The platform may be what failed: then the last observation is the best that is known.
	const cluster = (await control.observe().catch(() => undefined)) ?? before;
	const at = error instanceof StepStopped && error.replica !== undefined ? { ...place, replica: error.replica } : place;
	return new RollStopped(stopOf(cluster, to, cause, at, control.writesNeed), { cause: error });
}

/**
 * To be called where a change of a cluster that touches no replica right now may end without harm.
 *
 * @throws {@link RollStopped} once it was asked to end.
 */
export async function mayGoOn(
	{ control, stop, to }: Pick<Ground, "control" | "stop" | "to">,
	cluster: ObservedCluster,
	change: RollStop["change"],
): Promise<void> {
	const asked = interruptionOf(stop);
	if (asked !== undefined)
		throw await stopped(new StepStopped(asked), control, cluster, to, { change, step: 0, of: 0 });
}

function causeOf(error: unknown): RollStop["cause"] | undefined {
	if (error instanceof StepStopped) return error.why;
	if (error instanceof RecordLost) return { kind: "record-lost" };
	if (error instanceof ClaimLost) return { kind: "claim-lost", by: error.by };
	if (error instanceof PlatformError) return { kind: "platform", words: error.message };
	if (error instanceof ControlError) return { kind: "failed", cause: "refused", words: error.message };
	return undefined;
}

export function stopOf(
	cluster: ObservedCluster,
	to: DbVersion,
	cause: RollStop["cause"],
	place: Reached,
	writesNeed: ClusterControl["writesNeed"] = "one",
): RollStop {
	const version = (serving: boolean) =>
		cluster.replicas
			.filter((replica) => replica.serving === serving)
			.map((replica) => ({ replica: replica.name, version: replica.version }));
	return {
		cluster: cluster.name,
		to,
		...place,
		cause,
		serving: version(true),
		notServing: version(false),
		...availability([...byShard(cluster).values()], writesNeed),
	};
}
