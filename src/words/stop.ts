import type { DbVersion } from "../core/version";
import type { RollStop, WaitStop } from "../roll/events";
import { advice, type Build, isUpToTheVendor, wayOut } from "./advice";
import {
	attachAgain,
	count,
	duration,
	failedOf,
	list,
	oneLine,
	percent,
	problems,
	recordLostWayOut,
	withFullStop,
} from "./text";

const ordinals = ["", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

/**
 * The message of an update that stopped: what failed with its last words, what serves which version, whether reads and
 * writes work, and what to do next.
 *
 * @param build What a version is on the cluster's platform. Default `image`.
 * @example stopText(stop);
 * // update of 'analytics' to 1.9.0 stopped at the first of 2 replicas. analytics-0-1 did not start: exits at start; its
 * // last words: "Code: 1000". analytics-0-0 was not touched and serves 1.8.0: reads and writes work. Next: ...
 */
export function stopText(stop: RollStop, build?: Build): string {
	return [
		`${[what(stop), "stopped", ...place(stop)].join(" ")}.`,
		withFullStop(whatFailed(stop)),
		...(stop.cause.kind === "record-lost" ? [] : [whatServes(stop)]),
		`Next: ${next(stop, build)}`,
	].join(" ");
}

/** The message of a cluster that did not reach the requested state. */
export function waitStopText({ cluster, wanted, state, replica, cause }: WaitStop): string {
	const why = withFullStop(whatFailed({ cause, replica }));
	if (cause.kind === "interrupted")
		return `'${cluster}' is ${state}, and not ${wanted} yet. ${why} Next: ${afterInterruption(cause)}`;
	return `'${cluster}' did not reach the state ${wanted} and is ${state}. ${why} Next: ${wayOut(cause, { replica })}, and run pulumi up again. If that does not help, contact the vendor's support.`;
}

function what({ change, cluster, to }: RollStop): string {
	if (change === "version") return `update of '${cluster}' to ${to}`;
	if (change === "creation") return `creation of '${cluster}' with version ${to}`;
	return `change of the ${change} of '${cluster}'`;
}

function place({ change, to, step, of, replica, serving, notServing, cause }: RollStop): string[] {
	if (cause.kind === "worse" || cause.kind === "stopped-serving") return ["after the first replica"];
	if (cause.kind === "interrupted") {
		const done = serving.filter(({ version }) => version === to).length;
		if (change !== "version") return replica === undefined ? [] : ["midway"];
		return [
			done === 0
				? "before any replica was updated"
				: `with ${done} of ${serving.length + notServing.length} replicas updated`,
		];
	}
	if (change === "size") return replica === undefined ? [] : [`at ${replica}`];
	if (step === 0 || replica === undefined) return [step === 0 ? "before any replica was updated" : "midway"];
	// A resumed update has no step for the replicas that are done.
	const isRest = of < serving.length + notServing.length;
	if (of === 1) return [isRest ? "at the last replica left to update" : "at its only replica"];
	const nth = ordinals[step];
	const rest = isRest ? " left to update" : "";
	return [nth === undefined ? `at replica ${step} of ${of}${rest}` : `at the ${nth} of ${of} replicas${rest}`];
}

function whatFailed({
	cause,
	replica,
	to,
}: Pick<RollStop, "cause" | "replica"> & Partial<Pick<RollStop, "to">>): string {
	const who = replica ?? "The cluster";
	switch (cause.kind) {
		case "failed":
			// The replicas serve, and nobody reaches them.
			if (cause.cause === "port") return `The endpoint could not be opened: ${oneLine(cause.words)}`;
			return cause.cause === "refused"
				? `${who} could not be changed: ${oneLine(cause.words)}`
				: `${replica ?? "A replica"} did not start: ${oneLine(cause.words)}`;
		case "stalled":
			return `${who} made no progress for ${duration(cause.seconds)} while ${oneLine(cause.phase)}`;
		case "resized":
			return resized(cause);
		case "wrong-version":
			return cause.runs === undefined
				? `${who} started, but its version can't be determined (expected ${to})`
				: `${who} started with ${cause.runs} instead of ${to}`;
		case "version-set":
			return `The image of ${cause.object} was set to ${oneLine(cause.image, 200)} outside Pulumi`;
		case "not-safe":
			return `${who} was not restarted, because the other replicas of its shard could not take over: ${othersOf(cause.others)}`;
		case "data-missing":
			return `${who} came back without ${missing(cause)}${cause.at === undefined ? "" : ` (its data folder is ${oneLine(cause.at)})`}`;
		case "volatile":
			return `${who} was not restarted, because its new pod would start without its data: ${oneLine(cause.words)}`;
		case "worse": {
			const { code, name, than, errors } = cause;
			const which = `code ${code}${name === undefined ? "" : ` (${oneLine(name, 80)})`}`;
			return `${failedOf(cause.canary)} failed on ${who} with ${which}, and ${failedOf(cause.others)} on ${list(than)}: update.hold.errors allows ${percent(errors)} more`;
		}
		case "stopped-serving": {
			const why = cause.failure === undefined ? "" : `: ${oneLine(cause.failure.words)}`;
			return `${who} stopped serving during the hold (update.hold)${why}`;
		}
		case "interrupted":
			return cause.by === "cancel"
				? "This run was cancelled"
				: `The timeout in customTimeouts, ${duration(cause.seconds ?? 0)}, expired`;
		case "claim-lost":
			return cause.by === undefined
				? "Another process took over this cluster meanwhile"
				: `Another process (${oneLine(cause.by)}) took over and is changing this cluster now`;
		case "record-lost":
			return "The record of this cluster was deleted while the cluster was being changed";
		case "platform":
			return `A request to the platform failed: ${oneLine(cause.words)}`;
	}
}

function resized({ object, replicas, of }: Extract<RollStop["cause"], { kind: "resized" }>): string {
	if (replicas === undefined) return `${object} was deleted outside Pulumi`;
	return replicas < of
		? `${object} was scaled to ${replicas} of ${of} replicas outside Pulumi`
		: `${object} was scaled to ${replicas} replicas outside Pulumi, and the cluster has ${of}`;
}

function missing({ tables, count: all }: Extract<RollStop["cause"], { kind: "data-missing" }>): string {
	const more = all - tables.length;
	return list(
		[
			...tables.map((table) => oneLine(table, 100)),
			...(more > 0 ? [`${count(more, "more table", "more tables")}`] : []),
		],
		8,
	);
}

function othersOf(others: Extract<RollStop["cause"], { kind: "not-safe" }>["others"]): string {
	return list(
		others.map(({ replica, problem, failure }) => {
			const why = failure === undefined ? "" : ` (${oneLine(failure.words, 200)})`;
			return `${replica} ${problems[problem]}${why}`;
		}),
	);
}

/** Who serves which version, the updated first; then whether that is enough for reads and writes. */
function whatServes({ serving, notServing, to, replica, reads, writes }: RollStop): string {
	const versions = [...new Set([to, ...serving.map(({ version }) => version)])].filter((version) =>
		serving.some((it) => it.version === version),
	);
	const clauses = versions.map((version) => {
		const names = serving.filter((it) => it.version === version).map((it) => it.replica);
		const untouched = version !== undefined && version !== to && !names.some((name) => name === replica);
		const [was, serve] = names.length === 1 ? ["was", "serves"] : ["were", "serve"];
		return `${list(names)} ${untouched ? `${was} not touched and ` : ""}${serve} ${shown(version)}`;
	});
	const down = notServing.map((it) => it.replica).filter((name) => name !== replica);
	if (down.length > 0) clauses.push(`${list(down)} ${down.length === 1 ? "does" : "do"} not serve`);
	if (serving.length === 0 && down.length === 0) clauses.push("No other replica serves");
	return `${clauses.join("; ")}: ${requests(reads, writes)}.`;
}

function requests(reads: boolean, writes: boolean): string {
	if (reads === writes) return `reads and writes ${reads ? "work" : "fail"}`;
	// What accepts a write answers a read, too.
	return "reads work, writes fail";
}

const again = "run pulumi up again: it resumes from here";

/** Nothing is wrong. */
function afterInterruption({ by }: Extract<RollStop["cause"], { kind: "interrupted" }>): string {
	return by === "cancel"
		? `${again}.`
		: `${again}. To finish in one run, set a longer timeout in customTimeouts, or none.`;
}

function next({ cause, ...stop }: RollStop, build: Build | undefined): string {
	const at = { ...stop, build, down: stop.notServing.map(({ replica }) => replica) };
	switch (cause.kind) {
		case "interrupted":
			return afterInterruption(cause);
		case "not-safe": {
			const known = cause.others.find(({ failure }) => failure !== undefined);
			const first =
				known?.failure === undefined
					? `check ${list(cause.others.map((other) => other.replica))}`
					: advice(known.failure.cause, { replica: known.replica });
			const others = list(cause.others.map((other) => other.replica));
			if (cause.others.every(({ problem }) => problem === "lacks"))
				return `create the missing tables: ${attachAgain("for each", at.replica ?? "the replica", others)}. Or add the tables to update.localTables. Then ${again}.`;
			return `${first}; once ${others} ${cause.others.length === 1 ? "serves and has" : "serve and have"} caught up, ${again}.`;
		}
		case "data-missing": {
			const table = oneLine(cause.tables[0] ?? "TABLE", 100);
			const give =
				cause.elsewhere === undefined
					? "restore its data from a backup"
					: `restore ${cause.count === 1 ? "the table" : "each table"}: ${attachAgain(table, cause.elsewhere, at.replica ?? "the replica")}. Replicated rows are then fetched automatically`;
			return `find out what happened to the volume of ${at.replica}, and ${give}. If ${at.replica} should not have ${cause.count === 1 ? "this table, add it" : "these tables, add them"} to update.localTables. Then ${again}.`;
		}
		case "volatile":
			return "move the data to a cluster on persistent volumes, such as a new DbCluster; this cluster can't be updated.";
		case "worse": {
			const fix =
				at.change === "version"
					? "fix the cause or set a later version (a DB version never goes back)"
					: "fix the settings that were changed, or revert them";
			return `${fix}; or, if these errors are acceptable, raise update.hold.errors or remove update.hold. Then ${again}.`;
		}
		case "stopped-serving": {
			const { failure } = cause;
			const first = failure === undefined ? `check ${at.replica ?? "the replicas"}` : advice(failure.cause, at);
			return `${first}. Then ${again}.`;
		}
		case "claim-lost":
			return "wait until the other process is done, then run pulumi up again. This run changes nothing more.";
		case "record-lost":
			return `this run changes nothing more. ${recordLostWayOut}`;
		case "platform":
			return `make sure that the platform can be reached and allows the change, then ${again}.`;
		default: {
			const support = isUpToTheVendor(cause, at) ? " If neither version starts, contact the vendor's support." : "";
			return `${wayOut(cause, at)}, and ${again}.${support}`;
		}
	}
}

const shown = (version: DbVersion | undefined) => version ?? "an unknown version";
