/** Time, handed in so that a roll of hours can be tested in no time at all. */
export interface Clock {
	/** Milliseconds since the epoch. */
	now(): number;
	/** Resolves after `milliseconds`. */
	sleep(milliseconds: number): Promise<void>;
}

export const systemClock: Clock = {
	now: () => Date.now(),
	sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** A time as the cluster's record keeps it: ISO 8601 in UTC. */
export const timestamp = (clock: Clock): string => new Date(clock.now()).toISOString();

/** Whole and tenths of seconds since a time of this clock. */
export const secondsSince = (clock: Clock, start: number): number => Math.round((clock.now() - start) / 100) / 10;
