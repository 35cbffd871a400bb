import { z } from "zod";

/** The output `lastUpdate`, as much of it as an estimate needs. It comes from a state file: anything may be in it. */
const lastUpdate = z.object({
	from: z.string(),
	to: z.string(),
	/** ISO 8601 in UTC. */
	started: z.iso.datetime(),
	seconds: z.number().positive(),
	outcome: z.literal("finished"),
	replicas: z.array(z.object({ outSeconds: z.number().min(0) })).min(1),
});

/** How long the last update of a cluster took: the next one may take about as long. */
export interface Estimate {
	readonly from: string;
	readonly to: string;
	/** The day on which it began, `2026-11-24`. */
	readonly day: string;
	readonly seconds: number;
	/** How many replicas were taken out, one after another. */
	readonly replicas: number;
	/** The shortest and the longest time that a replica was out, in seconds. */
	readonly out: readonly [number, number];
}

/** `undefined` where none was measured, or the last one did not get to its end. */
export function readEstimate(value: unknown): Estimate | undefined {
	const { data } = lastUpdate.safeParse(value);
	if (data === undefined) return undefined;
	const { from, to, started, seconds, replicas } = data;
	const out = replicas.map(({ outSeconds }) => outSeconds);
	return {
		from,
		to,
		day: started.slice(0, 10),
		seconds,
		replicas: out.length,
		out: [Math.min(...out), Math.max(...out)],
	};
}
