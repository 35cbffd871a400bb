import type { Interval, Timeline } from "../roll/timeline";
import { count, duration, oneLine, withFullStop } from "./text";

/** It could not be written, which is no reason to fail. */
export function timelineLostText(cluster: string, file: string, why: string): string {
	return `${cluster}: its timeline could not be written to ${file}: ${oneLine(why)}. The update is not affected.`;
}

/** What the bars of a timeline's picture mean: the key is what a replica is in. */
export const barNames = {
	before: "runs the old version",
	after: "serves",
	draining: "draining",
	drained: "drained",
	down: "down",
	starting: "starting",
	joining: "joining",
	available: "available",
	unavailable: "not available",
} as const;

/** The names of the two lanes below those of the replicas. */
export const laneNames = { reads: "reads", writes: "writes" } as const;

/** @example timelineTitle(timeline); // "analytics on kubernetes: 1.7.1 -> 1.8.0, finished after 14 s" */
export function timelineTitle({ cluster, platform, from, to, seconds, outcome, stop }: Timeline): string {
	const change = from === to ? `settings or size at ${to}` : `${from} -> ${to}`;
	const end =
		outcome === "finished" ? "finished" : `stopped${stop?.replica === undefined ? "" : ` at ${stop.replica}`}`;
	return `${oneLine(cluster)} on ${oneLine(platform)}: ${change}, ${oneLine(end)} after ${duration(seconds)}`;
}

/** Why it stopped, as a line below the title; `undefined` where it finished. */
export function timelineStop({ stop, to }: Timeline): string | undefined {
	if (stop === undefined) return undefined;
	const who = stop.replica === undefined ? "the cluster" : oneLine(stop.replica);
	switch (stop.why) {
		case "failed":
			return `${who} did not start`;
		case "stalled":
			return `${who} stopped making progress`;
		case "resized":
			return `the shard of ${who} was scaled outside Pulumi`;
		case "version-set":
			return `the shard of ${who} was set to an image of a version other than ${to} outside Pulumi`;
		case "wrong-version":
			return `${who} started with a version other than ${to}`;
		case "not-safe":
			return `${who} was not restarted, because no other replica could take over`;
		case "data-missing":
			return `${who} came back with less data than it had`;
		case "volatile":
			return `${who} was not restarted, because it would lose its data`;
		case "worse":
			return `more queries failed on ${who}, the first replica at ${to}, than update.hold allows`;
		case "stopped-serving":
			return `${who} stopped serving during the hold after the first replica`;
		case "interrupted":
			return "the run was cancelled, or the timeout in customTimeouts expired";
		case "claim-lost":
			return "another process took over the change of the cluster";
		case "record-lost":
			return "the record of the cluster was deleted";
		case "platform":
			return "a request to the platform failed";
		case "refused":
			return "the change was refused or failed before it was complete";
	}
}

/** What a timeline shows, for who can't see its picture. */
export function timelineDescription(timeline: Timeline): string {
	const { replicas, available, seconds } = timeline;
	const out = replicas.flatMap(({ name, intervals }) => {
		const away = intervals.filter(({ is }) => is !== "serving");
		const [first, last] = [away[0], away.at(-1)];
		if (first === undefined || last === undefined) return [];
		return [`${oneLine(name)} did not serve ${stretch(first.from, last.to)}`];
	});
	const of = (what: "reads" | "writes") => {
		const ends = available.map((_, index) => available[index + 1]?.at ?? seconds);
		const gone = available.reduce((sum, it, index) => sum + (it[what] ? 0 : (ends[index] ?? it.at) - it.at), 0);
		return gone === 0 ? `${what} were available throughout` : `${what} were not available for ${duration(gone)}`;
	};
	const sentences = [timelineStop(timeline), ...out, of("reads"), of("writes")].filter((it) => it !== undefined);
	return `${sentences.join("; ")}.`;
}

/** What one bar says when it is pointed at. */
export function barText(name: string, { is, version, doing, from, to }: Interval): string {
	const what = is === "serving" && version !== undefined ? `serves ${version}` : is === "serving" ? "serves" : is;
	const more = doing === undefined || doing === is ? "" : ` (${oneLine(doing)})`;
	return `${oneLine(name)}: ${what}${more} ${stretch(from, to)}`;
}

/**
 * How long something lasted, and when, in seconds after the start.
 *
 * @example stretch(1, 3); // "for 2 s (from 1 s to 3 s after the start)"
 */
export function stretch(from: number, to: number): string {
	return `for ${duration(to - from)} (from ${duration(from)} to ${duration(to)} after the start)`;
}

/** Replicas that the picture leaves out. */
export function moreReplicas(number: number): string {
	return `${count(number, "replica is", "replicas are")} not shown`;
}

/** What is given is no timeline. */
export function noTimelineText(where: string, why: string): string {
	return `${where} is not a timeline of pulumi-dbcluster: ${withFullStop(oneLine(why))} To get timelines, set PULUMI_DBCLUSTER_TIMELINES to a folder before pulumi up: each update writes one there.`;
}

/** It can't be read at all, or there is nothing to read. */
export function unreadableTimelineText(where: string, why: string): string {
	return `${where} can't be read: ${withFullStop(oneLine(why))} Name a timeline file, or pipe a timeline to standard input.`;
}

/** A later release of this package wrote it. */
export function laterTimelineText(where: string, format: number): string {
	return `${where} is a timeline of format ${format}, which this version of pulumi-dbcluster does not know. Update pulumi-dbcluster.`;
}
