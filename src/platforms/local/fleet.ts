import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import type { DbVersion } from "../../core/version";
import { noReplica } from "./answers";
import { claimOfLiving, drainedReplicas } from "./claims";
import { replicaProcess } from "./home";
import { readNumbers } from "./notes";
import { allFolders, emptyRecord, type LocalCluster, replicaFolders } from "./record";
import { type Standing, standingOf } from "./standing";
import type { Store } from "./store";
import { type Kept, type Peers, Supervisor, type WantedReplica } from "./supervisor";

export interface RoutedReplica extends Kept {
	readonly routed: boolean;
	readonly active: number;
}

export interface RouterStatus {
	/** Every replica has served since the cluster was last started. */
	readonly up: boolean;
	/** The port at which it answers clients; none while it has not got one. */
	readonly port?: number;
	/** Why the port of the record is not opened, in one clause. */
	readonly trouble?: string;
	readonly replicas: Readonly<Record<string, RoutedReplica>>;
}

/** How long a request waits for a replica, in milliseconds: when none serves any more, and when the cluster is starting. */
const patience = 15_000;
export const startLimit = 120_000;

/** The replicas of a cluster, kept as its record wants them; and which of them requests may go to. */
export class Fleet implements Peers {
	#file = emptyRecord;
	/** Also of replicas that have left. */
	readonly #supervisors = new Map<string, Supervisor>();
	#drained: ReadonlySet<string> = new Set();
	up = false;
	#turn = 0;
	/** As many wait for a change as there are requests. */
	readonly #changes = new EventEmitter().setMaxListeners(0);
	/** A write is on its way from here, and until all have answered it their numbers differ. */
	#writing = false;

	constructor(
		readonly store: Store,
		readonly sockets: string,
	) {}

	/** As the record has it; `undefined` when it is no more. */
	get cluster(): LocalCluster | undefined {
		return this.#file.cluster;
	}

	/** Reads the record, and has the replicas become what it says. Requests are routed by it once this returns. */
	reload(): void {
		const before = this.cluster;
		this.#file = this.store.latest() ?? emptyRecord;
		const { cluster } = this;
		if (cluster?.desired !== "Started" || before?.desired !== "Started") this.up = false;
		for (const replica of new Set([...(cluster ? allFolders(cluster) : []), ...this.#supervisors.keys()])) {
			const socket = join(this.sockets, `${replica}.sock`);
			const supervisor = this.#supervisors.get(replica) ?? new Supervisor(this.store.folder, replica, socket, this);
			this.#supervisors.set(replica, supervisor);
			supervisor.want(wantedOf(this.store.folder, cluster, replica));
		}
		this.#drained = drainedReplicas(this.#file, Date.now());
		this.changed();
	}

	/** Whether somebody changes the cluster, or began to and has not ended. */
	get changing(): boolean {
		return this.cluster?.mark !== undefined || claimOfLiving(this.#file, Date.now()) !== undefined;
	}

	/** Whether every replica that does not serve may still come to. */
	get hopeful(): boolean {
		return this.#own.every(({ now }) => !now.stuck);
	}

	/** Whether no replica's process runs. */
	get still(): boolean {
		return [...this.#supervisors.values()].every(({ now, process }) => !now.alive && process === undefined);
	}

	/** The version of a replica that reads may go to. */
	get version(): DbVersion | undefined {
		return this.#routed[0]?.now.status?.version;
	}

	/**
	 * A replica that a request may go to, each time another one; throws {@link ClickHouseError} if none serves within the
	 * time that a client may wait.
	 */
	async someRoute(): Promise<Supervisor> {
		const hopeless = () => this.#own.every(({ now }) => now.stuck);
		await this.until(() => this.#routed.length > 0 || hopeless(), this.up ? patience : startLimit);
		const all = this.#routed;
		this.#turn += 1;
		const route = all[this.#turn % all.length];
		if (route !== undefined) return route;
		throw noReplica(`No replica serves: ${this.missing().join("; ")}`);
	}

	/** Takes a write to all replicas, also to those that are to join; `undefined` while one of them is out or lacks something. */
	async writeToAll<T>(send: (n: number, all: readonly Supervisor[]) => Promise<T>): Promise<T | undefined> {
		const all = this.#own;
		const [first] = all;
		if (first === undefined || !all.every((one) => this.#isServing(one))) return undefined;
		const differ = () => {
			const lacking = all.filter(({ replica }) => this.standing(replica, true).kind !== "whole");
			for (const supervisor of lacking) supervisor.doubt();
			return lacking.length > 0;
		};
		if (differ()) return undefined;
		this.#writing = true;
		try {
			return await send(readNumbers(this.store.folder, first.replica).answered + 1, all);
		} finally {
			this.#writing = false;
			differ();
		}
	}

	/** The replicas that are not routed, with what a person should know of each: `db-0-1 is starting`. */
	missing(): string[] {
		const out = this.#own.filter((one) => !this.#isServing(one));
		return out.map(({ replica, now: { phase, trouble } }) => {
			const why = this.#drained.has(replica)
				? "is drained for an update, and serves again after its restart"
				: trouble || `is ${phase}`;
			return `${this.cluster?.name}-${replica} ${why}`;
		});
	}

	async until(holds: () => boolean, milliseconds: number): Promise<void> {
		if (holds()) return;
		const signal = AbortSignal.timeout(milliseconds);
		while (!signal.aborted && !holds()) await once(this.#changes, "change", { signal }).catch(() => {});
	}

	status(port: number | undefined, trouble: string | undefined): RouterStatus {
		const replicas = this.#own.map((one) => [
			one.replica,
			{ ...one.now, routed: this.#isRouted(one), active: one.active },
		]);
		return { up: this.up, ...(port && { port }), ...(trouble && { trouble }), replicas: Object.fromEntries(replicas) };
	}

	standing(replica: string, serves: boolean): Standing {
		if (this.#writing) return { kind: serves ? "whole" : "unsettled" };
		const home = this.store.folder;
		return standingIn(home, this.cluster, replica, (other) => replicaProcess(home, other) !== undefined);
	}

	servingSocket(replica: string): string | undefined {
		const supervisor = this.#supervisors.get(replica);
		return supervisor?.serves ? supervisor.socket : undefined;
	}

	changed(): void {
		const all = this.#own;
		if (all.length > 0 && all.every(({ serves }) => serves)) this.up = this.cluster?.desired === "Started";
		this.#changes.emit("change");
	}

	/** The replicas that the record names, also those that are to join. */
	get #own(): Supervisor[] {
		const { cluster } = this;
		return [...this.#supervisors.values()].filter(({ replica }) => !cluster || cluster.wanted[replica] !== undefined);
	}

	get #routed(): Supervisor[] {
		return this.#own.filter((one) => this.#isRouted(one));
	}

	#isServing({ serves, replica }: Supervisor): boolean {
		return serves && !this.#drained.has(replica);
	}

	#isRouted(one: Supervisor): boolean {
		return this.#isServing(one) && replicaFolders(this.cluster?.replicas ?? 0).includes(one.replica);
	}
}

/** What a replica's data is worth beside that of the cluster's replicas, by the numbers in their folders. */
export function standingIn(
	home: string,
	cluster: LocalCluster | undefined,
	replica: string,
	runs: (replica: string) => boolean,
): Standing {
	const members = replicaFolders(cluster?.replicas ?? 0).map((one) => [one, readNumbers(home, one)] as const);
	return standingOf(replica, readNumbers(home, replica), new Map(members), runs);
}

function wantedOf(home: string, cluster: LocalCluster | undefined, replica: string): WantedReplica | undefined {
	const wanted = cluster?.desired === "Started" ? cluster.wanted[replica] : undefined;
	if (cluster === undefined || wanted === undefined) return undefined;
	const { version, run } = wanted;
	// An engine that is no longer named still has its process started: that fails, and says so.
	const library = cluster.engines[version] ?? join(home, "engines", version);
	return { version, run, library, addon: cluster.addon };
}
