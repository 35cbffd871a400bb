import { knownReleases } from "../../catalogue/known";
import { waitsAfterFirst } from "../../core/canary-queries";
import { type CaveatNote, caveats, switched } from "../../core/caveats";
import { byShard, type ObservedCluster, type Reshaping, reshaped, restored, returned } from "../../core/cluster";
import { isToRoll, plan } from "../../core/plan";
import { type Known, known, type Question, type Release, unknown, type Window } from "../../core/question";
import type { RuleName } from "../../core/refusal";
import { type Rehearsal, type Unrehearsed, unrehearsed } from "../../core/rehearsal";
import { releaseOf } from "../../core/release";
import { decide, restartRules } from "../../core/rules";
import { unlistedFor } from "../../core/stepping-stones";
import { type DbVersion, sameVersion } from "../../core/version";
import { caveatsInput, switchInput } from "../../words/caveats";
import { isKnown, type Valid } from "../args/parse";
import { type InputProblem, refusalOf } from "../args/problem";
import { windowAt } from "../args/window";
import { desiredOf } from "./facts";

/** What the rules say of an update: why it is not allowed, or else what it does. */
export interface Judgement {
	readonly refusals: readonly Reason[];
	/** The input `caveats`; absent where there is nothing to do. */
	readonly caveats?: Record<string, Record<string, string>>;
	/** The cluster is Idle now, and is woken first. */
	readonly wakes?: boolean;
}

type Reason = InputProblem & { readonly rule: RuleName };

/** Judges an update of an existing cluster by the rules, as a preview does: outside its window it may be approved. */
export function judge(
	valid: Valid,
	target: DbVersion,
	cluster: Known<ObservedCluster>,
	catalogue: Known<readonly Release[]>,
	{ notes = [], reshaping, rehearsed }: More = {},
): Judgement {
	const seen = cluster.known && reshaping !== undefined ? known(restored(cluster.value, reshaping)) : cluster;
	const question = { ...questionOf(valid, target, seen, catalogue), unrehearsed: missing(valid, target, rehearsed) };
	const refusals = decide(question).map(refusalOf);
	if (refusals.length > 0 || !cluster.known) return { refusals };
	const said = [
		...notes,
		...notesOn(target, cluster.value, catalogue),
		...rehearsalNote(valid, target, cluster.value, rehearsed),
	];
	return { refusals, ...foresee(valid, target, cluster.value, said, reshaping) };
}

interface More {
	readonly notes?: readonly CaveatNote[];
	readonly reshaping?: Reshaping | undefined;
	/** The last rehearsal; absent where there can be none. */
	readonly rehearsed?: { readonly last?: Rehearsal } | undefined;
}

/** Why the rehearsal that is required is missing. */
function missing(valid: Valid, target: DbVersion, rehearsed: More["rehearsed"]): Unrehearsed | undefined {
	const isRequired = isKnown(valid, "update") && valid.args.update.rehearsal.policy === "required";
	return isRequired && rehearsed !== undefined ? unrehearsed(rehearsed.last, target, Date.now()) : undefined;
}

/** A plan that was saved before a rehearsal expired is carried out after it: whether it has, is no caveat. */
function rehearsalNote(
	valid: Valid,
	target: DbVersion,
	cluster: ObservedCluster,
	rehearsed: More["rehearsed"],
): CaveatNote[] {
	const isOff = !isKnown(valid, "update") || valid.args.update.rehearsal.policy === "off";
	if (isOff || rehearsed === undefined || cluster.mark !== undefined || !plan(cluster, target).upgrades) return [];
	const { last } = rehearsed;
	return [{ note: "rehearsed", ...(last && sameVersion(last.to, target) && { rehearsal: last }) }];
}

/** Judges an update that is about to begin: its window must be open, too. */
export function judgeNow(
	valid: Valid,
	target: DbVersion,
	cluster: Known<ObservedCluster>,
	catalogue: Known<readonly Release[]>,
): readonly Reason[] {
	const window = valid.args.update.ignoreWindow ? undefined : windowNow(valid);
	return decide({ ...questionOf(valid, target, cluster, catalogue), window }).map(refusalOf);
}

/** Why replicas that keep their version may not be restarted now; `undefined` where they may. */
export function judgeWindow(valid: Valid, target: DbVersion, cluster: Known<ObservedCluster>): Reason | undefined {
	return judgeNow(valid, target, cluster, { known: false, why: "" }).find(({ rule }) => rule === "maintenance-window");
}

/** Why replicas that keep their version may not be restarted, whenever that is. */
export function judgeRestart(
	valid: Valid,
	target: DbVersion,
	observed: ObservedCluster,
	reshaping: Reshaping,
): readonly Reason[] {
	const cluster = reshaped(observed, reshaping);
	if (!isToRoll(cluster, target) && !resizes(reshaping)) return [];
	const question = questionOf(valid, target, known(cluster), unknown("it has no say in a restart"));
	return decide(question, restartRules).map(refusalOf);
}

function questionOf(
	valid: Valid,
	target: DbVersion,
	cluster: Known<ObservedCluster>,
	catalogue: Known<readonly Release[]>,
): Question {
	const policy = isKnown(valid, "update") ? valid.args.update.policy : "any";
	const localTables = isKnown(valid, "update") ? valid.args.update.localTables : [];
	return { target, cluster, catalogue, policy, known: knownReleases, localTables };
}

/** What the catalogue says of the target, and does not say of the engines. */
function notesOn(version: DbVersion, cluster: ObservedCluster, catalogue: Known<readonly Release[]>): CaveatNote[] {
	const listed = catalogue.known ? catalogue.value : undefined;
	const unlisted = unlistedFor(cluster, version, { catalogue: listed, known: knownReleases });
	const notes: CaveatNote[] = unlisted === undefined ? [] : [{ note: "engine", ...unlisted }];
	if (!catalogue.known) return [...notes, { note: "catalogue-unknown", why: catalogue.why }];
	const { date, notes: link, deprecated } = releaseOf(version, catalogue.value) ?? {};
	if (link !== undefined || date !== undefined) notes.push({ note: "release", date, link });
	if (deprecated !== undefined) {
		notes.push({ note: "deprecated", ...(deprecated !== true && { reason: deprecated }) });
	}
	return notes;
}

/** The window as it is now; `undefined` where updates are held to none, or that is not known yet. */
export function windowNow(valid: Valid): Window | undefined {
	const { window } = valid.args.update;
	return window === undefined || !isKnown(valid, "update") ? undefined : windowAt(window, new Date());
}

/** A plan that was saved while it was closed is carried out while it is open: whether it is, is no caveat. */
function windowNote(valid: Valid): CaveatNote[] {
	const { window, ignoreWindow } = valid.args.update;
	if (window === undefined || !isKnown(valid, "update")) return [];
	return [{ note: "window", ...window, ignored: ignoreWindow }];
}

/** A change of the size leaves a mark, so that replicas which are down are restarted with it. */
const resizes = ({ joins, leaves, rejoins }: Reshaping) => joins.length + leaves.length + rejoins.length > 0;

/** The input `caveats` of what is to be done to a cluster, also where no rule has a say; absent where that is nothing. */
export function foresee(
	valid: Valid,
	version: DbVersion,
	before: ObservedCluster,
	notes: readonly CaveatNote[],
	reshaping?: Reshaping,
): Pick<Judgement, "caveats" | "wakes"> {
	const cluster = reshaping === undefined ? before : reshaped(returned(before, reshaping), reshaping);
	const rolls = isToRoll(cluster, version);
	const resized = reshaping !== undefined && resizes(reshaping);
	const whole = plan(cluster, version);
	const planned = rolls || resized ? whole : { ...whole, lanes: [] };
	const desired = desiredOf(valid);
	const moves = notes.some(({ note }) => note === "endpoint");
	if (planned.lanes.length === 0 && cluster.mark === undefined && !resized && !moves) {
		const then = switched(cluster, desired);
		return then === undefined ? {} : { caveats: switchInput(cluster.state, then) };
	}
	const said = [...notes];
	const restarts = planned.start !== "Stopped" && planned.lanes.length > 0;
	if (restarts && valid.place?.platform.resetsConnections)
		said.push({ note: "connections-reset", betweenServers: byShard(cluster).size > 1 });
	// An unfinished update goes on at any time.
	if (planned.lanes.length > 0 && rolls && cluster.mark === undefined) said.push(...windowNote(valid));
	const { hold } = valid.args.update;
	if (hold !== undefined && isKnown(valid, "update") && waitsAfterFirst(planned, cluster) !== undefined)
		said.push({ note: "hold", seconds: hold.seconds });
	if (valid.unknown.length > 0) said.push({ note: "unknown-until-update", properties: valid.unknown });
	const does = caveats(planned, cluster, said, reshaping, desired);
	return { caveats: caveatsInput(does), wakes: does.wakes };
}
