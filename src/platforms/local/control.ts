import { mustHold, withExtended } from "../../control/claims";
import { ControlError, PlatformError } from "../../control/errors";
import type { Assessment, Claim, ClusterControl, ClusterSpec, Observation, ReplicaView } from "../../control/port";
import { type ClusterRecord, type HeldDigest, withHeld } from "../../control/record";
import type { UpdateMark } from "../../core/cluster";
import type { Holdings } from "../../core/holdings";
import type { DbVersion } from "../../core/version";
import { carryOut, removeCluster, removeReplica, untilEnded } from "./carry-out";
import { type EngineChoice, freshCluster, merged, undrained, withJoining } from "./changes";
import { withLocalClaim, withReleased } from "./claims";
import { numbersOf } from "./fleet";
import { holdsOf } from "./holds";
import { replicaProcess, routerProcess } from "./home";
import { addonOf, installedEngines } from "./installed";
import { mustBeOurs, mustRun, sizeObstacles } from "./must";
import { reloadRouter, routerStatus } from "./orders";
import { isFree, portTaken } from "./port-owner";
import { allFolders, type LocalCluster, type RecordFile, replicaFolders } from "./record";
import { folderOf, type LocalSettings, portOf } from "./settings";
import { standingOf } from "./standing";
import { Store } from "./store";
import { type ClusterSight, recordFrom, replicaName, viewCluster, viewReplica } from "./view";

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
		return file?.cluster && recordFrom(file.cluster, file.claim, this.#store.openedBy(file.cluster.replicas));
	}

	async observe(): Promise<Observation | undefined> {
		const sight = await this.#look();
		return sight && { ...viewCluster(sight), record: recordFrom(sight.cluster, sight.record.claim, sight.openedBy) };
	}

	async look(replica: string): Promise<ReplicaView> {
		const sight = await this.#look();
		return viewReplica(this.#present(sight), this.#folder(sight?.cluster, replica));
	}

	async holds(replica: string): Promise<Holdings | undefined> {
		const folder = this.#folder(this.#read()?.cluster, replica);
		return replicaProcess(this.#home, folder) && holdsOf(this.#home, folder);
	}

	async claim(holder: string, seconds: number): Promise<Claim> {
		const file = await this.#store.change((record) => withLocalClaim(record, holder, seconds, Date.now()), "make");
		if (file?.claim === undefined) throw new PlatformError(`no claim could be written in ${this.#home}.`);
		return { holder, fence: file.claim.fence };
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

	async drain(claim: Claim, replica: string): Promise<void> {
		await this.#changeReplica(claim, replica, { drainedUnder: claim.fence });
		await reloadRouter(this.#home);
	}

	async undrain(claim: Claim, replica: string): Promise<void> {
		await this.#changeReplica(claim, replica, { drainedUnder: undefined });
		await reloadRouter(this.#home);
	}

	async restart(claim: Claim, replica: string, version: DbVersion): Promise<void> {
		const engines = await this.#engines();
		const file = await this.#changeCluster(claim, (cluster) => {
			const folder = this.#folder(cluster, replica);
			const updated = { ...cluster, ...merged(cluster, engines) };
			mustRun(updated, [folder], version, this.#store);
			const run = (cluster.wanted[folder]?.run ?? 0) + 1;
			return { ...updated, wanted: { ...cluster.wanted, [folder]: { version, run } } };
		});
		await carryOut(this.#home, file.cluster);
	}

	async create(claim: Claim, spec: ClusterSpec<LocalSettings>): Promise<void> {
		const engines = await this.#engines(spec.settings);
		const port = portOf(spec.name, spec.settings);
		if (this.#read()?.cluster === undefined) await this.#mustBeFree(port);
		const file = await this.#change(claim, (record) => {
			mustBeOurs(record, spec, this.#home);
			const { cluster } = record;
			if (cluster !== undefined) return { ...record, cluster: { ...cluster, generation: spec.generation } };
			const fresh = freshCluster(spec, port, engines);
			mustRun(fresh, replicaFolders(spec.replicas), spec.version, this.#store);
			const { retained: _, ...rest } = record;
			return { ...rest, cluster: fresh };
		});
		await carryOut(this.#home, file.cluster);
	}

	async adopt(claim: Claim, owner: string, generation: string): Promise<void> {
		await this.#changeCluster(claim, (cluster) => ({ ...cluster, owner, generation }));
	}

	async assess(spec: Omit<ClusterSpec<LocalSettings>, "generation">): Promise<Assessment> {
		const cluster = this.#present(this.#read()?.cluster);
		const runs = cluster.desired !== "Stopped" && routerProcess(this.#home) !== undefined;
		const joins = replicaFolders(spec.replicas)
			.slice(cluster.replicas)
			.map((folder, index) => ({ name: replicaName(cluster, folder), shard: 0, ordinal: cluster.replicas + index }));
		const leaves = allFolders(cluster).slice(spec.replicas).reverse();
		return {
			obstacles: sizeObstacles(cluster, spec, runs),
			restarts: [],
			joins,
			leaves: leaves.map((folder) => replicaName(cluster, folder)),
			rejoins: [],
		};
	}

	async configure(claim: Claim, spec: ClusterSpec<LocalSettings>): Promise<void> {
		const engines = await this.#engines(spec.settings);
		const port = portOf(spec.name, spec.settings);
		const before = this.#read()?.cluster;
		if (before !== undefined && before.port !== port) await this.#mustBeFree(port);
		await this.#makeRoom(claim, spec);
		const file = await this.#changeCluster(claim, (cluster) => {
			const { wanted } = withJoining(cluster, spec);
			const { idleAfterSeconds } = spec.settings;
			return { ...cluster, ...merged(cluster, engines), port, idleAfterSeconds, wanted };
		});
		if (file.cluster?.desired !== "Stopped" && routerProcess(this.#home)) await carryOut(this.#home, file.cluster);
	}

	async join(claim: Claim): Promise<readonly string[]> {
		const { cluster, router } = this.#present(await this.#look());
		const joining = allFolders(cluster).slice(cluster.replicas);
		// It serves once it holds what the others hold, and takes each write from then on.
		const out = joining.filter((folder) => router?.replicas[folder]?.status?.serving !== true);
		if (out.length > 0) return out.map((folder) => replicaName(cluster, folder));
		await this.#changeCluster(claim, (now) => ({ ...now, replicas: allFolders(now).length }));
		await reloadRouter(this.#home);
		return [];
	}

	async leave(claim: Claim, replica: string): Promise<void> {
		const file = await this.#changeCluster(claim, (cluster) => {
			const folder = this.#folder(cluster, replica);
			const members = numbersOf(this.#home, cluster);
			const stay = [...members].filter(([name, own]) => {
				return name !== folder && standingOf(name, own, members, () => false).kind === "whole";
			});
			if (stay.length === 0)
				throw new ControlError(`${replica} can't leave ${this.name}: no other replica holds its data.`);
			if (folder !== allFolders(cluster).at(-1))
				throw new ControlError(`${replica} can't leave ${this.name}: only the last of its replicas can.`);
			const { [folder]: _, ...wanted } = cluster.wanted;
			const replicas = Math.min(cluster.replicas, Object.keys(wanted).length);
			return { ...cluster, replicas, wanted, held: withHeld(cluster.held, replica, undefined) };
		});
		await carryOut(this.#home, file.cluster);
		await removeReplica(this.#home, replica.slice(this.name.length + 1));
	}

	async start(claim: Claim): Promise<void> {
		const engines = await this.#engines();
		const runs = routerProcess(this.#home) !== undefined;
		if (!runs) await this.#mustBeFree(this.#read()?.cluster?.port);
		const file = await this.#changeCluster(claim, (cluster) => ({
			...cluster,
			...merged(cluster, engines),
			desired: "Started",
			// What was drained before everything ended is not meant to stay out.
			...(!runs && { wanted: undrained(cluster) }),
		}));
		await carryOut(this.#home, file.cluster);
	}

	async stop(claim: Claim): Promise<void> {
		const file = await this.#changeCluster(claim, (cluster) => ({
			...cluster,
			desired: "Stopped",
			wanted: undrained(cluster),
		}));
		await carryOut(this.#home, file.cluster);
	}

	async wake(claim: Claim): Promise<void> {
		const file = await this.#changeCluster(claim, (cluster) =>
			cluster.desired === "Idle" ? { ...cluster, desired: "Started" } : cluster,
		);
		if (file.cluster?.desired === "Started") await carryOut(this.#home, file.cluster);
	}

	async destroy(claim: Claim, { data }: { readonly data: boolean }): Promise<void> {
		const file = this.#read();
		if (file !== undefined) mustHold(file, claim);
		if (file?.cluster !== undefined) {
			await this.stop(claim);
			await untilEnded(this.#home, file.cluster);
		}
		await this.#change(claim, ({ cluster, ...record }) => {
			if (data || cluster === undefined) return record;
			const { name, owner, replicas } = cluster;
			return { ...record, retained: { name, owner, replicas } };
		});
		if (data) removeCluster(this.#home);
	}

	// Reading

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
		const router = await routerStatus(this.#home);
		const alive = allFolders(cluster).filter((folder) => replicaProcess(this.#home, folder) !== undefined);
		const openedBy = this.#store.openedBy(cluster.replicas);
		return { record, cluster, openedBy, router, alive: new Set(alive), now: Date.now() };
	}

	#present<T>(there: T | undefined): T {
		if (there !== undefined) return there;
		throw new ControlError(`there is no cluster ${this.name} in ${this.#home}.`);
	}

	#folder(cluster: LocalCluster | undefined, replica: string): string {
		const present = this.#present(cluster);
		const folder = allFolders(present).find((one) => replicaName(present, one) === replica);
		if (folder !== undefined) return folder;
		throw new ControlError(`the cluster ${present.name} has no replica ${replica}.`);
	}

	// Changing

	async #change(claim: Claim, change: (record: RecordFile) => RecordFile): Promise<RecordFile> {
		const changed = await this.#store.change((record) => {
			mustHold(record, claim);
			return change(record);
		});
		if (changed !== undefined) return changed;
		// The record went away with everything else: so did the claim.
		mustHold({ format: 1, fence: 0 }, claim);
		throw new PlatformError(`the record in ${this.#home} is gone.`);
	}

	/** What an earlier replica left in the folder of one that is to join must not be taken for its data. */
	async #makeRoom(claim: Claim, spec: ClusterSpec<LocalSettings>): Promise<void> {
		const file = this.#read();
		const cluster = this.#present(file?.cluster);
		if (file !== undefined) mustHold(file, claim);
		for (const folder of replicaFolders(spec.replicas).slice(allFolders(cluster).length))
			await removeReplica(this.#home, folder);
	}

	#changeCluster(claim: Claim, change: (cluster: LocalCluster) => LocalCluster): Promise<RecordFile> {
		return this.#change(claim, (record) => ({ ...record, cluster: change(this.#present(record.cluster)) }));
	}

	async #changeReplica(claim: Claim, replica: string, change: { drainedUnder: number | undefined }): Promise<void> {
		await this.#changeCluster(claim, (cluster) => {
			const folder = this.#folder(cluster, replica);
			const before = this.#present(cluster.wanted[folder]);
			return { ...cluster, wanted: { ...cluster.wanted, [folder]: { ...before, ...change } } };
		});
	}

	async #engines(settings: LocalSettings = this.settings): Promise<EngineChoice> {
		const installed = await installedEngines(settings);
		return {
			engines: Object.fromEntries(installed.map(({ version, library }) => [version, library])),
			addon: addonOf(settings, installed),
		};
	}

	async #mustBeFree(port: number | undefined): Promise<void> {
		if (port === undefined || (await isFree(port))) return;
		// A router of ours that is just ending may hold it still.
		if (routerProcess(this.#home) !== undefined) return;
		throw new PlatformError(`${this.name} can't have its endpoint: ${portTaken(port)}`);
	}
}
