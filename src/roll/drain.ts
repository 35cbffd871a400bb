import type { Care, ReplicaView } from "../control/port";
import { type Problem, problemOf } from "../core/availability";
import type { Holdings } from "../core/holdings";
import type { DbVersion } from "../core/version";
import { unchanged } from "./by-others";
import { secondsSince } from "./clock";
import { type Compared, compared, othersHold } from "./data-loss";
import type { Unable } from "./events";
import { type Ground, StepStopped } from "./ground";
import type { Held } from "./missing-tables";
import { sightOf, watch } from "./watch";

/** A replica that was down is back, and another of its shard is not: that one goes first. */
export class CameBack extends Error {}

/** Several, because the others may fall behind while the queries of this one finish. */
const tries = 3;

export interface Clearing {
	/** Replicas that only their own step may bring back: they are not waited for, {@link CameBack} is thrown. */
	readonly broken?: readonly string[];
	/** It comes back with this version, so the others must hold what it holds. For a removal the port makes sure of that. */
	readonly next?: DbVersion;
	/** What was just seen of it and of the others. */
	readonly seen?: Sighting & { readonly holdings: Compared };
}

export interface Cleared {
	/** When it left the endpoints. */
	readonly left: number;
	/** What it held after its last query, if it is to come back and could be asked. */
	readonly holds?: Holdings;
	/** What the others held at the same time. */
	readonly theirs?: readonly Held[];
}

/** Drains a replica at a moment when the others can take over. */
export async function clear(
	ground: Ground,
	replica: string,
	others: readonly string[],
	goOn: () => void,
	{ broken = [], next, seen }: Clearing = {},
): Promise<Cleared> {
	const { keeper, control, clock, timing, report } = ground;
	for (let attempt = 1; ; attempt++) {
		const just = attempt === 1 ? seen : undefined;
		// They did not have in time what it wrote: now they must have all of it before it is drained again.
		const care = attempt > 1 ? "exact" : undefined;
		const { own, unfit: before } = just ?? (await sighting(ground, replica, others, care));
		// One that was taken out a moment ago may not show in the endpoints yet: the others are needed while it answers.
		const serving = own.replica.serving || (attempt > 1 && own.queries !== undefined);
		// A replica that does not serve need not be replaced.
		const needed = serving ? others : [];
		const lame = serving ? await lookAround(ground, broken, care) : [];
		if (lame.some(({ problem }) => problem === "down")) throw new CameBack();
		const latest = [...before.filter(({ view }) => !broken.includes(view.replica.name)), ...lame];
		await standIn(ground, replica, needed, goOn, latest, care);
		let waited = next !== undefined && (await othersHold(ground, replica, others, serving, goOn, just?.holdings));
		// One of them may have been restarted outside Pulumi meanwhile: it answers before it serves.
		while (waited) {
			await standIn(ground, replica, needed, goOn, await lookAround(ground, needed));
			waited = await othersHold(ground, replica, others, serving, goOn);
		}
		goOn();
		const left = clock.now();
		try {
			report({ event: "draining", replica, queries: own.queries });
			const running = await keeper.change((claim) => control.drain(claim, replica, next));
			const until = left + timing.drainSeconds * 1000;
			const compare = async () => (next === undefined ? undefined : compared(ground, replica, others, serving));
			// At the same time, to be out for a shorter while: usually no query is left. Nothing is lost to one that ends between
			// the two. What it wrote is on the replica's own volume, which the restart keeps, and none arrives any more; what comes
			// back is compared as "no less than before", so that what it added is only not counted, and what it dropped stops
			// the rollout rather than passing for whole.
			const [{ cut, back, waited: hasWaited, ...end }, first] = await Promise.all([
				queriesEnd(ground, replica, needed, { serving, running, until, goOn }),
				compare(),
			]);
			if (back && attempt < tries) {
				// What said so may be old.
				await keeper.change((claim) => control.undrain(claim, replica));
				continue;
			}
			report({ event: "drained", replica, cut, seconds: secondsSince(clock, left) });
			const unfit = end.unfit.map(explained);
			if (unfit.length === 0) {
				// A replica that was lost with its data may be back already.
				const found = hasWaited ? await compare() : first;
				if (found === undefined || found.lacking.length === 0)
					return { left, holds: found?.own, theirs: found?.theirs };
				unfit.push(...found.lacking);
			}
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
export async function letBack({ control, keeper, unchecked }: Ground, replica: string): Promise<void> {
	if (unchecked?.has(replica)) return;
	await keeper.change((claim) => control.undrain(claim, replica)).catch(() => {});
}

interface Draining {
	/** Whether clients reached it. */
	readonly serving: boolean;
	/** The queries that ran at the end of its drain, if no new one arrived any more. */
	readonly running: number | undefined;
	readonly until: number;
	readonly goOn: () => void;
}

/**
 * Waits for running queries up to a time; returns how many are left, whether clients reach the replica again, and which
 * others can't take over from it now. One that was restarted outside Pulumi meanwhile is not drained, and may have rows
 * that no other has.
 */
async function queriesEnd(
	ground: Ground,
	replica: string,
	others: readonly string[],
	{ serving, running, until, goOn }: Draining,
): Promise<{
	readonly cut: number;
	readonly back: boolean;
	readonly waited: boolean;
	readonly unfit: readonly Unfit[];
}> {
	const { control, keeper, clock } = ground;
	let pause = 50;
	for (let waited = false; ; waited = true) {
		goOn();
		await keeper.renew();
		// Only once no query is left, all written that is with this replica alone until the others have fetched it.
		const around = () => lookAround(ground, others, "exact");
		const [own, early] = await Promise.all([control.look(replica), !waited && running === 0 ? around() : undefined]);
		await unchanged(ground, own);
		const { queries } = own;
		const back = own.replica.serving;
		const rest = until - clock.now();
		// A replica that can't be asked may be busy, if it was up at all.
		if (back || (queries === undefined ? !serving : queries === 0) || rest <= 0) {
			return { cut: queries ?? 0, back, waited, unfit: (queries === 0 && !back && early) || (await around()) };
		}
		await clock.sleep(Math.min(pause, rest));
		pause = Math.min(1000, pause * 1.25);
	}
}

/** Waits, while there is progress, until the others can take over from this replica. */
async function standIn(
	ground: Ground,
	replica: string,
	others: readonly string[],
	goOn: () => void,
	seen: readonly Unfit[],
	care?: Care,
): Promise<void> {
	const { keeper, clock, timing, report, tell } = ground;
	let first: readonly Unfit[] | undefined = others.length === 0 ? [] : seen;
	let unfit: readonly Unfit[] = [];
	let told = "";
	const outcome = await watch(clock, timing.stallSeconds, async () => {
		goOn();
		await keeper.renew();
		unfit = first ?? (await lookAround(ground, others, care));
		first = undefined;
		const problems = unfit.map(unable);
		if (unfit.length > 0 && told !== JSON.stringify(problems)) {
			told = JSON.stringify(problems);
			report({ event: "holding", replica, others: problems });
		}
		for (const { view } of unfit) tell(view);
		return { done: unfit.length === 0 || undefined, ...sightOf(unfit.map(({ view }) => view)) };
	});
	if (outcome.kind !== "done") throw new StepStopped({ kind: "not-safe", others: unfit.map(explained) });
}

/** A replica, and those of the others that can't take over from it, at one moment. */
interface Sighting {
	readonly own: ReplicaView;
	readonly unfit: readonly Unfit[];
}

export async function sighting(
	ground: Ground,
	replica: string,
	others: readonly string[],
	care?: Care,
): Promise<Sighting> {
	const [own, unfit] = await Promise.all([
		// Whether it has caught up itself is not what counts.
		ground.control.look(replica, "brief"),
		lookAround(ground, others, care),
	]);
	await unchanged(ground, own);
	return { own, unfit };
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
async function lookAround(ground: Ground, replicas: readonly string[], care?: Care): Promise<Unfit[]> {
	const views = await Promise.all(replicas.map((name) => ground.control.look(name, care)));
	for (const view of views) await unchanged(ground, view);
	return views.flatMap((view) => {
		const problem = problemOf(view.replica);
		return problem === undefined ? [] : [{ problem, view }];
	});
}
