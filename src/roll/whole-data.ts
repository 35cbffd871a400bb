import type { ClusterControl } from "../control/port";
import type { HeldDigest } from "../control/record";
import { type Holdings, lackedBy } from "../core/holdings";
import { unchanged } from "./by-others";
import { type Ground, StepStopped } from "./ground";
import { digestOf, type Missing, missingFrom } from "./holds";
import { marks as marksOf, watch } from "./watch";

/** For what a server tells as soon as it answers; tables that somebody is just making are there by then. */
const patience = 15;

/** What a replica holds right before it is taken out, kept with the cluster too; `undefined` where it can't be asked. */
export async function heldBy({ control, hold, localTables }: Ground, replica: string): Promise<Holdings | undefined> {
	const holds = await control.holds(replica);
	if (holds !== undefined) await hold.change((claim) => control.remember(claim, replica, digestOf(holds, localTables)));
	return holds;
}

/**
 * Waits, for a moment, until each of the others holds all that a replica holds.
 *
 * @throws {@link StepStopped} naming those that do not.
 */
export async function othersHold(
	ground: Ground,
	replica: string,
	holds: Holdings | undefined,
	others: readonly string[],
	goOn: () => void,
): Promise<void> {
	const { control, hold, clock, timing, report, localTables } = ground;
	if (others.length === 0) return;
	let told = "";
	let unfit: { readonly replica: string; readonly problem: "lacks" | "unknown" }[] = [];
	const outcome = await watch(clock, Math.min(timing.stallSeconds, patience), async () => {
		goOn();
		await hold.keep();
		const own = (await control.holds(replica)) ?? holds;
		const theirs = await holdingsOf(control, others);
		unfit = theirs.flatMap(({ name, holds: its }): { replica: string; problem: "lacks" | "unknown" }[] => {
			if (its === undefined || own === undefined) return [{ replica: name, problem: "unknown" }];
			return lackedBy(its, own, localTables).length > 0 ? [{ replica: name, problem: "lacks" }] : [];
		});
		for (const { replica: name, problem } of unfit)
			if (problem === "unknown") await unchanged(ground, await control.look(name));
		const now = JSON.stringify(unfit);
		if (unfit.length > 0 && told !== now) report({ event: "holding", replica, others: unfit });
		told = now;
		return { done: unfit.length === 0 ? true : undefined, phase: "", marks: now };
	});
	if (outcome.kind !== "done") throw new StepStopped({ kind: "not-safe", others: unfit });
}

/**
 * Makes sure that a replica that came back has all that it had and all that the others of its shard hold. One that has
 * not is taken out again where others serve, since its answers would be wrong.
 *
 * @param before what it held; what an earlier process left with the cluster where this one could not ask.
 * @throws {@link StepStopped} naming what is missing.
 */
export async function isWhole(
	ground: Ground,
	replica: string,
	before: Holdings | undefined,
	others: readonly string[],
): Promise<void> {
	const { control, hold, clock, timing, localTables } = ground;
	const digest = before === undefined ? (await control.record())?.held?.[replica] : undefined;
	let missing: Missing | undefined;
	let at: string | undefined;
	let since: { readonly missing: string; readonly from: number } | undefined;
	// A server that loads its tables behind its back may be silent for long; what it says is missing is so after a moment.
	const outcome = await watch(clock, timing.stallSeconds, async () => {
		await hold.keep();
		const now = await control.holds(replica);
		const asked = await holdingsOf(control, others);
		const theirs = asked.flatMap(({ name, holds }) => (holds === undefined ? [] : [{ name, holds }]));
		at = now?.at;
		missing = now && missingFrom(now, { holds: before, digest }, theirs, localTables);
		const whole = now !== undefined && missing === undefined;
		const marks = JSON.stringify(missing ?? null);
		if (since?.missing !== marks) since = { missing: marks, from: clock.now() };
		const lasting = missing !== undefined && clock.now() - since.from >= patience * 1000;
		const view = now === undefined ? await control.look(replica) : undefined;
		if (view !== undefined) await unchanged(ground, view, true);
		return {
			done: whole ? true : undefined,
			failure: lasting ? { cause: "data", words: "data is missing" } : view?.failure,
			phase: "it can't be asked what it holds",
			marks: view === undefined ? marks : marksOf(view),
			busy: view?.busy,
		};
	});
	if (outcome.kind === "done") {
		await hold.change((claim) => control.remember(claim, replica, undefined));
		return;
	}
	if (missing === undefined) throw new StepStopped(outcome, replica);
	await keepOut(ground, replica, others);
	throw new StepStopped({ kind: "data-missing", ...missing, ...(at !== undefined && { at }) }, replica);
}

/** Best effort: it is on the way to an error that says more. */
async function keepOut({ control, hold }: Ground, replica: string, others: readonly string[]): Promise<void> {
	const views = await Promise.all(others.map((name) => control.look(name)));
	if (views.some((view) => view.replica.serving))
		await hold.change((claim) => control.drain(claim, replica)).catch(() => {});
}

/**
 * Looks at the replicas that an earlier process had taken out and not seen come back whole, before clients reach them
 * again or another is touched.
 *
 * @throws {@link StepStopped} naming the first that came back with less.
 */
export async function remembered(
	ground: Ground,
	held: Readonly<Record<string, HeldDigest>>,
	othersOf: (replica: string) => readonly string[],
): Promise<void> {
	for (const [replica, digest] of Object.entries(held)) {
		const now = await ground.control.holds(replica);
		// One that does not answer has a step of its own, which looks once it does.
		if (now === undefined) continue;
		const asked = await holdingsOf(ground.control, othersOf(replica));
		const theirs = asked.flatMap(({ name, holds }) => (holds === undefined ? [] : [{ name, holds }]));
		const missing = missingFrom(now, { digest }, theirs, ground.localTables);
		if (missing === undefined) continue;
		const { at } = now;
		throw new StepStopped({ kind: "data-missing", ...missing, ...(at !== undefined && { at }) }, replica);
	}
}

function holdingsOf(
	control: Pick<ClusterControl, "holds">,
	replicas: readonly string[],
): Promise<{ readonly name: string; readonly holds: Holdings | undefined }[]> {
	return Promise.all(replicas.map(async (name) => ({ name, holds: await control.holds(name) })));
}
