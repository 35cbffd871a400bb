/** How long a roll is patient with what. All in seconds. */
export interface Timing {
	/** For queries that still run on a replica that has left the endpoints; those that last longer are cut. Default 30. */
	readonly drainSeconds: number;
	/**
	 * Without any progress, before waiting for a replica is given up. Default 300. Loading the metadata of a large server
	 * may take hours, so it is not the time for a start as a whole.
	 */
	readonly stallSeconds: number;
	/** Shards that are updated at the same time once the first replica serves. Default 4. */
	readonly shardsAtOnce: number;
	/** Life of the claim on the cluster, extended all the while: how long a killed roll keeps others out. Default 30. */
	readonly claimSeconds: number;
	/** To wait for another's claim to run out before giving up. Default 45, so that a killed run's claim is outlived. */
	readonly claimWaitSeconds: number;
}

export const defaultTiming: Timing = {
	drainSeconds: 30,
	stallSeconds: 300,
	shardsAtOnce: 4,
	claimSeconds: 30,
	claimWaitSeconds: 45,
};

/** What is not given, or given as `undefined`, is the default. */
export function withDefaults(timing: Partial<Timing> = {}): Timing {
	return { ...defaultTiming, ...Object.fromEntries(Object.entries(timing).filter(([, value]) => value !== undefined)) };
}
