import type { ClusterRecord } from "../control/record";
import type { UpdateMark } from "../core/cluster";
import { known, unknown } from "../core/question";
import { compareVersions, type DbVersion, sameVersion } from "../core/version";
import { availableText, goneText, strangerText, unreachableText, versionUnknownCaveats } from "../words/resource";
import { catalogueOf, latestOf, listed } from "./catalogue";
import { type Asked, type Found, isUnchanged, refused } from "./found";
import { judge } from "./judge";
import { readCluster } from "./live";
import { mayOwn, resizes } from "./ownership";
import type { Place } from "./place";
import { recall, record } from "./recorded";

/** A check where there is a cluster: of an unchanged one nothing but its record is read. */
export async function checkExisting(asked: Asked, place: Place, itsRecord: ClusterRecord): Promise<Found> {
	const { valid, olds } = asked;
	if (!mayOwn(itsRecord, valid, olds.owner)) return refused("name", strangerText(place.name, itsRecord));
	const resized = resizes(itsRecord, valid);
	const { failures = [], inputs } = await judgeExisting(asked, place, itsRecord);
	return { failures: [...resized, ...failures], inputs };
}

async function judgeExisting(asked: Asked, place: Place, itsRecord: ClusterRecord): Promise<Found> {
	const { mark } = itsRecord;
	const { valid, before, version } = asked;
	if (version === undefined) return { inputs: { caveats: versionUnknownCaveats(valid.unknown) } };
	const toJudge = mark !== undefined || !isUnchanged(asked) || isBehind(itsRecord, version);
	const recording = valid.args.update.judge === "recorded";
	if (!toJudge) tellOfLatest(asked, place);
	if (!toJudge && !recording) return {};

	const cluster = await readCluster(place, itsRecord);
	if (!cluster.known) return checkUnreachable(asked, cluster.why);
	if (cluster.value === undefined) return refused("name", goneText(place.id));
	const kept = recording ? { recorded: record(cluster.value, new Date()) } : {};
	// A create that is taken up again, or --replace: what runs is what counts, and where that is the target all is well.
	const isAtTarget = cluster.value.replicas.every((it) => it.version !== undefined && sameVersion(it.version, version));
	if (!toJudge || (before === undefined && mark === undefined && isAtTarget)) return { inputs: kept };

	const { refusals, caveats } = judge(valid, version, known(cluster.value), await catalogueOf(valid));
	if (refusals.length > 0) return { failures: refusals };
	return { inputs: { ...kept, caveats, ...(mark && { unfinished: markText(mark) }) } };
}

/** A check that can't see the cluster. What does not change needs no look. */
export async function checkUnreachable(asked: Asked, why: string): Promise<Found> {
	const { valid, before, version, olds } = asked;
	const recording = valid.args.update.judge === "recorded";
	const kept = recording ? { recorded: olds.recorded } : {};
	if (version === undefined || isUnchanged(asked)) return { inputs: kept };
	if (Object.keys(olds).length === 0) return refused("name", unreachableText(why));
	const recalled = recording ? recall(olds.recorded, before?.version) : undefined;
	const cluster = recalled === undefined ? unknown(why) : known(recalled.cluster);
	const notes = recalled === undefined ? [] : [{ note: "judged-from-record", at: recalled.at } as const];
	const { refusals, caveats } = judge(valid, version, cluster, await catalogueOf(valid), notes);
	if (refusals.length > 0) return { failures: refusals };
	return { inputs: { ...kept, caveats } };
}

/** The user's own list costs nothing to look at; a catalogue that has to be fetched is left alone. */
function tellOfLatest({ valid, version }: Asked, { name }: Place): void {
	const list = listed(valid);
	const latest = list === undefined ? undefined : latestOf({ known: true, value: list });
	if (version === undefined || latest === undefined || compareVersions(latest, version) <= 0) return;
	console.log(availableText(name, version, latest));
}

/** A state from before an update, or a cluster that another program updated: what runs is newer than what is asked for. */
function isBehind({ openedBy }: ClusterRecord, version: DbVersion): boolean {
	return Object.values(openedBy).some((opened) => compareVersions(opened, version) > 0);
}

/** Names one unfinished update, so that going on with it is a change though no input may differ. */
function markText({ from, to, since }: UpdateMark): string {
	return `${from} -> ${to}, since ${since}`;
}
