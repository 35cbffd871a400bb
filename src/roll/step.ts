import type { ReplicaView } from "../control/port";
import { type Problem, problemOf, servesAt } from "../core/availability";
import type { Holdings } from "../core/holdings";
import type { Step } from "../core/plan";
import { type DbVersion, sameVersion } from "../core/version";
import { unchanged } from "./by-others";
import { secondsSince } from "./clock";
import type { Unable } from "./events";
import { type Ground, StepStopped } from "./ground";
import { type Outcome, sightOf, watch } from "./watch";
import { heldBy, isWhole, lossWatch, othersHold, whoLacks } from "./whole-data";

/** A replica that was down is back, and another of its shard is not: that one goes first. */
export class CameBack extends Error {}

/**
 * Takes one replica to the target: waits until the others of its shard can take over and hold what it holds, drains it,
 * lets its queries finish, restarts it, waits while it makes progress, and verifies its version and its data.
 *
 * @param others The other replicas of its shard.
 * @param rest The remaining steps of its shard.
 * @param goOn Throws once the rollout has stopped elsewhere: a step that has not restarted anything yet then stops.
 * @returns the seconds that it was out.
 * @throws {@link StepStopped}, {@link CameBack}, and what the port throws. Unless it was restarted, it serves again.
 */
export async function takeStep(
	ground: Ground,
	step: Step,
	others: readonly string[],
	goOn: () => void,
	rest: readonly Step[],
): Promise<number> {
	const { control, keeper, clock, report, to } = ground;
	await keeper.renew("now");
	if (await isUnderWay(ground, step)) {
		// It may have been loading for hours, and a restart would begin that again.
		const since = clock.now();
		const whole = lossWatch(ground, step.replica, undefined, others);
		if ((await comesUp(ground, step.replica, whole)).kind === "done") {
			await isWhole(ground, step.replica, whole);
			return secondsSince(clock, since);
		}
		goOn();
	}
	const broken = step.broken ? rest.filter((other) => other.broken).map(({ replica }) => replica) : [];
	const left = await clear(ground, step.replica, others, goOn, { broken, returns: true });
	let before: Holdings | undefined;
	try {
		before = await heldBy(ground, step.replica);
		if (before?.volatile !== undefined) throw new StepStopped({ kind: "volatile", words: before.volatile });
		goOn();
		report({ event: "restarting", replica: step.replica, from: step.from, to });
		await keeper.change((claim) => control.restart(claim, step.replica, to));
		ground.given?.add(step.shard);
	} catch (error) {
		await letBack(ground, step.replica);
		throw error;
	}
	const whole = lossWatch(ground, step.replica, before, others);
	const outcome = await comesUp(ground, step.replica, whole, true);
	if (outcome.kind !== "done") throw new StepStopped(outcome);
	if (outcome.value !== "serves") throw new StepStopped({ kind: "wrong-version", runs: outcome.value.runs });
	await isWhole(ground, step.replica, whole);
	return secondsSince(clock, left);
}

/**
 * An earlier rollout restarted it, or it was lost since the plan was made, and it comes back as wanted. Its last
 * version counts only if it is not about to start another one.
 */
async function isUnderWay(ground: Ground, step: Step): Promise<boolean> {
	const { control, to } = ground;
	const view = await control.look(step.replica);
	await unchanged(ground, view);
	const { replica, starting } = view;
	return sameVersion(replica.version ?? starting ?? step.from, to) && replica.outdated !== true;
}

/** Several, because the others may fall behind while the queries of this one finish. */
const tries = 3;

interface Clearing {
	/** Replicas that only their own step may bring back: they are not waited for, {@link CameBack} is thrown. */
	readonly broken?: readonly string[];
	/** It comes back, so the others must hold what it holds. For a removal the port makes sure of that. */
	readonly returns?: boolean;
}

/** Drains a replica at a moment when the others can take over; returns when it left the endpoints. */
export async function clear(
	ground: Ground,
	replica: string,
	others: readonly string[],
	goOn: () => void,
	{ broken = [], returns = false }: Clearing = {},
): Promise<number> {
	const { control, keeper, clock, timing, report } = ground;
	for (let attempt = 1; ; attempt++) {
		const { replica: own, queries } = await control.look(replica);
		// A replica that does not serve need not be replaced.
		const needed = own.serving ? others : [];
		if (own.serving && (await lookAround(ground, broken)).some(({ problem }) => problem === "down"))
			throw new CameBack(`${replica} serves again`);
		await standIn(ground, replica, needed, goOn);
		if (returns) await othersHold(ground, replica, others, own.serving, goOn);
		goOn();
		const left = clock.now();
		try {
			report({ event: "draining", replica, queries });
			await keeper.change((claim) => control.drain(claim, replica));
			const { cut, back } = await queriesEnd(ground, replica, own.serving, left + timing.drainSeconds * 1000, goOn);
			if (back && attempt < tries) continue;
			report({ event: "drained", replica, cut, seconds: secondsSince(clock, left) });
			goOn();
			const unfit = (await lookAround(ground, needed)).map(explained);
			// A replica that was lost with its data may be back already.
			if (returns && unfit.length === 0) unfit.push(...(await whoLacks(ground, replica, others, own.serving)));
			if (unfit.length === 0) return left;
			if (attempt === tries) throw new StepStopped({ kind: "not-safe", others: unfit });
			await keeper.change((claim) => control.undrain(claim, replica));
			report({ event: "returned", replica });
		} catch (error) {
			await letBack(ground, replica);
			throw error;
		}
	}
}

/** Best effort: a more telling error follows, and a later rollout undrains what is left drained. */
export async function letBack({ control, keeper }: Ground, replica: string): Promise<void> {
	await keeper.change((claim) => control.undrain(claim, replica)).catch(() => {});
}

/**
 * Waits for running queries up to a time; returns how many are left, and whether clients reach the replica again: one
 * that was restarted outside Pulumi meanwhile is not drained, and may have rows that no other has.
 */
async function queriesEnd(
	ground: Ground,
	replica: string,
	served: boolean,
	until: number,
	goOn: () => void,
): Promise<{ readonly cut: number; readonly back: boolean }> {
	const { control, keeper, clock } = ground;
	for (let pause = 50; ; pause = Math.min(1000, pause * 1.25)) {
		goOn();
		await keeper.renew();
		const view = await control.look(replica);
		await unchanged(ground, view);
		const { queries } = view;
		const back = view.replica.serving;
		// A replica that can't be asked may be busy, if it was up at all.
		if (back || (queries === undefined ? !served : queries === 0)) return { cut: queries ?? 0, back };
		const rest = until - clock.now();
		if (rest <= 0) return { cut: queries ?? 0, back };
		await clock.sleep(Math.min(pause, rest));
	}
}

/** Waits, while there is progress, until the others can take over from this replica. */
async function standIn(ground: Ground, replica: string, others: readonly string[], goOn: () => void): Promise<void> {
	const { keeper, clock, timing, report, tell } = ground;
	let unfit: readonly Unfit[] = [];
	let told = "";
	const outcome = await watch(clock, timing.stallSeconds, async () => {
		goOn();
		await keeper.renew();
		unfit = await lookAround(ground, others);
		const problems = unfit.map(unable);
		if (unfit.length > 0 && told !== JSON.stringify(problems)) {
			told = JSON.stringify(problems);
			report({ event: "holding", replica, others: problems });
		}
		for (const { view } of unfit) tell(view);
		return { done: unfit.length === 0 ? true : undefined, ...sightOf(unfit.map(({ view }) => view)) };
	});
	if (outcome.kind !== "done") throw new StepStopped({ kind: "not-safe", others: unfit.map(explained) });
}

interface Unfit {
	readonly problem: Problem;
	readonly view: ReplicaView;
}

const unable = ({ problem, view }: Unfit): Unable => ({ replica: view.replica.name, problem });

/** With its cause, even if that may have passed. */
function explained(unfit: Unfit) {
	const { cause, phase: words, failure = cause && { cause, words } } = unfit.view;
	return { ...unable(unfit), ...(failure && { failure }) };
}

/** The replicas that can't take over from another of their shard. */
async function lookAround(ground: Ground, replicas: readonly string[]): Promise<Unfit[]> {
	const views = await Promise.all(replicas.map((name) => ground.control.look(name)));
	for (const view of views) await unchanged(ground, view);
	return views.flatMap((view) => {
		const problem = problemOf(view.replica);
		return problem === undefined ? [] : [{ problem, view }];
	});
}

type CameUp = "serves" | { readonly runs: DbVersion | undefined };

/**
 * Waits, while there is progress, until a restarted replica serves.
 *
 * @param whole Throws if it answers and has less than it had: clients must never reach it then.
 */
async function comesUp(
	ground: Ground,
	name: string,
	whole: () => Promise<boolean>,
	restarted = false,
): Promise<Outcome<CameUp>> {
	const { control, keeper, clock, timing, to, tell } = ground;
	let last: ReplicaView | undefined;
	const outcome = await watch<CameUp>(clock, timing.stallSeconds, async () => {
		await keeper.renew();
		const view = await control.look(name);
		last = view;
		const { serving, version } = view.replica;
		const sight = sightOf([view]);
		if (servesAt(view.replica, to)) return { ...sight, done: "serves" };
		await unchanged(ground, view, restarted);
		if (serving && version !== undefined && !sameVersion(version, to)) {
			return { ...sight, done: { runs: version } };
		}
		// Naming what it has lost takes a second look.
		const isEmpty = view.failure?.cause === "emptied";
		if (!serving && (isEmpty || view.replica.readOnly !== undefined)) await whole();
		tell(view);
		return isEmpty ? { ...sight, failure: undefined } : sight;
	});
	// It serves, but its version stayed unknown.
	if (outcome.kind === "stalled" && last?.replica.serving && last.replica.version === undefined) {
		return { kind: "done", value: { runs: undefined } };
	}
	return outcome;
}
