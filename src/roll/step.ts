import type { ReplicaView } from "../control/port";
import { servesAt } from "../core/availability";
import type { Step } from "../core/plan";
import { type DbVersion, sameVersion } from "../core/version";
import { unchanged } from "./by-others";
import { secondsSince } from "./clock";
import { compared, isWhole, lossWatch, remember, remembered } from "./data-loss";
import { type Clearing, clear, letBack, sighting } from "./drain";
import { type Ground, type PlannedGround, StepStopped } from "./ground";
import { type Outcome, sightOf, watch } from "./watch";

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
	ground: PlannedGround,
	step: Step,
	others: readonly string[],
	goOn: () => void,
	rest: readonly Step[],
): Promise<number> {
	const { control, keeper, clock, report, to, given, unchecked } = ground;
	const digest = unchecked.get(step.replica);
	if (digest !== undefined) await remembered(ground, { [step.replica]: digest }, () => others);
	const [first, holdings] = await Promise.all([
		sighting(ground, step.replica, others),
		compared(ground, step.replica, others, true),
		keeper.renew("now"),
	]);
	let seen: Clearing["seen"] = { ...first, holdings };
	if (isUnderWay(first.own, step, to)) {
		seen = undefined;
		// It may have been loading for hours, and a restart would begin that again.
		const since = clock.now();
		const whole = lossWatch(ground, step.replica, undefined, others);
		if ((await comesUp(ground, step.replica, whole, { keptOut: digest !== undefined })).kind === "done") {
			await isWhole(ground, step.replica, whole);
			return secondsSince(clock, since);
		}
	}
	const broken = step.broken ? rest.filter((other) => other.broken).map(({ replica }) => replica) : [];
	const { left, holds, theirs } = await clear(ground, step.replica, others, goOn, { broken, next: to, seen });
	try {
		// What is remembered of it is replaced only once it was compared.
		if (holds !== undefined && !unchecked.has(step.replica)) await remember(ground, step.replica, holds, theirs);
		if (holds?.volatile !== undefined) throw new StepStopped({ kind: "volatile", words: holds.volatile });
		goOn();
		report({ event: "restarting", replica: step.replica, from: step.from, to });
		await keeper.change((claim) => control.restart(claim, step.replica, to));
		given.add(step.shard);
	} catch (error) {
		await letBack(ground, step.replica);
		throw error;
	}
	const before = unchecked.has(step.replica) ? undefined : holds;
	const whole = lossWatch(ground, step.replica, before, others, theirs);
	const outcome = await comesUp(ground, step.replica, whole, { restarted: true });
	if (outcome.kind !== "done") throw new StepStopped(outcome);
	if (outcome.value !== "serves") throw new StepStopped({ kind: "wrong-version", runs: outcome.value.runs });
	await isWhole(ground, step.replica, whole);
	return secondsSince(clock, left);
}

/**
 * An earlier rollout restarted it, or it was lost since the plan was made, and it comes back as wanted. Its last
 * version counts only if it is not about to start another one.
 */
function isUnderWay({ replica, starting }: ReplicaView, step: Step, to: DbVersion): boolean {
	return sameVersion(replica.version ?? starting ?? step.from, to) && replica.outdated !== true;
}

type CameUp = "serves" | { readonly runs: DbVersion | undefined };

/**
 * Waits, while there is progress, until a restarted replica serves.
 *
 * @param whole Throws if it answers and has less than it had: clients must never reach it then.
 * @param keptOut Whether an earlier process left it drained: it is let back once it is whole.
 */
async function comesUp(
	ground: Ground,
	name: string,
	whole: () => Promise<boolean>,
	{ restarted = false, keptOut = false },
): Promise<Outcome<CameUp>> {
	const { control, keeper, clock, timing, to, tell } = ground;
	let last: ReplicaView | undefined;
	let isOut = keptOut;
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
		const isAsked = !serving && (isEmpty || isOut || view.replica.readOnly !== undefined);
		if (isAsked && (await whole()) && isOut) {
			await keeper.change((claim) => control.undrain(claim, name));
			isOut = false;
		}
		tell(view);
		return isEmpty ? { ...sight, failure: undefined } : sight;
	});
	// It serves, but its version stayed unknown.
	if (outcome.kind === "stalled" && last?.replica.serving && last.replica.version === undefined) {
		return { kind: "done", value: { runs: undefined } };
	}
	return outcome;
}
