import { join } from "node:path";
import { errors } from "./answers";
import { claimOfLiving, drainedReplicas } from "./claims";
import { replicaProcess } from "./home";
import { type Numbers, readNumbers } from "./numbers";
import { allFolders, type LocalCluster, type RecordFile, replicaFolders } from "./record";
import { type Standing, standingOf } from "./standing";
import type { Store } from "./store";
import { type Kept, Supervisor } from "./supervisor";

/** A replica that clients' requests may be sent to. */
export interface Route {
	/** `0-1` */
	readonly replica: string;
	readonly socket: string;
	readonly supervisor: Supervisor;
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
	/** Also of replicas that have left. */
	readonly #supervisors = new Map<string, Supervisor>();
	readonly #active = new Map<string, number>();
	#drained: ReadonlySet<string> = new Set();
	#up = false;
	#turn = 0;
	#waiting: (() => void)[] = [];
	/** A write is on its way from here, and until all have answered it their numbers differ. */
	#writing = false;

	constructor(
		readonly store: Store,
		readonly sockets: string,
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
		const current = cluster ?? before;
		for (const replica of new Set([...(current ? allFolders(current) : []), ...this.#supervisors.keys()]))
			this.#supervise(replica).want(wantedOf(this.store.folder, cluster, replica));
		this.refresh();
	}

	/** Looks anew which drains still hold. */
	refresh(): void {
		this.#drained = this.#file === undefined ? new Set() : drainedReplicas(this.#file, Date.now());
		this.#notify();
	}

	/** Whether somebody changes the cluster, or began to and has not ended. */
	get changing(): boolean {
		return (
			this.#file !== undefined &&
			(this.cluster?.mark !== undefined || claimOfLiving(this.#file, Date.now()) !== undefined)
		);
	}

	/** Whether all replicas have served since the cluster was last started. */
	get up(): boolean {
		return this.#up;
	}

	/** The replicas that reads may go to; each time another one comes first. */
	routes(): Route[] {
		const all = this.#own.flatMap(([replica, supervisor]) =>
			this.#isRouted(replica, supervisor) ? [{ replica, socket: supervisor.options.socket, supervisor }] : [],
		);
		this.#turn += 1;
		const first = all.length === 0 ? 0 : this.#turn % all.length;
		return [...all.slice(first), ...all.slice(0, first)];
	}

	/**
	 * Takes one write to all replicas, also to those that are to join; `undefined` while one of them is out, or lacks
	 * something, so that replicas never differ by more than one write.
	 *
	 * @param send gets the number of the write.
	 */
	async writeToAll<T>(send: (n: number, routes: readonly Route[]) => Promise<T>): Promise<T | undefined> {
		const all = this.#own.map(([replica, supervisor]) => ({ replica, socket: supervisor.options.socket, supervisor }));
		if (all.length === 0 || !all.every(({ replica, supervisor }) => this.#isServing(replica, supervisor)))
			return undefined;
		const differ = () => {
			const lacking = all.filter(({ replica }) => this.#standing(replica).kind !== "whole");
			for (const { supervisor } of lacking) supervisor.doubt();
			return lacking.length > 0;
		};
		if (differ()) return undefined;
		this.#writing = true;
		try {
			return await send(readNumbers(this.store.folder, all[0]?.replica ?? "").answered + 1, all);
		} finally {
			this.#writing = false;
			differ();
		}
	}

	/** The replicas that are not routed, with what a person should know of each: `0-1 is starting`. */
	missing(): string[] {
		return this.#own.flatMap(([replica, supervisor]) => {
			if (this.#isServing(replica, supervisor)) return [];
			const { phase, trouble } = supervisor.now;
			const why = this.#drained.has(replica) ? "is being taken out for an update" : trouble ? trouble : `is ${phase}`;
			return [`${this.cluster?.name}-${replica} ${why}`];
		});
	}

	/** Whether every replica that does not serve may still come to. */
	get hopeful(): boolean {
		return this.#own.every(([, { now }]) => !now.stuck);
	}

	/**
	 * A replica that a request may go to; throws {@link QueryError} when none serves, and none comes to in a time that a
	 * client may wait.
	 */
	async someRoute(): Promise<Route> {
		const hopeless = () => this.#own.every(([, { now }]) => now.stuck);
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
		const replicas = this.#own.map(([replica, supervisor]) => [
			replica,
			{ ...supervisor.now, routed: this.#isRouted(replica, supervisor), active: this.#active.get(replica) ?? 0 },
		]);
		return { pid: process.pid, up: this.#up, ...(trouble && { trouble }), replicas: Object.fromEntries(replicas) };
	}

	/** Whether no replica's process runs. */
	get still(): boolean {
		return [...this.#supervisors.values()].every((one) => one.process() === undefined && !one.now.alive);
	}

	/** The replicas that the record names, also those that are to join. */
	get #own(): [replica: string, supervisor: Supervisor][] {
		const { cluster } = this;
		return [...this.#supervisors].filter(([replica]) => cluster === undefined || cluster.wanted[replica] !== undefined);
	}

	#isServing(replica: string, { now }: Supervisor): boolean {
		return now.status?.serving === true && !this.#drained.has(replica);
	}

	#isRouted(replica: string, supervisor: Supervisor): boolean {
		const isMember = replicaFolders(this.cluster?.replicas ?? 0).includes(replica);
		return isMember && this.#isServing(replica, supervisor);
	}

	#supervise(replica: string): Supervisor {
		const known = this.#supervisors.get(replica);
		if (known !== undefined) return known;
		const supervisor: Supervisor = new Supervisor({
			home: this.store.folder,
			replica,
			socket: join(this.sockets, `${replica}.sock`),
			standing: (serves) => {
				if (this.#writing) return { kind: serves ? "whole" : "unsettled" };
				return this.#standing(replica);
			},
			socketOf: (other) => {
				const it = this.#supervisors.get(other);
				return it?.now.status?.serving ? it.options.socket : undefined;
			},
			onChange: () => this.#notify(),
		});
		this.#supervisors.set(replica, supervisor);
		return supervisor;
	}

	#standing(replica: string): Standing {
		const home = this.store.folder;
		return standingOf(replica, readNumbers(home, replica), numbersOf(home, this.cluster), runsIn(home));
	}

	#notify(): void {
		const all = this.#own;
		if (all.length > 0 && all.every(([, { now }]) => now.status?.serving))
			this.#up = this.cluster?.desired === "Started";
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const wake of waiting) wake();
	}
}

/** The numbers of a cluster's replicas, without those that are to join. */
export function numbersOf(home: string, cluster: LocalCluster | undefined): Map<string, Numbers> {
	return new Map(replicaFolders(cluster?.replicas ?? 0).map((replica) => [replica, readNumbers(home, replica)]));
}

const runsIn = (home: string) => (replica: string) => replicaProcess(home, replica) !== undefined;

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
