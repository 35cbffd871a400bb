import { ControlError } from "../control/errors";
import type { ClusterControl } from "../control/port";
import type { ObservedCluster } from "../core/cluster";
import type { State } from "../core/state";
import { resized } from "./by-others";
import { type Clock, systemClock } from "./clock";
import type { RollEvent, WaitStop } from "./events";
import { interruptionOf } from "./interruption";
import { retrying } from "./retry";
import { WaitStopped } from "./stopped";
import { defaultTiming } from "./timing";
import { phaseTeller, sightOf, watch } from "./watch";

export interface WaitOptions {
	/** Without any progress, before the wait ends. Default 300. */
	readonly stallSeconds?: number;
	readonly clock?: Clock;
	readonly report?: (event: RollEvent) => void;
	/** Called repeatedly, such as to renew a claim. */
	readonly keep?: () => Promise<void>;
	/** Aborted, with an {@link Interruption} as its reason, to end the wait. */
	readonly stop?: AbortSignal;
}

/**
 * Waits until a cluster that was created, started, stopped or woken reaches a state, while it makes progress.
 *
 * @throws {@link WaitStopped} immediately if a replica reports that waiting does not help, or after `stallSeconds`
 * without progress; a {@link ControlError} if the cluster is gone.
 * @example await untilState(control, "Started", { report });
 */
export async function untilState(
	port: Pick<ClusterControl, "observe" | "look">,
	wanted: State,
	options: WaitOptions = {},
): Promise<ObservedCluster> {
	const { clock = systemClock, report = () => {}, keep = async () => {} } = options;
	const control = retrying(port, clock, (words) => report({ event: "retrying", words }));
	const tell = phaseTeller(report);
	let at: Pick<WaitStop, "cluster" | "state" | "replica"> = { cluster: "", state: "Unknown" };
	const outcome = await watch(clock, options.stallSeconds ?? defaultTiming.stallSeconds, async () => {
		await keep();
		const cluster = await control.observe();
		if (cluster === undefined) throw new ControlError("the cluster is gone");
		const { name, state } = cluster;
		at = { cluster: name, state };
		if (state === wanted) return { done: cluster, phase: state, marks: state };
		const asked = interruptionOf(options.stop);
		if (asked !== undefined) throw new WaitStopped({ ...at, wanted, cause: asked });
		const down = cluster.replicas.filter((replica) => !replica.serving);
		const views = await Promise.all(down.map((replica) => control.look(replica.name)));
		const marks = [state, ...cluster.replicas.map(({ serving }) => serving)].join();
		const sight = sightOf(views);
		// A replica that is down matters only if it should serve.
		if (wanted !== "Started") return { phase: state, marks, busy: sight.busy };
		for (const view of views) tell(view);
		at = { ...at, replica: sight.about };
		const smaller = views.flatMap((view) => resized(view) ?? []).find(({ replicas = 0, of }) => replicas < of);
		if (smaller !== undefined) throw new WaitStopped({ ...at, wanted, cause: smaller });
		return { ...sight, phase: sight.phase || state, marks: `${marks},${sight.marks}` };
	});
	if (outcome.kind === "done") return outcome.value;
	throw new WaitStopped({ ...at, wanted, cause: outcome });
}
