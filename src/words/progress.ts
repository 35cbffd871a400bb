import { fewestQueries } from "../core/canary-queries";
import { outcomeOf } from "../core/rehearsal";
import { sameVersion } from "../core/version";
import type { RollEvent } from "../roll/events";
import { rehearsalProgress } from "./rehearsal";
import { count, duration, failedOf, list, oneLine, problems } from "./text";

/**
 * One line for each event of a roll.
 *
 * @example progressText({ event: "draining", replica: "analytics-0-1", queries: 3 }); // "draining analytics-0-1: 3 queries running"
 */
export function progressText(event: RollEvent): string {
	switch (event.event) {
		case "waiting":
			return `waiting for ${oneLine(event.holder)}, which is changing the cluster; its claim (its lock on the cluster) expires at ${event.expires} unless renewed`;
		case "retrying":
			return `retrying: ${oneLine(event.words)}`;
		case "rehearsing":
			return rehearsalProgress.begins(event.to);
		case "rehearsed":
			return rehearsalProgress[outcomeOf(event.rehearsal)](event.rehearsal);
		case "began":
			return event.resumes
				? `resuming ${event.transition}: ${event.steps === 0 ? "no replica is left to restart" : `${count(event.steps, "replica", "replicas")} left`}`
				: `updating ${event.transition}: ${event.steps === 0 ? "no replica has to restart" : count(event.steps, "replica", "replicas")}`;
		case "woke":
			return `woke the cluster in ${duration(event.seconds)}`;
		case "holding":
			return `holding ${event.replica} back: ${list(event.others.map((other) => `${other.replica} ${problems[other.problem]}`))}`;
		case "draining":
			return `draining ${event.replica}${event.queries === undefined ? "" : `: ${count(event.queries, "query", "queries")} running`}`;
		case "drained":
			return `drained ${event.replica} in ${duration(event.seconds)}${event.cut === 0 ? "" : `; ${count(event.cut, "query is", "queries are")} cut off`}`;
		case "returned":
			return `${event.replica} takes queries again`;
		case "restarting":
			return sameVersion(event.from, event.to)
				? `restarting ${event.replica} at ${event.to}`
				: `restarting ${event.replica}: ${event.from ?? "unknown version"} -> ${event.to}`;
		case "progress":
			return `${event.replica}: ${oneLine(event.phase)}`;
		case "serving":
			return `${event.replica} serves ${event.version} after ${duration(event.seconds)}; ${event.done} of ${event.of} done`;
		case "comparing":
			return `holding for ${duration(event.seconds)} before the next replica: comparing the failed queries of ${event.replica} with those of ${list(event.others)}`;
		case "compared":
			return `held for ${duration(event.seconds)}: ${comparedText(event)}`;
		case "joined":
			return `${list(event.replicas)} joined after ${duration(event.seconds)}`;
		case "left":
			return `removed ${event.replica} in ${duration(event.seconds)}`;
		case "noted":
			return `${event.replica} will start with ${event.version}; ${event.done} of ${event.of} done`;
		case "finished":
			return `${event.creates ? "finished" : "updated"} ${event.transition} in ${duration(event.seconds)}`;
	}
}

function comparedText({ replica, others, result }: Extract<RollEvent, { event: "compared" }>): string {
	const rest = list(others);
	if (result === undefined)
		return `no queries were compared, because system.query_log of ${replica} or of ${rest} can't be read; the update continues`;
	const { canary, others: theirs } = result;
	return result.verdict === "too-few"
		? `too few queries to compare (${canary.of} on ${replica} and ${theirs.of} on ${rest}; each side needs ${fewestQueries}); the update continues`
		: `${failedOf(canary)} failed on ${replica}, ${failedOf(theirs)} on ${rest}`;
}

/** Whether it is news to a person: a drain that took no time is not, nor what follows from the line before. */
export function isTold(event: RollEvent): boolean {
	if (event.event === "drained") return event.cut > 0 || event.seconds >= 1;
	return event.event !== "progress" || event.phase !== "stopping";
}

/** Whether nobody wants to read it any more when the next event is there. */
export function isPassing({ event }: RollEvent): boolean {
	return event === "progress";
}
