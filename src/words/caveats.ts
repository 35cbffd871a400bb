import type { CaveatNote, Caveats, DesiredState, Effect, Uncopied } from "../core/caveats";
import type { State } from "../core/state";
import { orderText } from "./order";
import { rehearsedLines } from "./rehearsal";
import { count, duration, list, oneLine } from "./text";

/**
 * What an update will do, as the input `caveats` of a resource: by the transition, short lines that show in
 * `preview --diff` with their keys sorted. The same caveats give the same text.
 *
 * @example caveatsInput(caveats(plan, cluster));
 * // { "1.7.1 -> 1.8.0": { order: "analytics-0-1, then analytics-0-0", reads: "SELECT keeps working", ... } }
 */
export function caveatsInput(caveats: Caveats): Record<string, Record<string, string>> {
	const { transition, upgrades, reads, writes, resumes, creates, joins, leaves, rejoins, notes } = caveats;
	const state = stateText(caveats);
	return {
		[transition]: each({
			order: orderText(caveats),
			reads: effect(reads, caveats, `SELECT keeps working${exceptions(caveats.uncopied)}`),
			...(caveats.forgotten.length > 0 && {
				forgets: `${list(caveats.forgotten, 4)} ${caveats.forgotten.length === 1 ? "loses its" : "lose their"} rows with each restart, as every Memory table does`,
			}),
			...(upgrades && { return: "not possible, because a DB version is never downgraded" }),
			writes: effect(writes, caveats, "keep working"),
			...(joins.length > 0 && {
				joins: `${list(joins)} ${joins.length === 1 ? "gets" : "get"} the tables, then the rows, then clients${without(caveats.joinsWithout)}`,
			}),
			...(leaves.length > 0 && {
				leaves: `${list(leaves)} ${leaves.length === 1 ? "is removed permanently, and its replicated tables are dropped; on Kubernetes its volume is" : "are removed permanently, and their replicated tables are dropped; on Kubernetes their volumes are"} kept`,
			}),
			...(rejoins.length > 0 && {
				rejoins: `${list(rejoins)} ${rejoins.length === 1 ? "was removed outside Pulumi and is created again on its volume" : "were removed outside Pulumi and are created again on their volumes"}`,
			}),
			...(resumes && { resumes: `${creates ? "a creation" : "an update"} that stopped midway` }),
			...(state !== undefined && { state }),
			...Object.assign({}, ...notes.map(noteLines)),
		}),
	};
}

/** Names of tables and answers of registries are in them: one readable line each. */
const each = (lines: Record<string, string>): Record<string, string> =>
	Object.fromEntries(Object.entries(lines).map(([about, line]) => [about, oneLine(line, 1500)]));

/**
 * The input `caveats` as one message; `undefined` where there is nothing to say.
 *
 * @example caveatsText({ "1.7.1 -> 1.8.0": { reads: "SELECT keeps working" } });
 * // 1.7.1 -> 1.8.0
 * //   reads: SELECT keeps working
 */
export function caveatsText(caveats: unknown): string | undefined {
	if (typeof caveats !== "object" || caveats === null) return undefined;
	const blocks = Object.entries(caveats).map(([title, lines]) =>
		[title, ...Object.entries(lines ?? {}).map(([about, line]) => `  ${about}: ${line}`)].join("\n"),
	);
	return blocks.length === 0 ? undefined : blocks.join("\n");
}

const stops = "stopped; reads and writes are unavailable until the cluster is started again";

/** Whether it is Idle is not in it: a cluster becomes so, and is woken, by itself. */
function stateText({ stopped, afterwards }: Caveats): string | undefined {
	if (stopped)
		return afterwards === "Started" ? "will be updated while it is Stopped, then started" : "Stopped, and stays so";
	return afterwards === "Stopped" ? `will be updated, then ${stops}` : undefined;
}

/**
 * What comes of it where nothing changes but what a cluster is to be in.
 *
 * @example switchInput("Stopped", "Started"); // { "Stopped -> Started": { state: "will be started" } }
 */
export function switchInput(state: State, then: DesiredState): Record<string, Record<string, string>> {
	return {
		[`${state === "Idle" ? "Started" : state} -> ${then}`]: {
			state: `will be ${then === "Started" ? "started" : stops}`,
		},
	};
}

function effect(effect: Effect, { order }: Caveats, working: string): string {
	if (effect === "working") return working;
	if (effect === "unavailable") return "unavailable, because the cluster is stopped";
	return `may fail for a while as ${order.flat().length === 1 ? "the" : "each"} replica restarts`;
}

/** A line of the diff is read at a glance. */
const longest = 170;

/** @example exceptions([{ table: "default.loc", on: ["db-0-1"] }]); // ", but not from default.loc, which is on db-0-1 only" */
function exceptions(uncopied: readonly Uncopied[]): string {
	if (uncopied.length === 0) return "";
	const alone = uncopied.filter(({ on }) => on.length === 1);
	const places = [...new Set(alone.map(({ on }) => on[0]))].sort();
	const clauses = places.map((place) => {
		const its = alone.filter(({ on }) => on[0] === place).map(({ table }) => oneLine(table, 60));
		return `${list(its, 4)}, which ${its.length === 1 ? "is" : "are"} on ${place} only`;
	});
	const apart = uncopied.filter(({ on }) => on.length > 1).map(({ table }) => oneLine(table, 60));
	if (apart.length > 0) clauses.push(`${list(apart, 4)}, whose rows do not replicate`);
	const all = `, but not from ${clauses.join(", nor from ")}`;
	if (all.length <= longest) return all;
	const [first] = uncopied;
	return `, but not from ${oneLine(first?.table ?? "", 80)} and ${count(uncopied.length - 1, "other table", "other tables")}, which have no second copy`;
}

const without = (tables: readonly string[]) =>
	tables.length === 0
		? ""
		: `; the rows of ${list(
				tables.map((table) => oneLine(table, 80)),
				4,
			)} do not replicate and will be missing there`;

const keptAlive = "each keep-alive connection may be reset once per replica";
const betweenServers = "; so may connections between servers, and a SELECT over several shards can then fail";

function noteLines(note: CaveatNote): Record<string, string> {
	return note.note === "rehearsed" ? rehearsedLines(note.rehearsal) : Object.fromEntries([noteText(note)]);
}

function noteText(note: Exclude<CaveatNote, { note: "rehearsed" }>): [string, string] {
	switch (note.note) {
		case "judged-from-record":
			return [
				"judged",
				"if the cluster can't be reached, the preview checks the state that the last pulumi up recorded; the update checks the live cluster",
			];
		case "artifact":
			return ["image", oneLine(note.what)];
		case "connections-reset":
			return ["resets", note.betweenServers ? `${keptAlive}${betweenServers}` : keptAlive];
		case "unknown-until-update":
			return [
				"unknown",
				`${list([...note.properties].sort())} ${note.properties.length === 1 ? "is not known yet, and is" : "are not known yet, and are"} checked in the update`,
			];
		case "engine": {
			const { version, engine, like } = note;
			const atLeast = engine === undefined ? "" : ` (at least ${oneLine(engine, 40)}, that of ${like})`;
			return [
				"engine",
				`whether the old and the new version may run side by side is unknown, because the ClickHouse version of ${version} is not listed${atLeast}. To have this checked, set the engine of ${version} in versions`,
			];
		}
		case "release":
			return ["notes", [note.date, note.link].flatMap((part) => (part === undefined ? [] : oneLine(part))).join(", ")];
		case "deprecated":
			return [
				"deprecated",
				note.reason === undefined ? "marked as deprecated in the catalogue" : oneLine(note.reason, 160),
			];
		case "endpoint":
			return ["endpoint", `clients have to use ${note.to} from then on; ${note.from} is closed`];
		case "hold":
			return [
				"hold",
				`${duration(note.seconds)} after the first replica; the update stops there if more of its queries fail than on the others`,
			];
		case "window":
			return ["window", window(note)];
		case "catalogue-unknown":
			return [
				"catalogue",
				`it is unknown whether the version exists and is the latest, because the catalogue can't be read: ${oneLine(note.why, 240)}`,
			];
	}
}

function window({ schedule, minutes, timeZone, ignored }: Extract<CaveatNote, { note: "window" }>): string {
	const when = `opens at ${oneLine(schedule)} (cron, ${timeZone}) for ${count(minutes, "minute", "minutes")}`;
	return `${when}; ${ignored ? "ignored: update.ignoreWindow is set" : "no update starts outside the window"}`;
}
