import type { ClusterControl } from "../control/port";
import type { HeldDigest } from "../control/record";
import { type Holdings, lackedBy, tableName } from "../core/holdings";
import { unchanged } from "./by-others";
import type { Unable } from "./events";
import { type Ground, type PlannedGround, StepStopped } from "./ground";
import { digestOf, type Held, holdAll, type Missing, missingFrom } from "./missing-tables";
import { marks, watch } from "./watch";

/** Seconds, for tables that are just being created on all replicas. */
const patience = 15;
/** Seconds until the second look. */
const secondLook = 3;

/** Stores with the cluster what a replica holds right before it is taken out, and which of the others hold that, too. */
export async function remember(
	{ control, keeper, localTables }: Ground,
	replica: string,
	holds: Holdings,
	theirs: readonly Held[] = [],
): Promise<void> {
	const digest = digestOf(holds, localTables, holdAll(holds, theirs, localTables));
	await keeper.change((claim) => control.remember(claim, replica, digest));
}

/**
 * Waits briefly until each of the others holds all that a replica holds.
 *
 * @param serves Whether clients reach the replica; see {@link compared}.
 * @param seen The result of a comparison that was just made.
 * @returns whether it had to wait: what was seen of the others before may not hold any more.
 * @throws {@link StepStopped} naming those that do not.
 */
export async function othersHold(
	ground: Ground,
	replica: string,
	others: readonly string[],
	serves: boolean,
	goOn: () => void,
	seen?: Compared,
): Promise<boolean> {
	if (others.length === 0 || seen?.lacking.length === 0) return false;
	const { keeper, clock, timing, report } = ground;
	let told = "";
	let unfit: readonly Unable[] = [];
	let comparisons = 0;
	const outcome = await watch(clock, Math.min(timing.stallSeconds, patience), async () => {
		goOn();
		await keeper.renew();
		comparisons++;
		unfit = (await compared(ground, replica, others, serves)).lacking;
		for (const { replica: name, problem } of unfit)
			if (problem === "unknown") await unchanged(ground, await ground.control.look(name));
		const now = JSON.stringify(unfit);
		if (unfit.length > 0 && told !== now) report({ event: "holding", replica, others: unfit });
		told = now;
		return { done: unfit.length === 0 || undefined, phase: "", marks: now };
	});
	if (outcome.kind !== "done") throw new StepStopped({ kind: "not-safe", others: unfit });
	return comparisons > 1;
}

export interface Compared {
	/** What the replica holds; `undefined` if it can't be asked. */
	readonly own: Holdings | undefined;
	/** What those of the others hold that could be asked. */
	readonly theirs: readonly Held[];
	/** The others that do not hold all of it, or can't be asked. */
	readonly lacking: readonly Unable[];
}

/**
 * Compares what a replica holds with what the others hold. If clients don't reach it anyway, those that can't be asked
 * don't count: they may need it back first.
 */
export async function compared(
	{ control, localTables }: Ground,
	replica: string,
	others: readonly string[],
	serves: boolean,
): Promise<Compared> {
	const [own, asked] = await Promise.all([control.holds(replica), holdingsOf(control, others)]);
	const lacking = asked.flatMap(({ name, holds }): Unable[] => {
		if (holds === undefined || own === undefined) return serves ? [{ replica: name, problem: "unknown" }] : [];
		return lackedBy(holds, own, localTables).length > 0 ? [{ replica: name, problem: "lacks" }] : [];
	});
	return { own, theirs: answered(asked), lacking };
}

/**
 * Checks whether a replica that came back has all that it had and all that the others of its shard hold, and whether
 * they hold what it has: if several were down, nobody could check when the first came back. Returns false while it does
 * not answer. A replica that says twice that it has less is taken out again if others serve, because its answers would
 * be wrong.
 *
 * @param before What it held; what an earlier process stored with the cluster if this one could not ask.
 * @param theirs What the others held at the same time.
 * @throws {@link StepStopped} naming what is missing.
 */
export function lossWatch(
	ground: Ground,
	replica: string,
	before: Holdings | undefined,
	others: readonly string[],
	theirs?: readonly Held[],
): () => Promise<boolean> {
	const { control, clock, localTables } = ground;
	let since: { readonly missing: string; readonly from: number } | undefined;
	let isWhole = false;
	return async () => {
		// A server has read all table definitions before it answers: what was whole stays whole.
		if (isWhole) return true;
		const [now, theirsNow, record] = await Promise.all([
			control.holds(replica),
			answersOf(control, others),
			before === undefined ? control.record() : undefined,
		]);
		if (now === undefined) return false;
		const digest = record?.held?.[replica];
		const own = { name: replica, holds: knownOf(now, before) };
		const its = missingFrom(now, { holds: before, theirs, digest }, theirsNow, localTables);
		const [found] = [
			...(its === undefined ? [] : [{ ...own, missing: its }]),
			...theirsNow.flatMap((other) => {
				const missing = missingFrom(other.holds, {}, [own], localTables);
				return missing === undefined ? [] : [{ ...other, missing }];
			}),
		];
		isWhole = found === undefined;
		if (found === undefined) return true;
		const { name, holds, missing } = found;
		const words = JSON.stringify([name, missing]);
		if (since?.missing !== words) since = { missing: words, from: clock.now() };
		if (clock.now() - since.from < secondLook * 1000) return false;
		throw await lossOn(ground, name, [replica, ...others], holds, missing, name === replica ? before : undefined);
	};
}

/** A restart brings detached tables back: nobody else needs to have what a replica did not have before. */
function knownOf(now: Holdings, before: Holdings | undefined): Holdings {
	if (before === undefined) return now;
	const known = new Set(before.tables.map(tableName));
	return { ...now, tables: now.tables.filter((table) => known.has(tableName(table))) };
}

/**
 * Makes sure that a replica that serves again is whole, and deletes what the cluster remembers of it.
 *
 * @throws {@link StepStopped}, also from `look`.
 */
export async function isWhole(ground: Ground, replica: string, look: () => Promise<boolean>): Promise<void> {
	const { control, keeper, clock, timing } = ground;
	// A server that loads its tables in the background may not answer for long.
	const outcome = await watch(clock, timing.stallSeconds, async () => {
		await keeper.renew();
		if (await look()) return { done: true, phase: "", marks: "" };
		const view = await control.look(replica);
		await unchanged(ground, view, true);
		const { failure, busy, left } = view;
		return { failure, busy, left, phase: "reporting its list of tables", marks: marks(view) };
	});
	if (outcome.kind !== "done") throw new StepStopped(outcome, replica);
	await keeper.change((claim) => control.remember(claim, replica, undefined));
}

/** The error of a replica that came back with less than it had, once it is kept out. */
async function lossOn(
	ground: Ground,
	name: string,
	others: readonly string[],
	{ at }: Holdings,
	missing: Missing,
	before?: Holdings,
) {
	await keepOut(ground, name, others, before);
	return new StepStopped({ kind: "data-missing", ...missing, ...(at !== undefined && { at }) }, name);
}

/**
 * If another replica serves all that it has, and more, that is stored with the cluster, so that no later rollout lets
 * the replica back before it has that, too. Best effort: a more telling error follows.
 */
async function keepOut(
	ground: Ground,
	replica: string,
	others: readonly string[],
	before: Holdings | undefined,
): Promise<void> {
	const { control, keeper, localTables } = ground;
	const now = await control.holds(replica);
	const own = now && knownOf(now, before);
	const views = await Promise.all(others.map((name) => control.look(name)));
	const serving = views.flatMap((view) => (view.replica.serving ? [view.replica.name] : []));
	const better = (await answersOf(control, serving)).find(({ holds }) => {
		if (own === undefined) return false;
		return lackedBy(own, holds, localTables).length > 0 && lackedBy(holds, own, localTables).length === 0;
	});
	if (better === undefined) return;
	const known = (await control.record())?.held?.[replica];
	const digest = digestOf(better.holds, localTables, [better.name]);
	const change = async () => {
		if (known === undefined) await keeper.change((claim) => control.remember(claim, replica, digest));
		await keeper.change((claim) => control.drain(claim, replica));
	};
	await change().catch(() => {});
}

/**
 * Checks the replicas that an earlier process had taken out and not seen come back whole, before clients reach them
 * again or another is touched.
 *
 * @throws {@link StepStopped} naming the first that came back with less.
 */
export async function remembered(
	ground: PlannedGround,
	held: Readonly<Record<string, HeldDigest>>,
	othersOf: (replica: string) => readonly string[],
): Promise<void> {
	for (const [replica, digest] of Object.entries(held)) {
		const now = await ground.control.holds(replica);
		// A replica that does not answer has a step of its own, which checks it.
		if (now === undefined) ground.unchecked.set(replica, digest);
		else ground.unchecked.delete(replica);
		if (now === undefined) continue;
		const theirs = await answersOf(ground.control, othersOf(replica));
		const missing = missingFrom(now, { digest }, theirs, ground.localTables);
		if (missing === undefined) {
			await ground.keeper.change((claim) => ground.control.remember(claim, replica, undefined));
			continue;
		}
		throw await lossOn(ground, replica, othersOf(replica), now, missing);
	}
}

interface Asked {
	readonly name: string;
	readonly holds: Holdings | undefined;
}

const answered = (asked: readonly Asked[]): Held[] =>
	asked.flatMap(({ name, holds }) => (holds === undefined ? [] : [{ name, holds }]));

const answersOf = async (control: Pick<ClusterControl, "holds">, replicas: readonly string[]) =>
	answered(await holdingsOf(control, replicas));

function holdingsOf(control: Pick<ClusterControl, "holds">, replicas: readonly string[]): Promise<Asked[]> {
	return Promise.all(replicas.map(async (name) => ({ name, holds: await control.holds(name) })));
}
