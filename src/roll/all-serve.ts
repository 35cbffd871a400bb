import { problemOf } from "../core/availability";
import type { ObservedCluster } from "../core/cluster";
import { sameVersion } from "../core/version";
import { unchanged } from "./by-others";
import type { RollStop } from "./events";
import { type Ground, StepStopped } from "./ground";
import { unlessInterrupted } from "./interruption";
import { mayGoOn } from "./stop";
import { marks, sightOf, watch } from "./watch";

export interface Trouble {
	readonly replica?: string;
	readonly cause: RollStop["cause"];
}

/**
 * Wakes an idle cluster for a change, waits until each replica serves or can't; returns what went wrong, if anything.
 *
 * @throws RollStopped if it is asked to end.
 */
export async function wakeUp(
	ground: Ground,
	cluster: ObservedCluster,
	change: RollStop["change"],
): Promise<Trouble | undefined> {
	const { control, keeper, clock, timing, tell } = ground;
	await keeper.change((claim) => control.wake(claim));
	let waitedFor: string | undefined;
	const outcome = await watch(clock, timing.stallSeconds, async () => {
		await keeper.renew();
		const views = await Promise.all(cluster.replicas.map(({ name }) => control.look(name)));
		const waiting = views.filter(({ replica, failure }) => !replica.serving && failure === undefined);
		waiting.forEach(tell);
		waitedFor = waiting[0]?.replica.name;
		if (waiting.length > 0) await mayGoOn(ground, cluster, change);
		return {
			done: waiting.length === 0 ? views : undefined,
			...sightOf(waiting),
			marks: views.map(marks).join(),
		};
	});
	if (outcome.kind !== "done") return { replica: waitedFor, cause: outcome };
	for (const { replica, failure } of outcome.value)
		if (failure !== undefined) return { replica: replica.name, cause: { kind: "failed", ...failure } };
	return undefined;
}

/**
 * After the last step: every replica serves the target at the same time, also those that were not touched.
 *
 * @throws {@link StepStopped} naming the replica that does not, or if it is asked to end while one does not yet.
 */
export async function allServe(ground: Ground, cluster: ObservedCluster): Promise<void> {
	const { control, keeper, clock, timing, to, tell } = ground;
	let astray: string | undefined;
	const outcome = await watch(clock, timing.stallSeconds, async () => {
		await keeper.renew();
		// A busy replica may be behind for a moment; each was seen to have caught up in its turn.
		const now = await control.observe("brief");
		const not = (now ?? cluster).replicas.filter(
			(replica) => problemOf({ ...replica, caughtUp: true }) !== undefined || !sameVersion(replica.version, to),
		);
		if (not.length > 0) unlessInterrupted(ground);
		const views = await Promise.all(not.map(({ name }) => control.look(name)));
		views.forEach(tell);
		for (const view of views) await unchanged(ground, view);
		const sight = sightOf(views);
		astray = sight.about;
		return { done: not.length === 0 || undefined, ...sight };
	});
	if (outcome.kind !== "done") throw new StepStopped(outcome, astray);
}
