import type { ClusterSpec } from "../control/port";
import { type ObservedCluster, othersOf } from "../core/cluster";
import { secondsSince } from "./clock";
import { clear, letBack } from "./drain";
import type { Ground } from "./ground";
import { unlessInterrupted } from "./interruption";
import { mayGoOn, stopped } from "./stop";
import { WaitStopped } from "./stopped";
import { sightOf, watch } from "./watch";

/**
 * Removes replicas from a cluster permanently, one after the other: each is drained like one that restarts, and is
 * removed only once the remaining ones hold what it holds.
 *
 * @param leaves In the order of removal.
 * @throws {@link RollStopped} if the remaining ones can't take over, a ControlError if one holds something that no
 * other does; it serves again then.
 */
export async function shrink(ground: Ground, cluster: ObservedCluster, leaves: readonly string[]): Promise<void> {
	const { control, keeper, clock, report, to } = ground;
	for (const replica of leaves) {
		await keeper.renew("now");
		const stay = othersOf(cluster, replica).filter((name) => !leaves.includes(name));
		const { left } = await clear(ground, replica, stay, () => unlessInterrupted(ground)).catch(
			async (error: unknown) => {
				throw await stopped(error, control, cluster, to, { change: "size", replica, step: 0, of: 0 });
			},
		);
		try {
			await keeper.change((claim) => control.leave(claim, replica));
		} catch (error) {
			await letBack(ground, replica);
			throw error;
		}
		report({ event: "left", replica, seconds: secondsSince(clock, left) });
	}
}

/**
 * Waits, while there is progress, until the new replicas hold what their shards hold, and lets clients reach them.
 *
 * @throws {@link WaitStopped}, or {@link RollStopped} if it is asked to end; then no client reaches any of them, and the
 * cluster serves as before.
 */
export async function grow(
	ground: Ground,
	cluster: ObservedCluster,
	spec: ClusterSpec,
	joins: readonly string[],
): Promise<void> {
	const { control, keeper, clock, timing, report, tell } = ground;
	const start = clock.now();
	let waitsFor: string | undefined;
	const outcome = await watch(clock, timing.stallSeconds, async () => {
		await keeper.renew();
		const out = await keeper.change((claim) => control.join(claim, spec));
		if (out.length > 0) await mayGoOn(ground, cluster, "size");
		const views = await Promise.all(out.map((replica) => control.look(replica)));
		views.forEach(tell);
		const sight = sightOf(views);
		waitsFor = sight.about;
		return { done: out.length === 0 || undefined, ...sight };
	});
	if (outcome.kind === "done") {
		report({ event: "joined", replicas: joins, seconds: secondsSince(clock, start) });
		return;
	}
	const state = (await control.observe())?.state ?? "Unknown";
	throw new WaitStopped({ cluster: spec.name, wanted: "Started", state, replica: waitsFor, cause: outcome });
}
