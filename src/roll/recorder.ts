import type { ClusterControl } from "../control/port";
import { availability } from "../core/availability";
import type { ObservedCluster } from "../core/cluster";
import { plan } from "../core/plan";
import type { DbVersion } from "../core/version";
import { type Clock, systemClock } from "./clock";
import type { RollEvent } from "./events";
import { RollStopped, WaitStopped } from "./stopped";
import { type Interval, round, type Timeline } from "./timeline";

export interface RecorderOptions {
	readonly platform: string;
	readonly to: DbVersion;
	readonly writesNeed?: ClusterControl["writesNeed"];
	readonly clock?: Clock;
}

type Condition = Pick<Interval, "is" | "version" | "doing">;

/** One replica so far: its finished intervals, and its current one. */
interface Lane {
	readonly name: string;
	shard: number | undefined;
	readonly intervals: Interval[];
	now: (Condition & { readonly since: number }) | undefined;
}

/**
 * Records the timeline of a rollout from observations of the cluster and from the rollout's events.
 *
 * @example
 * const recorder = new Recorder({ platform: "local", to: version });
 * await roll({ ..., judge: (observed) => recorder.see(observed), report: (event) => recorder.note(event) });
 * recorder.end();
 */
export class Recorder {
	#first: { readonly at: number; readonly cluster: string; readonly from: DbVersion } | undefined;
	#touched = false;
	/** When it ended: what happens later takes no time. */
	#finished: number | undefined;
	/** Replicas that served, and were down when another waited for them. */
	#missed: string[] = [];
	readonly #lanes = new Map<string, Lane>();
	readonly #clock: Clock;

	constructor(private readonly options: RecorderOptions) {
		this.#clock = options.clock ?? systemClock;
	}

	/** Records an observation of the cluster; the first one starts the timeline. */
	see(cluster: ObservedCluster): void {
		const at = this.#first === undefined ? 0 : this.#now();
		this.#first ??= {
			at: this.#clock.now(),
			cluster: cluster.name,
			from: plan(cluster, this.options.to).from,
		};
		for (const { name, shard, serving, version } of cluster.replicas) {
			const lane = this.#lane(name);
			lane.shard = shard;
			if (serving) this.#set(name, { is: "serving", version }, at);
			else if (lane.now === undefined || lane.now.is === "serving") this.#set(name, { is: "down" }, at);
		}
	}

	note(event: RollEvent): void {
		if (this.#first === undefined) return;
		switch (event.event) {
			case "began":
				this.#touched ||= event.steps > 0;
				break;
			case "holding":
				for (const { replica, problem } of event.others) {
					if (problem !== "down" || this.#lane(replica).now?.is !== "serving") continue;
					this.#missed.push(replica);
					this.#set(replica, { is: "down" });
				}
				break;
			case "draining":
				this.#touched = true;
				// It is drained only once the others can take over.
				for (const name of this.#missed.splice(0)) this.#set(name, { is: "serving" });
				// A replica that is down has no clients to drain.
				if (this.#lane(event.replica).now?.is === "serving") this.#set(event.replica, { is: "draining" });
				break;
			case "drained":
				if (this.#lane(event.replica).now?.is === "draining") this.#set(event.replica, { is: "drained" });
				break;
			case "returned":
				this.#set(event.replica, { is: "serving" });
				break;
			case "restarting":
				this.#set(event.replica, { is: "down" });
				break;
			case "progress":
				this.#progress(event.replica, event.phase);
				break;
			case "serving":
				this.#set(event.replica, { is: "serving", version: event.version });
				break;
			case "comparing":
				this.#set(event.replica, { is: "serving", version: this.options.to, doing: "hold" });
				break;
			case "compared":
				this.#set(event.replica, { is: "serving", version: this.options.to });
				break;
			case "joined":
				this.#touched = true;
				for (const name of event.replicas) this.#set(name, { is: "serving", version: this.options.to });
				break;
			case "left":
				this.#close(this.#lane(event.replica));
				break;
			case "finished":
				this.#finished = this.#now();
				break;
		}
	}

	/**
	 * The timeline up to now; `undefined` if no replica was to be touched.
	 *
	 * @param thrown What the rollout, or something after it, threw.
	 */
	end(thrown?: unknown): Timeline | undefined {
		if (this.#first === undefined || !this.#touched) return undefined;
		const { at, cluster, from } = this.#first;
		const error = this.#finished === undefined ? thrown : undefined;
		const seconds = this.#now();
		for (const lane of this.#lanes.values()) this.#close(lane, seconds);
		const replicas = [...this.#lanes.values()]
			// A new replica that never joined belongs to no shard yet.
			.flatMap(({ name, shard, intervals }) => (shard === undefined ? [] : [{ name, shard, intervals }]));
		const { platform, to, writesNeed = "one" } = this.options;
		return {
			format: 1,
			cluster,
			from,
			platform,
			to,
			started: new Date(at).toISOString(),
			seconds,
			outcome: error === undefined ? "finished" : "stopped",
			...(error !== undefined && { stop: stopOf(error) }),
			writesNeed,
			replicas,
			available: availableOver(replicas, writesNeed),
		};
	}

	#progress(name: string, phase: string): void {
		const is = this.#lane(name).now?.is;
		if (is === "serving" || is === "draining" || is === "drained") return;
		const doing = phaseName(phase);
		if (is === undefined || is === "joining") this.#set(name, { is: "joining", doing });
		else if (doing === "stopping" || doing === "stopped") this.#set(name, { is: "down" });
		else this.#set(name, { is: "starting", doing });
	}

	#now(): number {
		return this.#finished ?? round((this.#clock.now() - (this.#first?.at ?? 0)) / 1000);
	}

	#lane(name: string): Lane {
		const lane = this.#lanes.get(name) ?? { name, shard: undefined, intervals: [], now: undefined };
		this.#lanes.set(name, lane);
		return lane;
	}

	#set(name: string, { is, version, doing }: Condition, at = this.#now()): void {
		const lane = this.#lane(name);
		const { now } = lane;
		const known = is === "serving" ? (version ?? lastVersion(lane)) : undefined;
		if (now?.is === is && now.doing === doing && now.version === known) return;
		this.#close(lane, at);
		lane.now = {
			since: at,
			is,
			...(known !== undefined && { version: known }),
			...(doing !== undefined && { doing }),
		};
	}

	#close(lane: Lane, to = this.#now()): void {
		if (lane.now === undefined) return;
		const { since, ...condition } = lane.now;
		if (to > since) lane.intervals.push({ from: since, to, ...condition });
		lane.now = undefined;
	}
}

function lastVersion({ now, intervals }: Lane): DbVersion | undefined {
	return now?.version ?? intervals.findLast(({ version }) => version !== undefined)?.version;
}

/** The phase up to the first quote or number: phases may quote a log. */
function phaseName(phase: string): string {
	return phase
		.replace(/[:;("\d].*/s, "")
		.trim()
		.slice(0, 60);
}

function stopOf(error: unknown): NonNullable<Timeline["stop"]> {
	if (error instanceof RollStopped || error instanceof WaitStopped) {
		const { replica, cause } = error.stop;
		return { ...(replica !== undefined && { replica }), why: cause.kind };
	}
	return { why: "refused" };
}

/** What clients could do, at each moment at which that changed. */
function availableOver(replicas: Timeline["replicas"], writesNeed: Timeline["writesNeed"]): Timeline["available"] {
	const moments = new Set(replicas.flatMap(({ intervals }) => intervals.map(({ from }) => from)).concat(0));
	const shards = [...new Set(replicas.map(({ shard }) => shard))];
	const found: Timeline["available"] = [];
	for (const at of [...moments].sort((a, b) => a - b)) {
		const members = shards.map((shard) => {
			const lanes = replicas.filter((replica) => replica.shard === shard);
			const now = lanes.flatMap(({ intervals }) => intervals.filter(({ from, to }) => from <= at && at < to));
			const members = now.filter(({ is }) => is !== "joining");
			return members.map(({ is }) => ({ serving: is === "serving", readOnly: undefined }));
		});
		const { reads, writes } = availability(members, writesNeed);
		const last = found.at(-1);
		if (last?.reads !== reads || last.writes !== writes) found.push({ at, reads, writes });
	}
	return found;
}
