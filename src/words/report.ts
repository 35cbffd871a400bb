import { count, duration, list } from "./text";

/**
 * What a preview makes of a cluster.
 *
 * - `refused`: the preview failed at it.
 * - `updated`: its version moves.
 * - `changed`: other settings or another size.
 * - `recreated`: it is deleted, then created again.
 * - `removed`: only its entry in the state is; the cluster stays.
 * - `replaced`: only its entry in the state is; the cluster stays.
 * - `not-judged`: the preview failed before it came to it.
 */
export type Verdict = keyof typeof verdicts;

/** In the order of a report, the most urgent first. */
export const verdicts = {
	refused: { sign: "⛔", says: "refused" },
	deleted: { sign: "🗑️", says: "will be deleted" },
	recreated: { sign: "🗑️", says: "will be deleted, then created again" },
	removed: { sign: "📤", says: "will be removed from the state only" },
	moved: { sign: "📤", says: "moves to another resource; nothing is deleted" },
	replaced: { sign: "♻️", says: "will be replaced" },
	updated: { sign: "⬆️", says: "will be updated" },
	changed: { sign: "🔧", says: "will be changed" },
	created: { sign: "✨", says: "will be created" },
	"not-judged": { sign: "❓", says: "not checked" },
	unchanged: { sign: "✅", says: "unchanged" },
} as const;

export const words = {
	title: "Database clusters",
	columns: { cluster: "cluster", verdict: "verdict", version: "DB version" },
	failed: "The preview failed.",
	/** Where nothing but what stands below is known of a run that failed. */
	failedEmpty: "The preview failed before it reached any cluster.",
	/** An error that is not in our own words may quote anything, also what a log hides. */
	unworded: "the preview failed here; the log shows the reason.",
	notJudged:
		"The preview stopped at its first errors. Fix them: a new preview then checks the clusters that are 'not checked'.",
	none: "No database cluster is in this preview.",
	order: "Order of the replicas",
	afterwards: "after the update",
	time: "time",
	notes: "release notes",
	log: "See the log of this run for details.",
	deletesData: "Its data is deleted with it: deletionPolicy is Delete.",
	keepsData: "Its data is kept: a DbCluster with the same stack, name and location uses the data again.",
	removed: "Nothing is deleted: retainOnDelete is set. The cluster keeps running, and Pulumi no longer manages it.",
	moved:
		"Nothing is deleted: another resource in this preview is created for the same cluster and keeps the cluster with its data.",
	replaced:
		"Pulumi replaces only the cluster's entry in the state. The cluster, its version and its data stay as they are.",
	recreated:
		"The cluster is deleted before it is created again: reads and writes are unavailable in between. To keep it running, unset deleteBeforeReplace on this resource and on those that it depends on.",
	noCaveats: "No replica restarts.",
	/** A value that is a secret makes one of all that is worked out from it. */
	secretCaveats: "The effect on reads and writes is not shown, because an argument is a secret.",
	/** The same `pulumi up` creates what the cluster is asked with, such as a Secret: a preview can't ask it. */
	unknownCaveats: "What the change does is known only during pulumi up, because an argument is not known yet.",
} as const;

/** What a new `desiredState` means. */
export const desiredTexts = {
	Started: "the cluster will be started if it is stopped",
	Stopped: "the cluster will be stopped: reads and writes are unavailable from then on",
} as const;

/** `1 refused, 2 will be updated, 14 unchanged`; `undefined` of none. */
export function countsText(found: readonly Verdict[]): string | undefined {
	const counts = (Object.keys(verdicts) as Verdict[]).flatMap((verdict) => {
		const many = found.filter((it) => it === verdict).length;
		return many === 0 ? [] : [`${many} ${verdicts[verdict].says}`];
	});
	return counts.length === 0 ? undefined : counts.join(", ");
}

/** From what to what; a part that is not known is left out. */
export function versionsText(from: string | undefined, to: string | undefined): string {
	return [...new Set([from, to])].filter((version) => version !== undefined).join(" → ");
}

/** After a version that is not the latest. */
export function reportAvailableText(available: string): string {
	return `${available} is available`;
}

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

/** How long the next update may take, by the last one. */
export function estimateText(last: Estimate, replicas: number | undefined): string {
	const { from, to, day, seconds, out } = last;
	const [least, longest] = out.map(duration);
	const each = least === longest ? least : `${least} to ${longest}`;
	const which = from === to ? `settings at ${to}` : `${from} → ${to}`;
	const measured = `${which} on ${day}; ${count(last.replicas, "replica", "replicas")}, each down for ${each}`;
	return replicas === undefined || replicas === last.replicas
		? `about ${duration(seconds)}, like the last update (${measured})`
		: `the last update took ${duration(seconds)} (${measured})`;
}

/** Errors that are not about a cluster; where they are, but not what they say. */
export function reportElsewhereText(places: readonly string[], errors: number): string {
	return `${count(errors, "error is", "errors are")} not about a database cluster${places.length === 0 ? "" : ` (${list(places)})`}.`;
}

/** What has no room in a comment. */
export function leftOutText(clusters: number): string {
	return `${count(clusters, "more cluster is", "more clusters are")} not listed: the report would exceed its size limit.`;
}

/** A file that a person named. */
export function unreadableText(file: string, why: string): string {
	return `${file} can't be read: ${why}`;
}
