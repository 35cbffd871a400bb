import { ControlError } from "../../control/errors";
import { withHolds } from "../../control/holds";
import type { ClusterControl, ClusterSpec } from "../../control/port";
import {
	type ObservedCluster,
	type Reshaping,
	reshaped,
	restored,
	runsEverywhere,
	stopping,
	type UpdateMark,
} from "../../core/cluster";
import { isToRoll, plan } from "../../core/plan";
import { known } from "../../core/question";
import type { State } from "../../core/state";
import { type ClaimOptions, underClaim } from "../../roll/claim-keeper";
import { systemClock, timestamp } from "../../roll/clock";
import type { RollEvent } from "../../roll/events";
import type { Ground } from "../../roll/ground";
import { holder } from "../../roll/holder";
import { interruptionOf } from "../../roll/interruption";
import type { Recorder } from "../../roll/recorder";
import { grow, shrink } from "../../roll/resize";
import { retrying } from "../../roll/retry";
import { rollUnder } from "../../roll/roll";
import { mayGoOn } from "../../roll/stop";
import { withDefaults } from "../../roll/timing";
import { untilState } from "../../roll/until-state";
import { phaseTeller } from "../../roll/watch";
import { withRule } from "../../words/refusals";
import { goneText, strangerText, unrecordedText } from "../../words/resource";
import type { Complete } from "../args/complete";
import type { InputProblem } from "../args/problem";
import { call } from "../host/call";
import { finishing } from "../host/orphaned";
import { Teller } from "../host/teller";
import { catalogueOf } from "../judge/catalogue";
import { judgeNow, judgeRestart, judgeWindow } from "../judge/judge";
import { mayOwn } from "../judge/outcome";
import { rehearseFirst } from "./rehearse";

/** What a cluster is to become. */
export interface Wanted extends Complete {
	/** The token that the cluster is to carry: a delete that knows another one does nothing. */
	readonly generation: string;
	/** Whose it may have been before, besides the owner that the arguments name. */
	readonly formerOwner?: unknown;
	/** Whether it is made where there is none. */
	readonly mayCreate: boolean;
	/** Is told how it goes. */
	readonly recorder: Recorder;
}

/**
 * Takes a cluster from whatever exists to what is wanted: creates it or resumes its creation, stamps it, sets its settings,
 * updates it to the version, starts or stops it. What is left to do is read from the cluster, so that it resumes where an
 * earlier run died.
 */
export function converge(wanted: Wanted): Promise<ObservedCluster> {
	const teller = new Teller(wanted.place.name);
	return finishing(() => underOneClaim(wanted, teller.tell).finally(() => teller.said()));
}

/** All under one claim, so that nobody else changes the cluster in between. */
function underOneClaim(wanted: Wanted, tell: Report): Promise<ObservedCluster> {
	const { place, args, version: to, recorder } = wanted;
	const bare = place.platform.control(place.name, place.settings, place.pin);
	const clock = systemClock;
	const report: Report = (event) => {
		recorder.note(event);
		tell(event);
	};
	const { drainSeconds, stallSeconds, shardsAtOnce, localTables, hold: canary } = args.update;
	const timing = withDefaults({ drainSeconds, stallSeconds, shardsAtOnce });
	const control = retrying(bare, clock, (words) => report({ event: "retrying", words }));
	// A claim that can't be taken is reported immediately, without a retry; one that can't be released expires.
	const claims: ClaimOptions["control"] = {
		claim: (who, seconds) => bare.claim(who, seconds),
		extend: (claim, seconds) => control.extend(claim, seconds),
		release: (claim) => bare.release(claim),
	};
	const { stop } = call.getStore() ?? {};
	return underClaim({ control: claims, holder: holder(), clock, timing, report, stop }, async (keeper) => {
		const ground = { control, keeper, clock, timing, to, localTables, canary, stop, report, tell: phaseTeller(report) };
		const change = { wanted, bare, ground };
		const found = await take(change);
		// Replicas join a cluster that serves: one that was still being made grows once it does.
		if (found?.creates && !hasSize(await bare.record(), args)) await take(change);
		return bringTo(change);
	});
}

interface Change {
	readonly wanted: Wanted;
	/** The port whose calls are made once; those of the ground's are made again when the platform can't be reached. */
	readonly bare: ClusterControl;
	readonly ground: Ground;
}

/** Takes the cluster to its settings, its size and its version; returns the mark that it had before. */
async function take(change: Change): Promise<UpdateMark | undefined> {
	const { wanted, bare, ground } = change;
	const { cluster, found } = await establish(change);
	if (isToRoll(cluster, wanted.version)) {
		wanted.recorder.see(cluster);
		const judge = (woken: ObservedCluster) => {
			wanted.recorder.see(woken);
			return refuse(change, woken);
		};
		await rollUnder(ground, cluster, { bare, begun: found === undefined, judge });
	}
	return found;
}

type Size = Pick<ClusterSpec, "shards" | "replicas">;

const hasSize = (record: Size | undefined, { shards, replicas }: Size) =>
	record?.shards === shards && record.replicas === replicas;

type Report = (event: RollEvent) => void;

/**
 * There is a cluster, it is ours, it may be taken to the version, and it has the settings and the size. What is found is
 * the mark of an update or a creation that stopped midway.
 */
async function establish(change: Change): Promise<{ cluster: ObservedCluster; found?: UpdateMark }> {
	const { wanted, bare, ground } = change;
	const { keeper } = ground;
	const { place, args, version, generation } = wanted;
	const { shards, replicas, owner } = args;
	const asked: ClusterSpec = {
		name: place.name,
		owner,
		generation,
		version,
		shards,
		replicas,
		settings: place.settings,
		localTables: args.update.localTables,
		update: args.update,
		adopt: args.adopt,
		desiredState: args.desiredState,
	};
	const cluster = await bare.observe();
	if (cluster?.record === undefined) {
		if (!wanted.mayCreate) throw new ControlError(unrecordedText(place, cluster));
		await keeper.change((claim) => bare.create(claim, asked));
		const made = await untilServing(change);
		// What others made comes at the version that it runs.
		if (isToRoll(made, version)) await refuse(change, made);
		await rehearseGiven(change, made);
		return { cluster: made };
	}
	const { record, mark: found } = cluster;
	if (!mayOwn(record, wanted, wanted.formerOwner)) throw new ControlError(strangerText(place.name, record));
	const spec = found?.creates ? { ...asked, ...noLarger(asked, record) } : asked;
	const assessed = await bare.assess(spec);
	throwAny(assessed.obstacles);
	const updates = found !== undefined || !runsEverywhere(cluster, version);
	const assessment = args.desiredState === "Stopped" && !updates ? stopping(assessed) : assessed;
	if (updates) await refuse(change, cluster, assessment);
	else await mayRestart(change, cluster, assessment);
	if (cluster.state === "Idle" && found === undefined && assessment.joins.length + assessment.leaves.length > 0) {
		// Who may be removed, and what new ones will lack, only servers that run can say.
		await keeper.change((claim) => bare.wake(claim));
		await until("Started", bare, ground);
		return establish(change);
	}
	await rehearseGiven(change, reshaped(cluster, { ...assessment, joins: [], rejoins: [] }));
	// Nothing was touched up to here.
	if (record.owner !== owner || record.generation !== generation) {
		await keeper.change((claim) => bare.adopt(claim, owner, generation));
	}
	// Before what was scaled away is started for nothing.
	if (assessment.rejoins.length < assessed.rejoins.length) await keeper.change((claim) => bare.stop(claim));
	return { cluster: await reshape(change, spec, cluster, assessment), found };
}

/**
 * Before anything is stored: from then on each pod that is lost would start with it. Whoever has cancelled is not kept
 * waiting for it, because nothing is touched then.
 */
async function rehearseGiven({ wanted, ground }: Change, cluster: ObservedCluster): Promise<void> {
	const isCancelled = interruptionOf(ground.stop) !== undefined;
	if (isToRoll(cluster, wanted.version) && !isCancelled) await rehearseFirst(ground, cluster, wanted);
}

const noLarger = (asked: Size, has: Size): Size => ({
	shards: Math.min(asked.shards, has.shards),
	replicas: Math.min(asked.replicas, has.replicas),
});

/** Waits until every replica serves, for as long as there is progress. What was still being made is made then. */
async function untilServing({ bare, ground }: Change): Promise<ObservedCluster> {
	const cluster = await until("Started", bare, ground);
	if (!cluster.mark?.creates) return cluster;
	await ground.keeper.change((claim) => bare.finish(claim));
	const { mark: _, ...made } = cluster;
	return made;
}

/**
 * Gives the cluster its settings and its size. The mark comes first: a run that dies midway leaves a cluster that says so,
 * also to a program that was reverted meanwhile and sees no change.
 */
async function reshape(
	{ wanted, ground }: Change,
	spec: ClusterSpec,
	cluster: ObservedCluster,
	{ restarts, joins, leaves, rejoins }: Reshaping,
): Promise<ObservedCluster> {
	const { control, keeper, clock, to } = ground;
	const changes = restarts.length + joins.length + leaves.length + rejoins.length > 0;
	if (changes) {
		await mayGoOn(ground, cluster, joins.length + leaves.length > 0 ? "size" : "settings");
		wanted.recorder.see(cluster);
	}
	if (changes && cluster.mark === undefined) {
		const { from } = plan(cluster, to);
		await keeper.change((claim) => control.begin(claim, { from, to, since: timestamp(clock) }));
	}
	await shrink(ground, cluster, leaves);
	await keeper.change((claim) => control.configure(claim, spec));
	if (joins.length > 0)
		await grow(
			ground,
			cluster,
			spec,
			joins.map(({ name }) => name),
		);
	return changes ? ((await control.observe()) ?? cluster) : cluster;
}

/** The live cluster is judged right before it is touched, whatever preview said. */
async function refuse(
	{ wanted, bare }: Change,
	observed: ObservedCluster,
	reshaping: Pick<Reshaping, "rejoins"> = { rejoins: [] },
): Promise<void> {
	const [catalogue, cluster] = await Promise.all([catalogueOf(wanted), withHolds(bare, observed)]);
	throwAny(judgeNow(wanted, wanted.version, known(restored(cluster, reshaping)), catalogue));
}

/** Settings that restart replicas wait for the maintenance window, and need replicas that can stand in for each other. */
async function mayRestart({ wanted, bare }: Change, observed: ObservedCluster, reshaping: Reshaping): Promise<void> {
	const touches = reshaping.restarts.length > 0 || observed.replicas.some(({ outdated }) => outdated);
	const cluster = touches ? await withHolds(bare, observed) : observed;
	const closed = judgeWindow(wanted, wanted.version, known(reshaped(cluster, reshaping)));
	throwAny([...(closed === undefined ? [] : [closed]), ...judgeRestart(wanted, wanted.version, cluster, reshaping)]);
}

/** Every reason at once, each on a line of its own. */
function throwAny(against: readonly Omit<InputProblem, "property">[]): void {
	if (against.length > 0) throw new ControlError(against.map(withRule).join("\n"));
}

/**
 * Started or Stopped, if the arguments say so. What runs is to serve with all replicas in any case, whatever it was that
 * had to be done. An idle cluster is as good as started: a request wakes it.
 */
async function bringTo(change: Change): Promise<ObservedCluster> {
	const { wanted, bare, ground } = change;
	const { desiredState } = wanted.args;
	const cluster = await bare.observe();
	if (cluster === undefined) throw new ControlError(goneText(wanted.place.id));
	const { state, mark } = cluster;
	const rests = state === "Stopped" || state === "Stopping" || state === "Idle";
	const target = desiredState ?? (rests && !mark?.creates ? state : "Started");
	if (state === target || (state === "Idle" && target === "Started")) return cluster;
	if (target === "Stopped") {
		await ground.keeper.change((claim) => bare.stop(claim));
		return until("Stopped", bare, ground);
	}
	// What runs may be a part of it, as after a start that was cut short between two shards.
	await ground.keeper.change((claim) => bare.start(claim));
	return untilServing(change);
}

function until(state: State, bare: ClusterControl, ground: Ground): Promise<ObservedCluster> {
	const { timing, report, keeper, stop } = ground;
	return untilState(bare, state, { stallSeconds: timing.stallSeconds, report, stop, keep: () => keeper.renew() });
}
