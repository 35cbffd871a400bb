import { mustHold, withExtended } from "../../control/claims";
import { ControlError, RecordLost } from "../../control/errors";
import type {
	Assessment,
	Claim,
	ClusterControl,
	ClusterSpec,
	Observation,
	Rehearse,
	ReplicaView,
} from "../../control/port";
import { type ClusterRecord, type HeldDigest, withHeld } from "../../control/record";
import type { QueryTally } from "../../core/canary-queries";
import type { UpdateMark } from "../../core/cluster";
import type { Holdings } from "../../core/holdings";
import type { Rehearsal } from "../../core/rehearsal";
import type { DbVersion } from "../../core/version";
import {
	askRouter,
	carryOut,
	isTaken,
	mustBeFree,
	removeCluster,
	removeData,
	removeReplica,
	running,
	untilEnded,
} from "./carry-out";
import * as changes from "./changes";
import { withLocalClaim, withReleased } from "./claims";
import { standingIn } from "./fleet";
import { holdsOf } from "./holds";
import { replicaProcess, routerProcess, socketPath } from "./home";
import { engineChoice } from "./installed";
import { portTaken } from "./port";
import { allFolders, type LocalCluster, type RecordFile, replicaFolders } from "./record";
import { askProcess } from "./replica-client";
import { folderOf, type LocalSettings, portOf } from "./settings";
import { Store } from "./store";
import { withTrial } from "./trial";
import { type ClusterSight, replicaName, toClusterRecord, viewCluster, viewReplica } from "./view";

/** Observes and changes one cluster of this machine, through its record and its router. */
export class LocalControl implements ClusterControl<LocalSettings> {
	readonly writesNeed = "all";
	readonly #home: string;
	readonly #store: Store;

	constructor(
		readonly name: string,
		readonly settings: LocalSettings,
	) {
		this.#home = folderOf(name, settings);
		this.#store = new Store(this.#home);
	}

	async record(): Promise<ClusterRecord | undefined> {
		const file = this.#read();
		return file?.cluster && toClusterRecord(file.cluster, file.claim, this.#store.openedBy(file.cluster.replicas));
	}

	async observe(): Promise<Observation | undefined> {
		const sight = await this.#look();
		return (
			sight && { ...viewCluster(sight), record: toClusterRecord(sight.cluster, sight.record.claim, sight.openedBy) }
		);
	}

	async look(replica: string): Promise<ReplicaView> {
		const sight = await this.#look();
		return viewReplica(this.#present(sight), this.#folder(sight?.cluster, replica));
	}

	async holds(replica: string): Promise<Holdings | undefined> {
		const folder = this.#folder(this.#read()?.cluster, replica);
		return replicaProcess(this.#home, folder) && holdsOf(this.#home, folder);
	}

	async tally(replica: string, seconds: number): Promise<QueryTally | undefined> {
		const folder = this.#folder(this.#read()?.cluster, replica);
		return askProcess(socketPath(this.#home, folder), `/tally?seconds=${Math.ceil(seconds)}`, 2000);
	}

	async claim(holder: string, seconds: number): Promise<Claim> {
		const change = (record: RecordFile) => withLocalClaim(record, holder, seconds, Date.now());
		const { fence } = await this.#store.change(change, "make");
		return { holder, fence };
	}

	async extend(claim: Claim, seconds: number): Promise<void> {
		await this.#change(claim, (record) => withExtended(record, claim, seconds, Date.now()));
	}

	async release(claim: Claim): Promise<void> {
		await this.#store.change((record) => withReleased(record, claim));
	}

	async begin(claim: Claim, mark: UpdateMark): Promise<void> {
		await this.#changeCluster(claim, (cluster) => ({ ...cluster, mark }));
	}

	async finish(claim: Claim): Promise<void> {
		await this.#changeCluster(claim, ({ mark: _, ...cluster }) => cluster);
	}

	async remember(claim: Claim, replica: string, digest: HeldDigest | undefined): Promise<void> {
		await this.#changeCluster(claim, (cluster) => {
			this.#folder(cluster, replica);
			return { ...cluster, held: withHeld(cluster.held, replica, digest) };
		});
	}

	async drain(claim: Claim, replica: string): Promise<undefined> {
		await this.#drainUnder(claim.fence, claim, replica);
	}

	async undrain(claim: Claim, replica: string): Promise<void> {
		await this.#drainUnder(undefined, claim, replica);
	}

	async restart(claim: Claim, replica: string, version: DbVersion): Promise<void> {
		const engines = await engineChoice(this.settings);
		const after = await this.#changeCluster(claim, (before) => {
			const cluster = changes.withEngines(before, engines);
			const folder = this.#folder(cluster, replica);
			changes.mustRun(cluster, [folder], version, this.#store);
			const run = (cluster.wanted[folder]?.run ?? 0) + 1;
			return { ...cluster, wanted: { ...cluster.wanted, [folder]: { version, run } } };
		});
		// Where nothing runs, as after the machine was restarted, the cluster is Stopped and stays so.
		if (running(this.#home, after).length > 0) await carryOut(this.#home, after);
	}

	async rehearse(
		claim: Claim,
		version: DbVersion,
		stallSeconds: number,
		use: Rehearse,
	): Promise<Rehearsal | undefined> {
		const choice = await engineChoice(this.settings);
		const sight = this.#present(await this.#look());
		mustHold(sight.record, claim);
		changes.mustRun(changes.withEngines(sight.cluster, choice), [], version, this.#store);
		const found = await withTrial({ home: this.#home, sight, choice, version, stallSeconds }, (trial) =>
			use(trial, sight.cluster.rehearsed),
		);
		if (found !== undefined) await this.#changeCluster(claim, (now) => ({ ...now, rehearsed: found }));
		return found;
	}

	async create(claim: Claim, spec: ClusterSpec<LocalSettings>): Promise<void> {
		const engines = await engineChoice(spec.settings);
		const port = portOf(spec.name, spec.settings);
		if (this.#read()?.cluster === undefined) await mustBeFree(this.#home, this.name, port);
		const file = await this.#change(claim, (record) => {
			changes.mustBeOurs(record, spec, this.#home);
			const { cluster } = record;
			if (cluster !== undefined) return { ...record, cluster: { ...cluster, generation: spec.generation } };
			const fresh = changes.freshCluster(spec, port, engines);
			changes.mustRun(fresh, replicaFolders(spec.replicas), spec.version, this.#store);
			const { retained: _, ...rest } = record;
			return { ...rest, cluster: fresh };
		});
		await carryOut(this.#home, this.#present(file.cluster));
	}

	async adopt(claim: Claim, owner: string, generation: string): Promise<void> {
		await this.#changeCluster(claim, (cluster) => ({ ...cluster, owner, generation }));
	}

	async assess(spec: Omit<ClusterSpec<LocalSettings>, "generation">): Promise<Assessment> {
		const cluster = this.#present(this.#read()?.cluster);
		const runs = cluster.desired !== "Stopped" && routerProcess(this.#home) !== undefined;
		const found = changes.assessment(cluster, spec, runs);
		const port = portOf(spec.name, spec.settings);
		if (port === cluster.port || !(await isTaken(this.#home, port))) return found;
		return { ...found, obstacles: [...found.obstacles, { property: "local.port", reason: portTaken(port) }] };
	}

	async configure(claim: Claim, spec: ClusterSpec<LocalSettings>): Promise<void> {
		const engines = await engineChoice(spec.settings);
		const port = portOf(spec.name, spec.settings);
		const { cluster } = mustHold(this.#present(this.#read()), claim);
		const before = this.#present(cluster);
		if (before.port !== port) await mustBeFree(this.#home, this.name, port);
		// What an earlier replica left in the folder of one that is to join must not be taken for its data.
		for (const folder of replicaFolders(spec.replicas).slice(allFolders(before).length))
			await removeReplica(this.#home, folder);
		const {
			settings: { idleAfterSeconds },
			update,
		} = spec;
		const after = await this.#changeCluster(claim, (now) => ({
			...changes.withJoining(changes.withEngines(now, engines), spec),
			...{ port, idleAfterSeconds, ...(update && { update }) },
		}));
		if (after.desired !== "Stopped" && routerProcess(this.#home)) await carryOut(this.#home, after);
	}

	async join(claim: Claim): Promise<readonly string[]> {
		const { cluster, router } = this.#present(await this.#look());
		const joining = allFolders(cluster).slice(cluster.replicas);
		// It serves once it holds what the others hold, and takes each write from then on.
		const out = joining.filter((folder) => router?.replicas[folder]?.status?.serving !== true);
		if (out.length > 0) return out.map((folder) => replicaName(cluster, folder));
		await this.#changeCluster(claim, (now) => ({ ...now, replicas: allFolders(now).length }));
		await askRouter(this.#home);
		return [];
	}

	async leave(claim: Claim, replica: string): Promise<void> {
		await this.#carryOut(claim, (cluster) => {
			const folder = this.#folder(cluster, replica);
			return changes.withoutReplica(
				cluster,
				folder,
				(other) => standingIn(this.#home, cluster, other, () => false).kind === "whole",
			);
		});
		await removeReplica(this.#home, replica.slice(this.name.length + 1));
	}

	async start(claim: Claim): Promise<void> {
		const engines = await engineChoice(this.settings);
		const runs = routerProcess(this.#home) !== undefined;
		if (!runs) await mustBeFree(this.#home, this.name, this.#read()?.cluster?.port);
		await this.#carryOut(claim, (before) => {
			const cluster = changes.withEngines(before, engines);
			// What was drained before everything ended is not meant to stay out.
			return { ...(runs ? cluster : changes.undrained(cluster)), desired: "Started" };
		});
	}

	async stop(claim: Claim): Promise<void> {
		await this.#carryOut(claim, (cluster) => ({ ...changes.undrained(cluster), desired: "Stopped" }));
	}

	async wake(claim: Claim): Promise<void> {
		await this.#carryOut(claim, (cluster) =>
			cluster.desired === "Idle" ? { ...cluster, desired: "Started" } : cluster,
		);
	}

	async destroy(claim: Claim, { data }: { readonly data: boolean }): Promise<void> {
		const cluster = this.#read()?.cluster;
		if (cluster !== undefined) {
			await this.stop(claim);
			await untilEnded(() => running(this.#home, cluster));
			// While there is data there is a cluster: a destroy that is killed meanwhile is done again.
			if (data) await removeData(this.#home);
		}
		await this.#change(claim, ({ cluster, ...record }) => {
			if (data || cluster === undefined) return record;
			const { name, owner, replicas } = cluster;
			return { ...record, retained: { name, owner, replicas } };
		});
		if (data) await removeCluster(this.#home);
	}

	#read(): RecordFile | undefined {
		const file = this.#store.read();
		const there = file?.cluster ?? file?.retained;
		if (there === undefined || there.name === this.name) return file;
		throw new ControlError(
			`${this.#home} holds the cluster ${there.name}, not ${this.name}. Set local.directory to a folder of its own.`,
		);
	}

	async #look(): Promise<ClusterSight | undefined> {
		const record = this.#read();
		const cluster = record?.cluster;
		if (record === undefined || cluster === undefined) return undefined;
		const router = await askRouter(this.#home);
		const alive = allFolders(cluster).filter((folder) => replicaProcess(this.#home, folder) !== undefined);
		const openedBy = this.#store.openedBy(cluster.replicas);
		return { record, cluster, openedBy, router, alive: new Set(alive) };
	}

	#present<T>(there: T | undefined): T {
		if (there !== undefined) return there;
		throw new ControlError(
			`there is no cluster ${this.name} in ${this.#home} any more. Run pulumi refresh to update Pulumi's state, then pulumi up to create it again.`,
		);
	}

	#folder(cluster: LocalCluster | undefined, replica: string): string {
		const present = this.#present(cluster);
		const folder = allFolders(present).find((one) => replicaName(present, one) === replica);
		if (folder !== undefined) return folder;
		throw new ControlError(`the cluster ${present.name} has no replica ${replica}.`);
	}

	async #change(claim: Claim, change: (record: RecordFile) => RecordFile): Promise<RecordFile> {
		const changed = await this.#store.change((record) => change(mustHold(record, claim)));
		if (changed !== undefined) return changed;
		throw new RecordLost();
	}

	async #changeCluster(claim: Claim, change: (cluster: LocalCluster) => LocalCluster): Promise<LocalCluster> {
		const changed = (record: RecordFile) => ({ ...record, cluster: change(this.#present(record.cluster)) });
		return this.#present((await this.#change(claim, changed)).cluster);
	}

	/** Changes the cluster, and has its router see to it. */
	async #carryOut(claim: Claim, change: (cluster: LocalCluster) => LocalCluster): Promise<void> {
		await carryOut(this.#home, await this.#changeCluster(claim, change));
	}

	async #drainUnder(drainedUnder: number | undefined, claim: Claim, replica: string): Promise<void> {
		await this.#changeCluster(claim, (cluster) => {
			const folder = this.#folder(cluster, replica);
			const before = this.#present(cluster.wanted[folder]);
			return { ...cluster, wanted: { ...cluster.wanted, [folder]: { ...before, drainedUnder } } };
		});
		await askRouter(this.#home);
	}
}
