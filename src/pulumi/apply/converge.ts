import { hostname, userInfo } from "node:os";
import { ControlError } from "../../control/errors";
import { withHolds } from "../../control/holds";
import type { ClusterControl, ClusterSpec } from "../../control/port";
import { type ObservedCluster, type Reshaping, reshaped, restored, runsEverywhere } from "../../core/cluster";
import { plan } from "../../core/plan";
import { known } from "../../core/question";
import type { DbVersion } from "../../core/version";
import { systemClock, timestamp } from "../../roll/clock";
import type { RollEvent } from "../../roll/events";
import type { Ground } from "../../roll/ground";
import { type Hold, type HoldOptions, holding } from "../../roll/hold";
import type { Recorder } from "../../roll/recorder";
import { grow, shrink } from "../../roll/resize";
import { retrying } from "../../roll/retry";
import { roll } from "../../roll/roll";
import { type Timing, withDefaults } from "../../roll/timing";
import { untilState } from "../../roll/wait";
import { phaseTeller } from "../../roll/watch";
import { goneText, strangerText } from "../../words/resource";
import type { Complete } from "../args/complete";
import { Teller } from "../host/engine-log";
import { finishing } from "../host/orphaned";
import { catalogueOf } from "../judge/catalogue";
import { judgeNow, judgeRestart, judgeWindow } from "../judge/judge";
import { mayOwn } from "../judge/ownership";

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
 * Takes a cluster from whatever is there to what is wanted: makes it or takes it up again, stamps it, sets its settings,
 * rolls it to the version, starts or stops it. All that is left to do is read from the cluster, so that it goes on where
 * an earlier run died.
 */
export function converge(wanted: Wanted): Promise<ObservedCluster> {
	const teller = new Teller(wanted.place.name);
	return finishing(() => inSteps(wanted, teller.tell).finally(() => teller.said()));
}

async function inSteps(wanted: Wanted, tell: Report): Promise<ObservedCluster> {
	const { place, args, version, recorder } = wanted;
	const control = place.platform.control(place.name, place.settings, place.pin);
	const start = timestamp(systemClock);
	let begunHere = false;
	const report: Report = (event) => {
		recorder.note(event);
		// The mark that the roll goes on from may be this very run's, made before the size changed.
		tell(event.event === "began" && begunHere ? { ...event, resumes: false } : event);
	};
	const { drainSeconds, stallSeconds, shardsAtOnce } = args.update;
	const timing = withDefaults({ drainSeconds, stallSeconds, shardsAtOnce });
	const options = { control, holder: holder(), clock: systemClock, timing, report } satisfies HoldOptions;

	const judge = (observed: ObservedCluster) => {
		recorder.see(observed);
		begunHere = observed.mark !== undefined && observed.mark.since >= start;
		return refuse(wanted, control, observed);
	};
	const take = async () => {
		const cluster = await holding(options, (hold) => establish(wanted, control, { hold, timing, report }));
		if (isToRoll(cluster, version))
			await roll({ ...options, to: version, localTables: args.update.localTables, judge });
		return cluster;
	};
	// Replicas join a cluster that serves: one that was still being made grows once it does.
	if ((await take()).mark?.creates && !hasSize(await control.record(), args)) await take();
	return holding(options, (hold) => bringTo(wanted, control, hold, report));
}

/** Who holds a claim, for people. */
export function holder(): string {
	return `${userName()}@${hostname()}, process ${process.pid}`;
}

/** A container may run under a number that no user has. */
function userName(): string {
	try {
		return userInfo().username;
	} catch {
		return String(process.getuid?.() ?? "somebody");
	}
}

type Size = Pick<ClusterSpec, "shards" | "replicas">;

const hasSize = (record: Size | undefined, { shards, replicas }: Size) =>
	record?.shards === shards && record.replicas === replicas;

type Report = (event: RollEvent) => void;

interface Means {
	readonly hold: Hold;
	readonly timing: Timing;
	readonly report: Report;
}

/** There is a cluster, it is ours, and it has the settings and the size. */
async function establish(wanted: Wanted, control: ClusterControl, means: Means): Promise<ObservedCluster> {
	const { hold, report } = means;
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
	};
	const record = await control.record();
	if (record === undefined) {
		if (!wanted.mayCreate) throw new ControlError(goneText(place.id));
		await hold.change((claim) => control.create(claim, asked));
		return untilServing(wanted, control, hold, report);
	}
	if (!mayOwn(record, wanted, wanted.formerOwner)) throw new ControlError(strangerText(place.name, record));
	const cluster = await present(wanted, control);
	const spec = cluster.mark?.creates ? { ...asked, ...noLarger(asked, record) } : asked;
	const assessment = await control.assess(spec);
	const reasons = assessment.obstacles.map(({ reason }) => reason);
	if (reasons.length > 0) throw new ControlError(reasons.join("\n"));
	if (cluster.mark !== undefined || !runsEverywhere(cluster, version))
		await refuse(wanted, control, cluster, assessment);
	else await mayRestart(wanted, control, cluster, assessment);
	// Nothing was touched up to here.
	if (record.owner !== owner || record.generation !== generation) {
		await hold.change((claim) => control.adopt(claim, owner, generation));
	}
	return reshape(control, spec, cluster, assessment, { ...means, recorder: wanted.recorder });
}

const noLarger = (asked: Size, has: Size): Size => ({
	shards: Math.min(asked.shards, has.shards),
	replicas: Math.min(asked.replicas, has.replicas),
});

/** Waits until every replica serves, for as long as there is progress. What was still being made is made then. */
async function untilServing(
	{ args }: Wanted,
	control: ClusterControl,
	hold: Hold,
	report: Report,
): Promise<ObservedCluster> {
	const { stallSeconds } = args.update;
	const cluster = await untilState(control, "Started", { stallSeconds, report, keep: () => hold.keep() });
	if (!cluster.mark?.creates) return cluster;
	await hold.change((claim) => control.finish(claim));
	const { mark: _, ...made } = cluster;
	return made;
}

/**
 * Gives the cluster its settings and its size. The mark comes first: whoever dies in the middle leaves a cluster that says
 * so, also to a program that was set back meanwhile and sees no change.
 */
async function reshape(
	bare: ClusterControl,
	spec: ClusterSpec,
	cluster: ObservedCluster,
	{ restarts, joins, leaves, rejoins }: Reshaping,
	{ hold, timing, report, recorder }: Means & Pick<Wanted, "recorder">,
): Promise<ObservedCluster> {
	const { version: to } = spec;
	const clock = systemClock;
	const control = retrying(bare, clock, (words) => report({ event: "retrying", words }));
	const { localTables } = spec;
	const ground: Ground = { control, hold, clock, timing, to, localTables, report, tell: phaseTeller(report) };
	const changes = restarts.length + joins.length + leaves.length + rejoins.length > 0;
	if (changes) recorder.see(cluster);
	if (changes && cluster.mark === undefined) {
		const { from } = plan(cluster, to);
		await hold.change((claim) => control.begin(claim, { from, to, since: timestamp(clock) }));
	}
	await shrink(ground, cluster, leaves);
	await hold.change((claim) => control.configure(claim, spec));
	if (joins.length > 0)
		await grow(
			ground,
			spec,
			joins.map(({ name }) => name),
		);
	return changes ? ((await control.observe()) ?? cluster) : cluster;
}

async function present({ place }: Wanted, control: ClusterControl): Promise<ObservedCluster> {
	const cluster = await control.observe();
	if (cluster === undefined) throw new ControlError(goneText(place.id));
	return cluster;
}

function isToRoll(cluster: ObservedCluster, version: DbVersion): boolean {
	const outdated = cluster.replicas.some((replica) => replica.outdated);
	return cluster.mark !== undefined || outdated || !runsEverywhere(cluster, version);
}

/** The live cluster is judged right before it is touched, whatever preview said. */
async function refuse(
	wanted: Wanted,
	control: ClusterControl,
	observed: ObservedCluster,
	reshaping: Pick<Reshaping, "rejoins"> = { rejoins: [] },
): Promise<void> {
	const [catalogue, cluster] = await Promise.all([catalogueOf(wanted), withHolds(control, observed)]);
	const refusals = judgeNow(wanted, wanted.version, known(restored(cluster, reshaping)), catalogue);
	if (refusals.length > 0) throw new ControlError(refusals.map(({ reason }) => reason).join("\n"));
}

/** Settings that restart replicas wait for the maintenance window, and need replicas that can stand in for each other. */
async function mayRestart(
	wanted: Wanted,
	control: ClusterControl,
	observed: ObservedCluster,
	reshaping: Reshaping,
): Promise<void> {
	const touches = reshaping.restarts.length > 0 || observed.replicas.some(({ outdated }) => outdated);
	const cluster = reshaped(touches ? await withHolds(control, observed) : observed, reshaping);
	const closed = judgeWindow(wanted, wanted.version, known(cluster));
	const refusals = [...(closed === undefined ? [] : [closed]), ...judgeRestart(wanted, wanted.version, cluster)];
	if (refusals.length > 0) throw new ControlError(refusals.map(({ reason }) => reason).join("\n"));
}

/**
 * Started or Stopped, if the arguments say so. What runs is to serve with all replicas in any case, whatever it was that
 * had to be done. An idle cluster is as good as started: a request wakes it.
 */
async function bringTo(wanted: Wanted, control: ClusterControl, hold: Hold, report: Report): Promise<ObservedCluster> {
	const cluster = await present(wanted, control);
	const { state, mark } = cluster;
	const { desiredState, update } = wanted.args;
	const rests = state === "Stopped" || state === "Stopping" || state === "Idle";
	const target = desiredState ?? (rests && !mark?.creates ? state : "Started");
	if (state === target || (state === "Idle" && target === "Started")) return cluster;
	if (target === "Stopped") {
		await hold.change((claim) => control.stop(claim));
		return untilState(control, "Stopped", {
			stallSeconds: update.stallSeconds,
			report,
			keep: () => hold.keep(),
		});
	}
	if (rests) await hold.change((claim) => control.start(claim));
	return untilServing(wanted, control, hold, report);
}
