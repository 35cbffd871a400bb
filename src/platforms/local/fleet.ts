import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errors } from "./answers";
import { drainedReplicas, liveClaim } from "./claims";
import { paths } from "./home";
import { Keeper, type Kept } from "./keeper";
import type { ReplicaStatus } from "./protocol";
import { type LocalCluster, type RecordFile, replicaFolders } from "./record";
import type { EngineOf } from "./standby";
import type { Store } from "./store";

/** A replica that clients' requests may be sent to. */
export interface Route {
	/** `0-1` */
	readonly replica: string;
	readonly socket: string;
	readonly keeper: Keeper;
}

/** One replica in what the router tells of itself. */
export interface RoutedReplica extends Kept {
	readonly routed: boolean;
	/** Requests of clients that it is answering. */
	readonly active: number;
}

/** What the router tells of itself. */
export interface RouterStatus {
	readonly pid: number;
	/** Every replica has served since the cluster was last started. */
	readonly up: boolean;
	/** Why the endpoint does not answer, in one clause. */
	readonly trouble?: string;
	readonly replicas: Readonly<Record<string, RoutedReplica>>;
}

/** How long a request waits for a replica, in milliseconds: when none serves any more, and when the cluster is starting. */
const patience = 15_000;
export const startLimit = 120_000;

/** The replicas of a cluster, kept as its record wants them; and which of them requests may go to. */
export class Fleet {
	#file: RecordFile | undefined;
	readonly #keepers = new Map<string, Keeper>();
	readonly #active = new Map<string, number>();
	#drained: ReadonlySet<string> = new Set();
	#up = false;
	#turn = 0;
	#waiting: (() => void)[] = [];

	constructor(
		readonly store: Store,
		readonly sockets: string,
		/** The number of the last write in the log. */
		readonly lastWrite: () => number,
	) {}

	/** The cluster as its record has it; `undefined` when it is no more. */
	get cluster(): LocalCluster | undefined {
		return this.#file?.cluster;
	}

	/** Reads the record, and has the replicas become what it says. Requests are routed by it once this returns. */
	reload(): void {
		const before = this.cluster;
		this.#file = this.store.read();
		const { cluster } = this;
		if (cluster?.desired !== "Started" || before?.desired !== "Started") this.#up = false;
		for (const replica of replicaFolders((cluster ?? before)?.replicas ?? 0))
			this.#keeper(replica).want(wantedOf(this.store.folder, cluster, replica));
		this.refresh();
	}

	/** Has a process ready for when a replica is to run an engine. */
	prepare(replica: string, engine: EngineOf): void {
		if (this.cluster?.desired === "Started") this.#keepers.get(replica)?.prepare(engine);
	}

	/** Looks anew which drains still hold, and for whom something is kept ready: that ends when whoever wanted it died. */
	refresh(): void {
		this.#drained = this.#file === undefined ? new Set() : drainedReplicas(this.#file, Date.now());
		const isClaimed = this.#file !== undefined && liveClaim(this.#file, Date.now()) !== undefined;
		if (!isClaimed || this.cluster?.desired !== "Started")
			for (const keeper of this.#keepers.values()) keeper.unprepare();
		this.#notify();
	}

	/** Whether somebody changes the cluster, or began to and has not ended. */
	get changing(): boolean {
		return (
			this.#file !== undefined && (this.cluster?.mark !== undefined || liveClaim(this.#file, Date.now()) !== undefined)
		);
	}

	/** Whether all replicas have served since the cluster was last started. */
	get up(): boolean {
		return this.#up;
	}

	/** The replicas that requests may go to; each time another one comes first. */
	routes(): Route[] {
		const all = [...this.#keepers].flatMap(([replica, keeper]) =>
			this.#isRouted(replica, keeper) ? [{ replica, socket: keeper.options.socket, keeper }] : [],
		);
		this.#turn += 1;
		const first = all.length === 0 ? 0 : this.#turn % all.length;
		return [...all.slice(first), ...all.slice(0, first)];
	}

	/** The replicas that are not routed, with what a person should know of each: `0-1 is starting`. */
	missing(): string[] {
		return [...this.#keepers].flatMap(([replica, keeper]) => {
			if (this.#isRouted(replica, keeper)) return [];
			const { phase, trouble } = keeper.now;
			const why = this.#drained.has(replica) ? "is being taken out for an update" : trouble ? trouble : `is ${phase}`;
			return [`${this.cluster?.name}-${replica} ${why}`];
		});
	}

	/** Whether every replica that does not serve may still come to. */
	get hopeful(): boolean {
		return [...this.#keepers.values()].every(({ now }) => !now.stuck);
	}

	/**
	 * A replica that a request may go to; throws {@link QueryError} when none serves, and none comes to in a time that a
	 * client may wait.
	 */
	async someRoute(): Promise<Route> {
		const hopeless = () => [...this.#keepers.values()].every(({ now }) => now.stuck);
		await this.until(() => this.routes().length > 0 || hopeless(), this.#up ? patience : startLimit);
		const [route] = this.routes();
		if (route !== undefined) return route;
		throw errors.noReplica(`No replica serves: ${this.missing().join("; ")}`);
	}

	/** Waits until something holds of the fleet; says whether it came to. */
	async until(holds: () => boolean, milliseconds: number): Promise<boolean> {
		const deadline = performance.now() + milliseconds;
		while (!holds()) {
			const left = deadline - performance.now();
			if (left <= 0) return false;
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, left);
				this.#waiting.push(() => {
					clearTimeout(timer);
					resolve();
				});
			});
		}
		return true;
	}

	/** Counts a request that a replica answers, until the answer is called. */
	count(replica: string): () => void {
		this.#active.set(replica, (this.#active.get(replica) ?? 0) + 1);
		let done = false;
		return () => {
			if (!done) this.#active.set(replica, (this.#active.get(replica) ?? 1) - 1);
			done = true;
		};
	}

	status(trouble: string | undefined): RouterStatus {
		const replicas = [...this.#keepers].map(([replica, keeper]) => [
			replica,
			{ ...keeper.now, routed: this.#isRouted(replica, keeper), active: this.#active.get(replica) ?? 0 },
		]);
		return { pid: process.pid, up: this.#up, ...(trouble && { trouble }), replicas: Object.fromEntries(replicas) };
	}

	/** Whether no replica's process runs. */
	get still(): boolean {
		return [...this.#keepers.values()].every((keeper) => keeper.process() === undefined && !keeper.now.alive);
	}

	#isRouted(replica: string, keeper: Keeper): boolean {
		return keeper.now.status?.serving === true && !this.#drained.has(replica);
	}

	#keeper(replica: string): Keeper {
		const known = this.#keepers.get(replica);
		if (known !== undefined) return known;
		const keeper: Keeper = new Keeper({
			home: this.store.folder,
			replica,
			socket: join(this.sockets, `${replica}.sock`),
			judge: (status) => this.#judge(replica, status),
			onChange: () => this.#notify(),
		});
		this.#keepers.set(replica, keeper);
		return keeper;
	}

	#judge(replica: string, { applied }: ReplicaStatus): "good" | "behind" | { readonly trouble: string } {
		const heldOut = paths.heldOut(this.store.folder, replica);
		if (existsSync(heldOut)) return { trouble: readFileSync(heldOut, "utf8") };
		const last = this.lastWrite();
		if (applied > last)
			return { trouble: `holds write ${applied}, and the log ends at ${last}: a part of the log is lost` };
		return applied < last ? "behind" : "good";
	}

	#notify(): void {
		const all = [...this.#keepers];
		if (all.length > 0 && all.every(([, { now }]) => now.status?.serving))
			this.#up = this.cluster?.desired === "Started";
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const wake of waiting) wake();
	}
}

function wantedOf(home: string, cluster: LocalCluster | undefined, replica: string) {
	const wanted = cluster?.desired === "Started" ? cluster.wanted[replica] : undefined;
	if (cluster === undefined || wanted === undefined) return undefined;
	const { version, run } = wanted;
	// An engine that is no longer named still has its process started: that fails, and says so.
	return {
		version,
		run,
		library: cluster.engines[version] ?? join(home, `no engine is named for ${version}`),
		addon: cluster.addon,
	};
}
