import { z } from "zod";
import { type DbVersion, parseVersion } from "../core/version";

/** Seconds since the timeline's `started`, to hundredths. */
const seconds = z.number().min(0);
const version = z.custom<DbVersion>((text) => parseVersion(text) !== undefined, "expected a DB version");

const interval = z.object({
	from: seconds,
	to: seconds,
	/**
	 * - `serving`: clients reach it.
	 * - `draining`: it is being taken out of the endpoints; its queries continue.
	 * - `drained`: its queries have finished.
	 * - `down`: it is stopping, or it is down.
	 * - `starting`: it is starting; `doing` says how far it is.
	 * - `joining`: it is new, and no client reaches it yet.
	 */
	is: z.enum(["serving", "draining", "drained", "down", "starting", "joining"]),
	/** What it runs while it serves, if known. */
	version: version.optional(),
	/** The platform's name for what it does, without quotes: `pulling the image`. */
	doing: z.string().optional(),
});

const replica = z.object({
	/** As the platform names it: `analytics-0-1`. */
	name: z.string(),
	shard: z.int(),
	/** Consecutive and without gaps, for as long as it is in the cluster. */
	intervals: z.array(interval),
});

const available = z.object({
	/** From here to the next entry, or to the end. */
	at: seconds,
	/** Each shard has a replica that serves. */
	reads: z.boolean(),
	/** Each shard has as many serving replicas as `writesNeed` requires. */
	writes: z.boolean(),
});

const stop = z.object({
	/** Where it stopped; absent if before the first replica, or at none. */
	replica: z.string().optional(),
	/** Its message is not stored: it may quote anything. */
	why: z.enum([
		"failed",
		"stalled",
		"resized",
		"wrong-version",
		"version-set",
		"not-safe",
		"data-missing",
		"volatile",
		"worse",
		"stopped-serving",
		"interrupted",
		"claim-lost",
		"record-lost",
		"platform",
		"refused",
	]),
});

/**
 * The format of a timeline. Fields may be added under the same `format`; existing ones keep their meaning. It names
 * clusters and replicas and contains nothing that a server, a log or a user wrote.
 */
export const timelineFormat = z.object({
	format: z.literal(1),
	/** The cluster's name on its platform. */
	cluster: z.string(),
	platform: z.string(),
	/** The lowest version that was replaced, and the target; the same if only settings or size changed. */
	from: version,
	to: version,
	/** When it began, ISO 8601 in UTC. */
	started: z.iso.datetime(),
	/** How long it took, or ran before it stopped. */
	seconds,
	/** `stopped`: it ended on trouble; the rollout that resumes it has its own timeline. */
	outcome: z.enum(["finished", "stopped"]),
	stop: stop.optional(),
	/** How many replicas of a shard must serve for it to accept writes. */
	writesNeed: z.enum(["one", "all"]),
	replicas: z.array(replica),
	/** What clients could do, from 0 to the end, as far as serving replicas show it. */
	available: z.array(available),
});

/** How one rollout went, from its first look at the cluster to its end. */
export type Timeline = Readonly<z.output<typeof timelineFormat>>;
export type Interval = Readonly<z.output<typeof interval>>;

const most = 64;

/**
 * The part of a timeline that an estimate needs, small enough for Pulumi's state: of the replicas that were taken out at
 * most the first 64.
 *
 * @example summaryOf(timeline).replicas; // [{ name: "analytics-0-1", outSeconds: 6.2 }, { name: "analytics-0-0", outSeconds: 5.8 }]
 */
export function summaryOf({ from, to, started, seconds, outcome, replicas }: Timeline) {
	const out = replicas.flatMap(({ name, intervals }) => {
		const away = intervals.filter((it) => it.is !== "serving" && it.is !== "joining");
		const [first] = away;
		const outSeconds = round(away.reduce((sum, it) => sum + it.to - it.from, 0));
		return first === undefined ? [] : [{ name, outSeconds, left: first.from }];
	});
	const inOrder = out.sort((a, b) => a.left - b.left).slice(0, most);
	return { from, to, started, seconds, outcome, replicas: inOrder.map(({ left, ...rest }) => rest) };
}

export const round = (value: number): number => Math.round(value * 100) / 100;
