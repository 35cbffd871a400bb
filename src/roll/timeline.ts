import { z } from "zod";
import { type DbVersion, parseVersion } from "../core/version";

/** Seconds since the timeline's `started`, to hundredths. */
const seconds = z.number().min(0);
const version = z.custom<DbVersion>((text) => parseVersion(text) !== undefined, "it is not a DB version");

const interval = z.object({
	from: seconds,
	/** At least `from`. */
	to: seconds,
	/**
	 * - `serving`: clients reach it.
	 * - `draining`: it is being taken out of the endpoints; its queries go on.
	 * - `drained`: it has no queries any more.
	 * - `down`: it stops, or it is down.
	 * - `starting`: it comes up again; `doing` says how far it is.
	 * - `joining`: it is new, and no client reaches it yet.
	 */
	is: z.enum(["serving", "draining", "drained", "down", "starting", "joining"]),
	/** What it runs while it serves, where that is known. */
	version: version.optional(),
	/** The platform's word for what it does, without what it quotes: `pulling the image`. */
	doing: z.string().optional(),
});

const replica = z.object({
	/** As the platform names it: `analytics-0-1`. */
	name: z.string(),
	shard: z.int(),
	/** One after the other and without a gap, for as long as it is one of the cluster. */
	intervals: z.array(interval),
});

const available = z.object({
	/** From here to the next one, or to the end. */
	at: seconds,
	/** Each shard has a replica that serves. */
	reads: z.boolean(),
	/** Each shard has as many replicas that serve as `writesNeed` says. */
	writes: z.boolean(),
});

const stop = z.object({
	/** Where it stopped; absent when that was before the first replica, or at none. */
	replica: z.string().optional(),
	/** Its own words are not kept: they may quote anything. */
	why: z.enum([
		"failed",
		"stalled",
		"resized",
		"wrong-version",
		"version-set",
		"not-safe",
		"data-missing",
		"volatile",
		"claim-lost",
		"platform",
		"refused",
	]),
});

/**
 * The format of a timeline. Fields may be added under the same `format`; what is there keeps its meaning. It names
 * clusters and replicas and holds nothing that a server, a log or a user wrote.
 */
export const timelineFormat = z.object({
	format: z.literal(1),
	/** The cluster's name on its platform. */
	cluster: z.string(),
	/** `local` or `kubernetes`. */
	platform: z.string(),
	/** The lowest version that was left behind, and the one that was asked for; the same where only settings or size changed. */
	from: version,
	to: version,
	/** When it began, ISO 8601 in UTC. */
	started: z.iso.datetime(),
	/** How long it took, or went before it stopped. */
	seconds,
	/** `stopped`: it ended on trouble, and a later roll goes on; that one has a timeline of its own. */
	outcome: z.enum(["finished", "stopped"]),
	/** There when it stopped. */
	stop: stop.optional(),
	/** How many replicas of a shard must serve for a write to be taken. */
	writesNeed: z.enum(["one", "all"]),
	replicas: z.array(replica),
	/** What clients could do, from 0 to the end. Worked out from who serves: a server may refuse for reasons of its own. */
	available: z.array(available),
});

/** How one roll went, from its first look at the cluster to its end. */
export type Timeline = Readonly<z.output<typeof timelineFormat>>;
export type Interval = Readonly<z.output<typeof interval>>;

/** What an estimate needs of a timeline, small enough for Pulumi's state. */
export interface UpdateSummary extends Pick<Timeline, "from" | "to" | "started" | "seconds" | "outcome"> {
	/** Those that were taken out, in the order in which they went; of many the first 64. */
	readonly replicas: readonly {
		readonly name: string;
		/** From leaving the endpoints to serving again, or to the end. */
		readonly outSeconds: number;
	}[];
}

const most = 64;

/** @example summaryOf(timeline).replicas; // [{ name: "analytics-0-1", outSeconds: 6.2 }, { name: "analytics-0-0", outSeconds: 5.8 }] */
export function summaryOf({ from, to, started, seconds, outcome, replicas }: Timeline): UpdateSummary {
	const out = replicas.flatMap(({ name, intervals }) => {
		const away = intervals.filter((it) => it.is !== "serving" && it.is !== "joining");
		const [first] = away;
		const outSeconds = round(away.reduce((sum, it) => sum + it.to - it.from, 0));
		return first === undefined ? [] : [{ name, outSeconds, left: first.from }];
	});
	const inOrder = out.sort((a, b) => a.left - b.left).slice(0, most);
	return {
		from,
		to,
		started,
		seconds,
		outcome,
		replicas: inOrder.map(({ left, ...rest }) => rest),
	};
}

export const round = (value: number): number => Math.round(value * 100) / 100;
