/** How long a rollout waits for what. All in seconds. */
export interface Timing {
	/** For queries still running on a replica that has left the endpoints; longer ones are cut off. Default 30. */
	readonly drainSeconds: number;
	/**
	 * Without any progress, before a replica is considered stalled. Default 300. Loading the metadata of a large server
	 * may take hours, so this does not limit the start as a whole.
	 */
	readonly stallSeconds: number;
	/** Shards that are updated in parallel once the first replica serves. Default 4. */
	readonly shardsAtOnce: number;
	/** Lifetime of the claim, which is renewed continuously: how long a killed rollout keeps others out. Default 30. */
	readonly claimSeconds: number;
	/** To wait for another process's claim. Default 45, longer than the claim of a killed run lasts. */
	readonly claimWaitSeconds: number;
}

export const defaultTiming: Timing = {
	drainSeconds: 30,
	stallSeconds: 300,
	shardsAtOnce: 4,
	claimSeconds: 30,
	claimWaitSeconds: 45,
};

/** What is missing or `undefined` gets the default. */
export function withDefaults(timing: Partial<Timing> = {}): Timing {
	return { ...defaultTiming, ...Object.fromEntries(Object.entries(timing).filter(([, value]) => value !== undefined)) };
}
