import { type Comparison, comparedWith, compareQueries } from "../core/canary-queries";
import type { ObservedCluster } from "../core/cluster";
import { unchanged } from "./by-others";
import { type Ground, StepStopped } from "./ground";
import { unlessInterrupted } from "./interruption";

/** Seconds between two looks. */
const pause = 5;
/** A log is read from the beginning of the wait, so a long wait reads it less often. */
const readsPerWait = 20;

/**
 * Waits after the first replica that reached the target, and compares the queries that fail there with those that fail
 * on the others. Nothing else is touched meanwhile. Does nothing unless the update is to wait.
 *
 * @param cluster As it was before, for its replicas.
 * @throws {@link StepStopped} if it is worse than allowed, if a replica stops serving, or if it is asked to end; ClaimLost.
 */
export async function holdAfter(ground: Ground, replica: string, cluster: ObservedCluster): Promise<void> {
	const { keeper, clock, report, canary } = ground;
	const others = comparedWith(cluster, replica);
	if (canary === undefined) return;
	const { seconds } = canary;
	const start = clock.now();
	report({ event: "comparing", replica, others, seconds });
	let served: readonly string[] = [];
	for (let next = pause; ; ) {
		unlessInterrupted(ground);
		await keeper.renew();
		served = await stillServing(ground, replica, others, served);
		const elapsed = (clock.now() - start) / 1000;
		const isOver = elapsed >= seconds;
		if (isOver || elapsed >= next) {
			const result = await comparison(ground, replica, others, elapsed, canary.errors);
			if (result?.verdict === "worse")
				throw new StepStopped({ ...result, kind: "worse", than: others, errors: canary.errors }, replica);
			if (isOver) return report({ event: "compared", replica, others, seconds, ...(result && { result }) });
			next = elapsed + Math.max(pause, elapsed / readsPerWait);
		}
		await clock.sleep(Math.min(pause, seconds - elapsed) * 1000);
	}
}

/** Those that serve, the first replica always among them; throws if one of `served` does not any more. */
async function stillServing(
	ground: Ground,
	canary: string,
	others: readonly string[],
	served: readonly string[],
): Promise<string[]> {
	const views = await Promise.all([canary, ...others].map((name) => ground.control.look(name)));
	for (const view of views) await unchanged(ground, view, view.replica.name === canary);
	const lost = views.find(({ replica: { name, serving } }) => !serving && [canary, ...served].includes(name));
	if (lost !== undefined) {
		const { failure } = lost;
		throw new StepStopped({ kind: "stopped-serving", ...(failure && { failure }) }, lost.replica.name);
	}
	return views.flatMap(({ replica }) => (replica.serving ? [replica.name] : []));
}

/** `undefined` if one of the two sides can't say how its queries ended. */
async function comparison(
	{ control }: Ground,
	replica: string,
	others: readonly string[],
	elapsed: number,
	errors: number,
): Promise<Comparison | undefined> {
	const seconds = Math.max(1, Math.ceil(elapsed));
	const [own, ...theirs] = await Promise.all([replica, ...others].map((name) => control.tally?.(name, seconds)));
	const known = theirs.filter((tally) => tally !== undefined);
	return own === undefined || known.length === 0 ? undefined : compareQueries(own, known, errors);
}
