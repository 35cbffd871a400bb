/** Time, injected so that a rollout of hours can be tested in no time. */
export interface Clock {
	/** Milliseconds since the epoch. */
	now(): number;
	sleep(milliseconds: number): Promise<void>;
}

export const systemClock: Clock = {
	now: () => Date.now(),
	sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** A time as records store it: ISO 8601 in UTC. */
export const timestamp = (clock: Clock): string => new Date(clock.now()).toISOString();

/** Seconds since a time of this clock, to tenths. */
export const secondsSince = (clock: Clock, start: number): number => Math.round((clock.now() - start) / 100) / 10;
