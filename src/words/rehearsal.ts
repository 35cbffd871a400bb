import {
	type Listed,
	outcomeOf,
	type RefusedTable,
	type Rehearsal,
	type RehearsedQueries,
	type RehearsedTables,
} from "../core/rehearsal";
import { type DbVersion, sameVersion } from "../core/version";
import { advice, type Build } from "./advice";
import { count, list, oneLine, withFullStop } from "./text";

const off = 'To update without a rehearsal, set update.rehearsal.policy to "off".';

/**
 * What a rehearsal found, as lines of the caveats, by topic.
 *
 * @param rehearsal Absent if there was none of this version.
 * @example rehearsedLines(rehearsal);
 * // { rehearsed: "2026-11-28: starts on 3 of 3 nodes, loads 214 of 214 tables, accepts 198 of 200 queries", queries: "2 of 200 ..." }
 */
export function rehearsedLines(rehearsal: Rehearsal | undefined): Record<string, string> {
	if (rehearsal === undefined) return { rehearsed: "no; pulumi up does that before it changes anything" };
	const day = rehearsal.at.slice(0, 10);
	const outcome = outcomeOf(rehearsal);
	if (outcome === "left-out") return { rehearsed: `${day}: not possible: ${oneLine(rehearsal.leftOut ?? "", 200)}` };
	if (outcome === "failed")
		return { rehearsed: `${day}: failed; pulumi up tries again: ${failures(rehearsal).join("; ")}` };
	return { rehearsed: `${day}: ${passed(rehearsal)}`, ...detailLines(rehearsal) };
}

/** What deserves a look although it refuses nothing. */
function detailLines({ to, tables, settings, queries }: Rehearsal): Record<string, string> {
	const lines: Record<string, string> = {};
	if (tables !== undefined && tables.notCreated.count > 0)
		lines.tables = `${to} loads these, so the update may go on, but ${to} would refuse a new CREATE with the same definition: ${reasons(tables.notCreated)}`;
	if (settings !== undefined && settings.unknown.count > 0)
		lines.settings = `the cluster sets these, and ${to} does not know them; remove them before the update: ${some(settings.unknown, (name) => oneLine(name, 60))}`;
	if (settings !== undefined && settings.defaults.count > 0)
		lines.defaults = `${settings.defaults.count} change: ${some(settings.defaults, ({ name, from, to }) => `${oneLine(name, 60)} (${value(from)} -> ${value(to)})`)}`;
	if (queries !== undefined && queries.failing.count > 0)
		lines.queries = `accepted by the running version (EXPLAIN), but not by ${to}: ${some(queries.failing, ({ hash, error }) => `normalizedQueryHash ${hash} (${error})`)}`;
	return lines;
}

/**
 * A rehearsal as a list of lines, for a terminal.
 *
 * @param build What a version is on the cluster's platform. Default `image`.
 * @example rehearsalText(rehearsal); // "1.7.1 -> 1.8.0: passed\n  starts on 2 of 2 nodes, loads 12 of 12 tables\n  defaults: ..."
 */
export function rehearsalText(rehearsal: Rehearsal, build?: Build): string {
	const { from, to } = rehearsal;
	const outcome = outcomeOf(rehearsal);
	const lines = {
		passed: () => [
			passed(rehearsal),
			...Object.entries(detailLines(rehearsal)).map(([key, text]) => `${key}: ${text}`),
		],
		failed: () => [...failures(rehearsal), wayOut(rehearsal, build)],
		"left-out": () => [oneLine(rehearsal.leftOut ?? "", 400)],
	}[outcome]();
	const title = { passed: "passed", failed: "failed", "left-out": "not possible" }[outcome];
	return [`${from} -> ${to}: ${title}`, ...lines.map((line) => `  ${line}`)].join("\n");
}

/**
 * Why `pulumi up` begins no update after a rehearsal that failed; what to do about it.
 *
 * @example rehearsalFailedText(rehearsal); // "1.9.0 was rehearsed beside the cluster, and failed: ... No replica was touched. ..."
 */
export function rehearsalFailedText(rehearsal: Rehearsal, build?: Build): string {
	const what = changeOf(rehearsal) === "settings" ? `${rehearsal.to} with the changed settings` : rehearsal.to;
	return `${what} was rehearsed beside the cluster, and failed: ${withFullStop(failures(rehearsal).join("; "))} No replica was touched. ${wayOut(rehearsal, build)}`;
}

/** Why an update is not allowed before a rehearsal passed. */
export function unrehearsedText(to: string, unrehearsed: "none" | "failed" | "left-out" | "expired"): string {
	const why = {
		none: `${to} was not rehearsed on this cluster`,
		failed: `the last rehearsal of ${to} failed`,
		"left-out": `${to} could not be rehearsed on this cluster`,
		expired: `the last rehearsal of ${to} is older than a day`,
	}[unrehearsed];
	return `${why}, and update.rehearsal.policy is "required". Run npx pulumi-dbcluster rehearse <name of the resource> ${to}, which shows ${unrehearsed === "left-out" ? "why" : "what it finds"}, then preview again; or set update.rehearsal.policy to "before".`;
}

/** Progress of a rehearsal. */
export const rehearsalProgress = {
	begins: (to: DbVersion) => `rehearsing ${to} beside the cluster; no replica is touched`,
	failed: (rehearsal: Rehearsal) => `rehearsed ${rehearsal.to}: failed`,
	passed: (rehearsal: Rehearsal) => `rehearsed ${rehearsal.to}: ${passed(rehearsal)}`,
	"left-out": (rehearsal: Rehearsal) =>
		`${rehearsal.to} can't be rehearsed: ${withFullStop(oneLine(rehearsal.leftOut ?? ""))} The update starts without a rehearsal.`,
};

function passed({ places, tables, tablesLeftOut, queries }: Rehearsal): string {
	const starts =
		places.length === 1
			? `starts on ${oneLine(places[0]?.name ?? "", 80)}`
			: `starts on ${places.filter(({ leftOut }) => leftOut === undefined).length} of ${count(places.length, "node", "nodes")}`;
	const loaded = tables && `loads ${tables.loaded} of ${count(totalOf(tables), "table", "tables")}${skippedOf(tables)}`;
	const planned =
		queries && `accepts ${queries.planned} of ${count(triedOf(queries), "query", "queries")}${skippedOf(queries)}`;
	const untried = tablesLeftOut && `its tables could not be tried (${oneLine(tablesLeftOut, 200)})`;
	return [starts, loaded, planned, untried].filter((part) => part !== undefined).join(", ");
}

const totalOf = ({ loaded, refused }: RehearsedTables) => loaded + refused.count;
const triedOf = ({ planned, failing }: RehearsedQueries) => planned + failing.count;
const skippedOf = ({ skipped }: { readonly skipped: number }) => (skipped === 0 ? "" : ` (${skipped} not tried)`);

function failures({ to, places, failure, tables }: Rehearsal): string[] {
	const nodes = places.flatMap(({ name, failure }) =>
		failure === undefined ? [] : [`on ${oneLine(name, 80)}: ${oneLine(failure.words, 300)}`],
	);
	const said = nodes.length > 0 ? nodes : failure === undefined ? [] : [oneLine(failure.words, 300)];
	if (said.length > 0) return [list(said, 4)];
	return tables === undefined
		? []
		: [
				`${to} does not load ${tables.refused.count} of ${count(totalOf(tables), "table", "tables")}: ${reasons(tables.refused)}`,
			];
}

/** The same version is tried again because of other settings. */
const changeOf = ({ from, to }: Rehearsal) => (sameVersion(from, to) ? "settings" : "version");

function wayOut(rehearsal: Rehearsal, build: Build | undefined): string {
	const { to, places, failure, tables } = rehearsal;
	const change = changeOf(rehearsal);
	const cause = failure?.cause ?? places.find((place) => place.failure !== undefined)?.failure?.cause;
	if (cause !== undefined) return `Next: ${advice(cause, { to, change, build })}, and run pulumi up again. ${off}`;
	const names = list(
		(tables?.refused.first ?? []).map(({ name }) => oneLine(name, 80)),
		4,
	);
	const other = change === "settings" ? "or revert the settings that were changed" : "or set another version";
	return `Next: recreate ${names} with a definition that ${to} accepts, or drop what is not needed, and run pulumi up again; ${other}. ${off}`;
}

const reasons = (found: Listed<RefusedTable>) =>
	some(found, ({ name, reason }) => `${oneLine(name, 80)} (${oneLine(reason, 160)})`, 3);

const value = (text: string) => (text === "" ? "empty" : oneLine(text, 40));

function some<T>({ count, first }: Listed<T>, text: (item: T) => string, most = 4): string {
	const shown = first.slice(0, most).map(text);
	return list(count > shown.length ? [...shown, `${count - shown.length} more`] : shown, most + 1);
}

/** Why the command `rehearse` can't begin. */
export const rehearseProblems = {
	which: (name: string | undefined, names: readonly string[]) =>
		name === undefined
			? `this stack has several clusters: ${list(names, 20)}. Name the one to rehearse.`
			: `this stack has no cluster ${oneLine(name, 80)}. It has ${list(names, 20)}.`,
	nowhere: (platform: string) => `on ${platform}, versions can't be rehearsed.`,
	version: (given: string | undefined) =>
		given === undefined
			? "the newest version is unknown, because the catalogue can't be read or is empty. Name the version to rehearse."
			: `${oneLine(given, 80)} is not a DB version. Name three or four numbers separated by dots, such as 1.8.0.`,
	notNewer: (to: string, runs: string) =>
		`the cluster runs ${runs}, and ${to} is not newer. Name a later version to rehearse.`,
};
