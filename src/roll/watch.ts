import type { ReplicaView } from "../control/port";
import type { Clock } from "./clock";
import type { Failed, RollEvent, Stalled } from "./events";

interface Sight<T> extends Pick<ReplicaView, "phase" | "failure" | "cause" | "left"> {
	/** Present once it is as it should be. */
	readonly done?: T;
	/** It is within its time limit: not stalled. */
	readonly busy?: boolean;
	/** Everything whose change is progress; so is it when what is `left` falls. */
	readonly marks: string;
}

export type Outcome<T> = { readonly kind: "done"; readonly value: T } | Failed | Stalled;

const firstPause = 25;
const pauseAfterChange = 50;
const longestPause = 1000;

/**
 * Looks again and again until it is done, can't be done, or has shown nothing new for `stallSeconds`. Alternating
 * between the same few phases, as a process in a crash loop does, is no progress. At least four looks pass before that,
 * so that a laptop that slept does not take its own absence for a stall.
 */
export async function watch<T>(clock: Clock, stallSeconds: number, look: () => Promise<Sight<T>>): Promise<Outcome<T>> {
	const seen = new Set<string>();
	let still = 0;
	let last = clock.now();
	let left: number | undefined;
	// Each pause is about an eighth of the wait so far: a quick change is seen immediately, and the platform is spared.
	// One change is often soon followed by the next, so the count starts again then, but not from as little.
	for (let pause = firstPause; ; pause = Math.min(longestPause, pause * 1.12)) {
		const sight = await look();
		if (sight.done !== undefined) return { kind: "done", value: sight.done };
		if (sight.failure !== undefined) return { kind: "failed", ...sight.failure };
		const now = clock.now();
		const fell = (sight.left ?? Number.POSITIVE_INFINITY) < (left ?? 0);
		left = sight.left;
		if (sight.busy && seen.has(sight.marks)) still = 0;
		else if (seen.has(sight.marks) && !fell) {
			const { phase, cause } = sight;
			still += Math.min(now - last, (stallSeconds * 1000) / 4);
			if (still >= stallSeconds * 1000)
				return { kind: "stalled", phase, seconds: stallSeconds, ...(cause !== undefined && { cause }) };
		} else {
			pause = Math.min(pause, pauseAfterChange);
			seen.add(sight.marks);
			still = 0;
		}
		last = now;
		await clock.sleep(pause);
	}
}

export function phaseTeller(report: (event: RollEvent) => void): (view: ReplicaView) => void {
	const told = new Map<string, string>();
	return ({ replica: { name }, phase }) => {
		if (told.get(name) === phase) return;
		told.set(name, phase);
		report({ event: "progress", replica: name, phase });
	};
}

/** One sight of several replicas: about the first that has failed, else the first. */
export function sightOf(views: readonly ReplicaView[]): Omit<Sight<never>, "done"> & { readonly about?: string } {
	const about = views.find(({ failure }) => failure !== undefined) ?? views[0];
	return {
		failure: about?.failure,
		phase: about?.phase ?? "",
		cause: about?.cause,
		left: views.reduce<number | undefined>(
			(sum, { left }) => (left === undefined ? sum : (sum ?? 0) + left),
			undefined,
		),
		busy: views.some(({ busy }) => busy === true),
		marks: views.map(marks).join(),
		about: about?.replica.name,
	};
}

/** What of a replica counts as progress when it changes. */
export function marks({ phase, left, replica }: ReplicaView): string {
	const { version, serving, readOnly, caughtUp, outdated } = replica;
	// Of clients that go on writing there is more to fetch all the time, also while nothing is fetched.
	const doing = left === undefined ? phase : phase.replace(String(left), "#");
	return JSON.stringify([doing, version, serving, readOnly, caughtUp, outdated]);
}
