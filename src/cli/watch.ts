import { liveClaim } from "../control/claims";
import type { ClusterControl, ReplicaView } from "../control/port";
import { servesAt } from "../core/availability";
import type { ObservedCluster, UpdateMark } from "../core/cluster";
import { parseVersion } from "../core/version";
import { type Clock, systemClock } from "../roll/clock";
import { retrying } from "../roll/retry";
import { outText, type Progress, progressBar, type Sighting, sightingText, watchTexts } from "../words/status";

export interface Watched {
	readonly name: string;
	readonly control: Pick<ClusterControl, "observe" | "look">;
}

export interface Display {
	line(text: string): void;
	/** A footer below the lines, until the next call. Ignored without a terminal. */
	below(texts: readonly string[]): void;
}

const pause = 500;

/**
 * Watches clusters until every update in progress has ended; if there is none, waits for one. Only asks the clusters,
 * so that it shows any update, whoever runs it, and wakes nothing.
 *
 * @throws PlatformError if a cluster can't be asked for about a minute.
 */
export async function watchUpdates(
	watched: readonly Watched[],
	display: Display,
	clock: Clock = systemClock,
): Promise<void> {
	const watches = watched.map((each) => new Watch(each, display, clock));
	for (let waiting = false; ; ) {
		await Promise.all(watches.map((watch) => watch.look()));
		if (watches.some((watch) => watch.seen) && watches.every((watch) => watch.progress === undefined)) break;
		if (!waiting && watches.every((watch) => watch.progress === undefined)) {
			display.line(watchTexts.waiting(watched.map(({ name }) => name)));
			waiting = true;
		}
		display.below(watches.flatMap(({ progress }) => (progress === undefined ? [] : [progressBar(progress)])));
		await clock.sleep(pause);
	}
	display.below([]);
}

/** A drained replica may report that it serves, because its queries continue. */
function phaseOf({ phase, replica }: ReplicaView): string {
	return phase === "serving" && !replica.serving ? outText : phase;
}

class Watch {
	/** Whether an update of it was in progress. */
	seen = false;
	progress: Progress | undefined;
	readonly #control: Watched["control"];
	readonly #told = new Map<string, string>();
	#start = 0;

	constructor(
		private readonly watched: Watched,
		private readonly display: Display,
		private readonly clock: Clock,
	) {
		const { name, control } = watched;
		this.#control = retrying(control, clock, (words) => display.line(watchTexts.retrying(name, words)));
	}

	async look(): Promise<void> {
		const cluster = await this.#control.observe();
		const { mark, record } = cluster ?? {};
		if (cluster === undefined || mark === undefined) return this.#ended(cluster);
		const by = record && liveClaim(record, this.clock.now())?.holder;
		if (by === undefined) return this.#ended(cluster);
		if (this.progress === undefined) {
			this.seen = true;
			this.#start = Date.parse(mark.since);
			this.#told.clear();
			this.display.line(watchTexts.began(this.watched.name, mark, by));
		}
		await this.#tell(cluster, mark);
	}

	async #tell(cluster: ObservedCluster, { from, to, creates }: UpdateMark): Promise<void> {
		const { replicas } = cluster;
		const there = replicas.filter((it) => servesAt(it, to));
		const far = { done: there.length, of: replicas.length };
		const sightings = await Promise.all(
			replicas.map(async (it): Promise<Sighting> => {
				if (!it.serving) return { replica: it.name, phase: phaseOf(await this.#control.look(it.name)) };
				return { replica: it.name, serves: it.version, ...(there.includes(it) && { done: far }) };
			}),
		);
		for (const sighting of sightings) {
			const key =
				"phase" in sighting
					? sighting.phase
					: `serves ${sighting.serves}${sighting.done === undefined ? "" : ", done"}`;
			if (this.#told.get(sighting.replica) === key) continue;
			this.#told.set(sighting.replica, key);
			this.display.line(sightingText(this.watched.name, sighting));
		}
		const seconds = Math.max(0, (this.clock.now() - this.#start) / 1000);
		this.progress = { cluster: this.watched.name, from, to, ...(creates && { creates }), ...far, seconds };
	}

	#ended(cluster: ObservedCluster | undefined): void {
		if (this.progress === undefined) return;
		const { to, creates } = this.progress;
		this.progress = undefined;
		const there = cluster?.replicas.every((it) => servesAt(it, parseVersion(to)));
		const said = cluster?.mark !== undefined ? "stopped" : there ? "finished" : "ended";
		this.display.line(watchTexts[said](this.watched.name, to, creates));
	}
}
