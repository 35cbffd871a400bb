import type { ClusterRecord } from "../../control/record";
import type { CaveatNote } from "../../core/caveats";
import { type ObservedCluster, type Reshaping, runsEverywhere, stopping, type UpdateMark } from "../../core/cluster";
import { type Known, known, unknown } from "../../core/question";
import { type Release, spelledOtherwise } from "../../core/release";
import { compareVersions, type DbVersion, parseVersion } from "../../core/version";
import {
	availableText,
	deletedOutside,
	deletedText,
	goneText,
	notKnownYetCaveats,
	recordedOnlyText,
	scaledText,
	spelledOtherwiseText,
	strangerText,
	unreachableText,
	unseenText,
	wakesText,
	windowText,
} from "../../words/resource";
import type { Home } from "../args/home";
import { endpointOf } from "../args/inputs";
import type { Valid } from "../args/parse";
import { tell } from "../host/teller";
import { latestKnown, sourceOf } from "./catalogue";
import { desiredOf, sizeOf } from "./facts";
import { foresee, type Judgement, judge, judgeRestart, windowNow } from "./judge";
import {
	type CheckInput,
	changes,
	type Found,
	isPinned,
	isRecorded,
	isReset,
	isSwitched,
	isUnchanged,
	mayOwn,
	refused,
} from "./outcome";
import { type Change, recall, record } from "./snapshot";
import { refusing } from "./untried";

/** A check where there is a cluster: of an unchanged one nothing but its record is read. */
export async function checkExisting(asked: CheckInput, place: Home, itsRecord: ClusterRecord): Promise<Found> {
	const { valid, facts, before, version, olds } = asked;
	if (!mayOwn(itsRecord, valid, olds.owner)) return refused("name", strangerText(place.name, itsRecord));
	const { mark } = itsRecord;
	if (version === undefined) return { inputs: { caveats: notKnownYetCaveats(valid.unknown) } };
	const toJudge = mark !== undefined || !isUnchanged(asked) || isPinned(asked) || isBehind(itsRecord, version);
	const recording = isRecorded(asked);
	const { scaled } = itsRecord;
	// A refresh found so; whoever looks without one is not made to ask.
	const deleted = String(olds.unfinished).startsWith(deletedOutside) ? await facts.missing() : [];
	const toAssess =
		mark !== undefined || scaled !== undefined || deleted.length > 0 || isReset(asked) || isResized(valid, itsRecord);
	const toSwitch = isSwitched(asked);
	if (!toJudge) await tellOfLatest(asked, place);
	if (!toJudge && !toAssess && !toSwitch && !recording) return {};

	const seen = await (toJudge || toAssess || recording ? facts.holdings() : facts.cluster());
	if (!seen.known) return checkUnreachable(asked, seen.why);
	const cluster = seen.value;
	if (cluster === undefined) return refused("name", goneText(place.id));
	// What others made may lose its volumes when it is stopped.
	const toStop = desiredOf(valid) === "Stopped" && cluster.state !== "Stopped";
	const mayLose = toStop && (toJudge || toSwitch) && place.platform.isForeign?.(place.settings) === true;
	const assessed = toAssess || mayLose ? await facts.assessment(version, itsRecord) : undefined;
	const isStopOnly = toStop && !toJudge && runsEverywhere(cluster, version);
	const reshaping = isStopOnly && assessed !== undefined ? stopping(assessed) : assessed;
	const change = toJudge || toAssess || toSwitch ? { ...changeOf(asked, version), reshaping } : undefined;
	const kept = recording ? { recorded: record(cluster, olds.recorded, change) } : {};
	const obstacles = await refusing(reshaping?.obstacles ?? [], place.name);
	const drift = {
		...(scaled && { scaled: scaledText(scaled, itsRecord) }),
		...(deleted.length > 0 && { unfinished: deletedText(deleted) }),
	};
	// A create that is taken up again, or --replace: what runs is what counts. Where that is the target, the rest is told.
	const isThere = before === undefined && mark === undefined && runsEverywhere(cluster, version);
	if (!toJudge || isThere) {
		if (reshaping === undefined && !toSwitch) return { inputs: kept };
		// A restart takes what the version's tag is now, or its highest revision.
		const artifact = reshaping?.restarts.length ? await facts.artifact(version) : undefined;
		const foreseen = foresee(valid, version, cluster, [...notesOf(artifact), ...moveOf(asked)], reshaping);
		const refusals = reshaping === undefined ? [] : judgeRestart(valid, version, cluster, reshaping);
		await tellOfNow(valid, foreseen, place.name);
		const { caveats } = foreseen;
		return { failures: [...obstacles, ...refusals], inputs: { ...kept, ...drift, caveats } };
	}
	const { refusals, ...foreseen } = await judgeUpdate(asked, version, known(cluster), reshaping);
	const failures = [...obstacles, ...refusals];
	if (failures.length > 0) return { failures };
	await tellOfNow(valid, foreseen, place.name);
	const { caveats } = foreseen;
	return { inputs: { ...kept, ...drift, caveats, ...(mark && { unfinished: markText(mark) }) } };
}

/** Whether the size differs from the one that the cluster has. */
function isResized(valid: Valid, itsRecord: ClusterRecord): boolean {
	const { shards, replicas } = sizeOf(valid, itsRecord);
	return shards !== itsRecord.shards || replicas !== itsRecord.replicas;
}

/** A check that can't see the cluster. What does not change needs no look. */
export async function checkUnreachable(asked: CheckInput, why: string): Promise<Found> {
	const { valid, version, olds } = asked;
	const recording = isRecorded(asked);
	// What is recorded are the replicas: other changes are judged in the update.
	if (version === undefined || (recording ? isUnchanged(asked) : !changes(asked)))
		return { inputs: recording ? { recorded: olds.recorded } : {} };
	const isNew = Object.keys(olds).length === 0;
	if (isNew || isUnchanged(asked))
		return refused(valid.place?.platform.name ?? "", isNew ? unreachableText(why) : unseenText(why));
	const recalled = recording ? recall(olds.recorded) : undefined;
	const cluster = recalled === undefined ? unknown(why) : known(recalled);
	const { refusals, ...foreseen } = await judgeUpdate(asked, version, cluster);
	if (refusals.length > 0) return { failures: refusals };
	const name = valid.place?.name ?? "";
	await tell(recordedOnlyText(name, why));
	await tellOfNow(valid, foreseen, name);
	const kept = recalled && { recorded: record(recalled, recalled, changeOf(asked, version)) };
	return { inputs: { ...kept, caveats: foreseen.caveats } };
}

/** What the arguments ask for. */
function changeOf({ valid }: CheckInput, version: DbVersion): Change {
	return { version, desired: desiredOf(valid) };
}

/** What changes with time alone, and so is no caveat: whether the window is open, and whether the cluster is Idle. */
async function tellOfNow(valid: Valid, { caveats = {}, wakes }: Omit<Judgement, "refusals">, name: string) {
	if (wakes) await tell(wakesText(name));
	const isHeld = Object.values(caveats).some((lines) => lines.window !== undefined);
	const window = isHeld && !valid.args.update.ignoreWindow ? windowNow(valid) : undefined;
	if (window !== undefined) await tell(windowText(name, window));
}

/** By the rules, and by what the target is on its platform: a version may be listed, and its image gone. */
async function judgeUpdate(
	asked: CheckInput,
	version: DbVersion,
	cluster: Known<ObservedCluster>,
	reshaping?: Reshaping,
): Promise<Judgement> {
	const { valid, facts } = asked;
	// The same whether the cluster is reached: a plan may be saved where it is not, and carried out where it is.
	const notes: CaveatNote[] = isRecorded(asked) ? [{ note: "judged-from-record" }] : [];
	const [catalogue, artifact] = await Promise.all([facts.catalogue(), facts.artifact(version)]);
	notes.push(...notesOf(artifact), ...moveOf(asked));
	await tellOfSpellings(valid, catalogue);
	const rehearsed = await facts.rehearsed();
	const judgement = judge(valid, version, cluster, catalogue, { notes, reshaping, rehearsed });
	if (artifact.known) return judgement;
	const { refusals } = judgement;
	// That it is in no catalogue says the same, and more; and what can't be set anyway needs no image.
	const told = refusals.some(({ rule }) => rule === "known-version" || rule === "no-downgrade");
	const missing = { rule: "known-version", property: "version", reason: artifact.why } as const;
	return { refusals: told ? refusals : [...refusals, missing] };
}

const notesOf = (artifact?: Known<string | undefined>): CaveatNote[] =>
	artifact?.known && artifact.value !== undefined ? [{ note: "artifact", what: artifact.value }] : [];

/** Whether clients find it elsewhere from then on. */
function moveOf({ valid, before }: CheckInput): CaveatNote[] {
	const [from, to] = [before && endpointOf(before), endpointOf(valid)];
	return from === undefined || to === undefined || from === to ? [] : [{ note: "endpoint", from, to }];
}

/** Not a caveat: a plan that was saved would not hold once a tag is pushed. */
async function tellOfSpellings({ place }: Valid, catalogue: Known<readonly Release[]>): Promise<void> {
	const spellings = catalogue.known ? spelledOtherwise(catalogue.value) : [];
	if (place !== undefined && spellings.length > 0) await tell(spelledOtherwiseText(place.name, spellings));
}

/** What costs nothing to look at: the user's own list, and what was fetched for `latest`. Other catalogues are left alone. */
async function tellOfLatest({ valid, version, facts }: CheckInput, { name }: Home): Promise<void> {
	if (parseVersion(valid.version) === undefined) await tellOfSpellings(valid, await facts.catalogue());
	const list = sourceOf(valid)?.list;
	const latest = list && latestKnown(known(list));
	if (version === undefined || latest === undefined || compareVersions(latest, version) <= 0) return;
	await tell(availableText(name, version, latest));
}

/** A state from before an update, or a cluster that another program updated: what runs is newer than what is asked for. */
function isBehind({ openedBy }: ClusterRecord, version: DbVersion): boolean {
	return Object.values(openedBy).some((opened) => compareVersions(opened, version) > 0);
}

/** Names one unfinished update, so that going on with it is a change though no input may differ. */
function markText({ from, to, since, creates }: UpdateMark): string {
	return `${creates ? `creation at ${to}` : `${from} -> ${to}`}, since ${since}`;
}
