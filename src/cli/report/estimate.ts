import { z } from "zod";
import type { Estimate } from "../../words/report";

/** The part of the output `lastUpdate` that an estimate needs. It comes from a state file and may be anything. */
const lastUpdate = z.object({
	from: z.string(),
	to: z.string(),
	/** ISO 8601 in UTC. */
	started: z.iso.datetime(),
	seconds: z.number().positive(),
	outcome: z.literal("finished"),
	replicas: z.array(z.object({ outSeconds: z.number().min(0) })).min(1),
});

/** `undefined` if none was measured or the last one did not finish. */
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
