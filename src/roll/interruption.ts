import type { Interruption } from "./events";
import { type Ground, StepStopped } from "./ground";

/** What it was asked for; `undefined` if it was not. */
export function interruptionOf(stop: AbortSignal | undefined): Interruption | undefined {
	return stop?.aborted ? (stop.reason as Interruption) : undefined;
}

/**
 * To be called wherever a rollout may end without harm: between two steps, and within a step that can be taken back.
 *
 * @throws {@link StepStopped} once it was asked to end.
 */
export function unlessInterrupted({ stop }: Pick<Ground, "stop">): void {
	const asked = interruptionOf(stop);
	if (asked !== undefined) throw new StepStopped(asked);
}
