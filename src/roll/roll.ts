import { ControlError } from "../control/errors";
import type { ClusterControl } from "../control/port";
import { type CanaryHold, waitsAfterFirst } from "../core/canary-queries";
import { byShard, floor, type ObservedCluster, othersOf, type UpdateMark } from "../core/cluster";
import type { LocalTables } from "../core/holdings";
import { type Plan, plan, type Step } from "../core/plan";
import { compareVersions, type DbVersion, sameVersion } from "../core/version";
import { allServe, wakeUp } from "./all-serve";
import { holdAfter } from "./canary-hold";
import { underClaim } from "./claim-keeper";
import { type Clock, secondsSince, systemClock, timestamp } from "./clock";
import { isWhole, lossWatch, remembered } from "./data-loss";
import { CameBack } from "./drain";
import type { RollEvent } from "./events";
import { type Ground, type PlannedGround, StepStopped } from "./ground";
import { unlessInterrupted } from "./interruption";
import { runLanes } from "./lanes";
import { retrying } from "./retry";
import { takeStep } from "./step";
import { changeOf, type Reached, stopOf, stopped } from "./stop";
import { RollStopped } from "./stopped";
import { type Timing, withDefaults } from "./timing";
import { phaseTeller } from "./watch";

export interface RollOptions {
	readonly control: ClusterControl;
	readonly to: DbVersion;
	readonly localTables?: LocalTables;
	/** Waits after the first replica and compares its failed queries with the others'. Default: does not wait. */
	readonly canary?: CanaryHold;
	/** Shown to others as the holder of the claim: `user@host, process 4711`. */
	readonly holder: string;
	readonly timing?: Partial<Timing>;
	readonly clock?: Clock;
	readonly report?: (event: RollEvent) => void;
	/** Aborted, with an {@link Interruption} as its reason, to end it after the replica under way. */
	readonly stop?: AbortSignal;
	/** Checks what was observed right before anything is touched, and again after waking; throws to refuse. */
	readonly judge?: (observed: ObservedCluster) => void | Promise<void>;
}

export interface Rolled {
	/** As observed at the end. */
	readonly cluster: ObservedCluster;
	readonly steps: number;
	readonly seconds: number;
}

/**
 * Takes a cluster to a version and every replica to the current settings, or resumes an interrupted update; what is
 * left to do is read from the cluster, never remembered.
 *
 * @throws {@link RollStopped} when it stopped on trouble; before anything is touched also Claimed, ClaimLost,
 * PlatformError, and what `judge` throws.
 * @example await roll({ control, to: version, holder: "ann@build-7, process 4711", report: console.log });
 */
export async function roll(options: RollOptions): Promise<Rolled> {
	const { control: bare, clock = systemClock, report = () => {}, judge = () => {}, holder, to } = options;
	const { localTables, canary, stop } = options;
	const timing = withDefaults(options.timing);
	const control = retrying(bare, clock, (words) => report({ event: "retrying", words }));
	return underClaim({ control, holder, clock, timing, report, stop }, async (keeper) => {
		const cluster = await observed(control);
		await judge(cluster);
		const ground = { control, keeper, clock, timing, report, to, localTables, canary, stop };
		const rolled = await rollUnder(ground, cluster, { bare, judge });
		return { cluster: await observed(control), ...rolled };
	});
}

export interface RollUnderOptions {
	/** The port without retries, for the report after a stop: the platform was waited for already. */
	readonly bare: ClusterControl;
	/** The cluster's mark is of this very change, which has begun: nothing is resumed. */
	readonly begun?: boolean;
	/** Checks an idle cluster again once it is awake; throws to refuse. */
	readonly judge: (observed: ObservedCluster) => void | Promise<void>;
}

/** {@link roll} under a claim, for a cluster that was just observed and checked. */
export async function rollUnder(
	under: Omit<Ground, "given" | "tell">,
	observedNow: ObservedCluster,
	{ bare, begun = false, judge }: RollUnderOptions,
): Promise<Omit<Rolled, "cluster">> {
	const ground: PlannedGround = { ...under, given: new Set(), unchecked: new Map(), tell: phaseTeller(under.report) };
	const { control, keeper, clock, report, to } = ground;
	const start = clock.now();
	let cluster = observedNow;
	const change = changeOf(plan(cluster, to));
	if (cluster.state === "Idle") {
		const trouble = await wakeUp(ground, cluster, change);
		cluster = await observed(control);
		await judge(cluster);
		// In an unfinished update a replica that does not start is what this rollout is to fix.
		if (trouble !== undefined && cluster.mark === undefined) {
			throw new RollStopped(
				stopOf(cluster, to, trouble.cause, { change, replica: trouble.replica, step: 0, of: 0 }, bare.writesNeed),
			);
		}
		report({ event: "woke", seconds: secondsSince(clock, start) });
	}
	neverBack(cluster, to);
	if (cluster.state !== "Stopped") {
		const found = cluster;
		// Without a mark, too: what was stopped while something was missing may have been started since.
		await lookAtRemembered(ground, found).catch(async (error: unknown) => {
			throw await stopped(error, bare, found, to, { change, step: 0, of: 0 });
		});
		if (found.mark !== undefined) cluster = await letBackDrained(ground, found);
	}

	const planned = plan(cluster, to);
	const of = planned.lanes.flatMap(({ steps }) => steps).length;
	if (of === 0 && cluster.mark === undefined) return { steps: 0, seconds: secondsSince(clock, start) };

	const place: Reached = { change, step: 0, of };
	try {
		unlessInterrupted(ground);
		await mark(ground, planned, cluster.mark);
		report({ event: "began", transition: planned.transition, steps: of, resumes: planned.resumes && !begun });
		if (cluster.state === "Stopped") await noteAll(ground, planned);
		else {
			if (planned.resumes && !planned.creates && !begun) await restIsWhole(ground, planned, cluster);
			await carryOut(ground, planned, cluster, place);
		}
		if (!isLeftUnmade(cluster)) await keeper.change((claim) => control.finish(claim));
	} catch (error) {
		throw await stopped(error, bare, cluster, to, place);
	}
	// Of a cluster that runs, each replica was just seen to serve the target.
	const astray = cluster.state === "Stopped" ? astrayFrom(await observed(control), to) : undefined;
	if (astray !== undefined) throw await stopped(astray, bare, cluster, to, place);
	const seconds = secondsSince(clock, start);
	if (!isLeftUnmade(cluster)) {
		const { transition, creates } = planned;
		report({ event: "finished", transition, seconds, ...(creates && { creates }) });
	}
	return { steps: of, seconds };
}

async function observed(control: ClusterControl): Promise<ObservedCluster> {
	const cluster = await control.observe();
	if (cluster === undefined) throw new ControlError("the cluster to update does not exist");
	return cluster;
}

/** A cluster that is still being created and is stopped: whether it starts shows only once it is started. */
const isLeftUnmade = ({ mark, state }: ObservedCluster) => mark?.creates === true && state === "Stopped";

async function lookAtRemembered(ground: PlannedGround, cluster: ObservedCluster): Promise<void> {
	const { held = {} } = (await ground.control.record()) ?? {};
	const members = Object.entries(held).filter(([name]) => cluster.replicas.some((replica) => replica.name === name));
	await remembered(ground, Object.fromEntries(members), (replica) => othersOf(cluster, replica));
}

/**
 * A rollout that found something missing after its last restart leaves nothing to restart, so the shards without steps
 * are compared again: it must not count as done the next time.
 *
 * @throws {@link StepStopped} naming what is missing.
 */
async function restIsWhole(ground: Ground, { lanes }: Plan, cluster: ObservedCluster): Promise<void> {
	for (const [shard, replicas] of byShard(cluster)) {
		const [first, ...others] = replicas.map(({ name }) => name);
		if (first === undefined || others.length === 0 || lanes.some((lane) => lane.shard === shard)) continue;
		await isWhole(ground, first, lossWatch(ground, first, undefined, others));
	}
}

/** The rules refuse this with a better message; a rollout must not depend on them. */
function neverBack(cluster: ObservedCluster, to: DbVersion): void {
	const lowest = floor(cluster);
	if (lowest === undefined || compareVersions(to, lowest) >= 0) return;
	throw new ControlError(`'${cluster.name}' runs ${lowest}, and a DB version never goes back to ${to}`);
}

/** Resuming the same update keeps the beginning in its mark. */
async function mark({ control, keeper, clock, to }: Ground, planned: Plan, earlier?: UpdateMark): Promise<void> {
	if (sameVersion(earlier?.to, to)) return;
	const creates = earlier?.creates && { creates: earlier.creates };
	await keeper.change((claim) => control.begin(claim, { from: planned.from, to, since: timestamp(clock), ...creates }));
}

/**
 * A rollout that was killed between drain and restart left a healthy replica out of the endpoints: it is added again
 * first, so that it counts as healthy. One that can't be asked may have been kept out because it has less than it had.
 */
async function letBackDrained({ control, keeper, unchecked }: PlannedGround, cluster: ObservedCluster) {
	const down = cluster.replicas.filter(({ name, serving }) => !serving && !unchecked.has(name));
	if (down.length === 0) return cluster;
	for (const { name } of down) await keeper.change((claim) => control.undrain(claim, name));
	return observed(control);
}

/** For a stopped cluster: records the target for each replica's next start. */
async function noteAll(ground: Ground, { lanes }: Plan): Promise<void> {
	const { control, keeper, report, to } = ground;
	const steps = lanes.flatMap((lane) => lane.steps);
	for (const [index, { replica }] of steps.entries()) {
		unlessInterrupted(ground);
		await keeper.renew();
		await keeper.change((claim) => control.restart(claim, replica, to));
		report({ event: "noted", replica, version: to, done: index + 1, of: steps.length });
	}
	const now = await observed(control);
	const astray = astrayFrom(now, to);
	if (astray !== undefined) throw astray;
	// Others have started it meanwhile.
	if (!isOff(now)) await allServe(ground, now);
}

const isOff = ({ state }: ObservedCluster) => state === "Stopped" || state === "Stopping" || state === "Idle";

/**
 * A stopped cluster that others start meanwhile may turn out to run something else than what was noted. A server that
 * can't be asked right now is no such sign.
 */
function astrayFrom({ replicas, state }: ObservedCluster, to: DbVersion): StepStopped | undefined {
	const astray = replicas.find(({ version }) =>
		version === undefined ? state === "Stopped" : !sameVersion(version, to),
	);
	return astray && new StepStopped({ kind: "wrong-version", runs: astray.version }, astray.name);
}

/** For a running cluster: each replica in its turn, then a last look at the whole. */
async function carryOut(ground: PlannedGround, planned: Plan, cluster: ObservedCluster, place: Reached): Promise<void> {
	const { timing, report, to } = ground;
	const wait = waitsAfterFirst(planned, cluster);
	if (wait?.reached !== undefined) await holdAfter(ground, wait.reached, cluster);
	let holds = wait !== undefined && wait.reached === undefined;
	let begun = 0;
	let done = 0;
	let failed = false;
	// A lane has as many turns as steps, but which step a turn takes is decided when it comes.
	const turns = planned.lanes.map(({ steps }) => {
		const rest = [...steps];
		return steps.map(() => rest);
	});
	await runLanes(turns, timing.shardsAtOnce, async (rest, unlessFailed) => {
		const at: Reached = { change: place.change, step: ++begun, of: place.of };
		const goOn = () => {
			unlessFailed();
			unlessInterrupted(ground);
		};
		try {
			goOn();
			const turn = await takeTurn(ground, cluster, rest, goOn, at);
			if (turn === undefined) return;
			report({ event: "serving", ...turn, version: to, done: ++done, of: place.of });
			// The first turn is alone: nothing else begins before it is over.
			if (holds) await holdAfter(ground, turn.replica, cluster);
			holds = false;
		} catch (error) {
			// The first to fail is where the rollout stopped; the others complete after it.
			if (!failed) Object.assign(place, at);
			failed = true;
			throw error;
		}
	});
	place.step = place.of;
	await allServe(ground, cluster);
	// One that could not be asked at the beginning had no step of its own if it came up by itself.
	for (const replica of ground.unchecked.keys())
		await isWhole(ground, replica, lossWatch(ground, replica, undefined, othersOf(cluster, replica)));
}

/** Takes one of a lane's remaining steps; records which replica it is, and returns it with the seconds that it was out. */
async function takeTurn(
	ground: PlannedGround,
	cluster: ObservedCluster,
	rest: Step[],
	goOn: () => void,
	at: Reached,
): Promise<{ readonly replica: string; readonly seconds: number } | undefined> {
	const step = await takeNext(ground, rest);
	if (step === undefined) return undefined;
	const { replica } = step;
	at.replica = replica;
	try {
		return { replica, seconds: await takeStep(ground, step, othersOf(cluster, replica), goOn, rest) };
	} catch (error) {
		if (!(error instanceof CameBack)) throw error;
		rest.push(step);
		return takeTurn(ground, cluster, rest, goOn, at);
	}
}

/**
 * The next step of a lane. Some broken replicas may be back by now: those that are not still go first, because nothing
 * that serves may be restarted while another is down.
 */
async function takeNext({ control }: Ground, rest: Step[]): Promise<Step | undefined> {
	const broken = rest.filter((step) => step.broken);
	const views = await Promise.all(broken.map(({ replica }) => control.look(replica)));
	const next = broken[views.findIndex(({ replica }) => !replica.serving)] ?? rest[0];
	if (next !== undefined) rest.splice(rest.indexOf(next), 1);
	return next;
}
