/** The states of a whole cluster: the vendor's names, and two of our own, Degraded and Unknown. */
export const states = [
	"Started",
	"Stopped",
	/** Suspended for lack of use; any request wakes it. */
	"Idle",
	"Starting",
	"Stopping",
	"Updating",
	"Restoring",
	/** It should serve, and at least one replica does not. */
	"Degraded",
	"Unknown",
] as const;

export type State = (typeof states)[number];

/** The states from which the vendor lets an update start. */
const eligibleStates = ["Started", "Stopped", "Idle"] as const satisfies readonly State[];
export type EligibleState = (typeof eligibleStates)[number];

export function isEligible(state: State): state is EligibleState {
	return (eligibleStates as readonly State[]).includes(state);
}
