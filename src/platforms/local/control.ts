import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ControlError, PlatformError } from "../../control/errors";
import type { Claim, ClusterControl, ClusterSpec, ReplicaView } from "../../control/port";
import type { ClusterRecord } from "../../control/record";
import type { ObservedCluster, UpdateMark } from "../../core/cluster";
import { compareVersions, type DbVersion } from "../../core/version";
import { mustHold, withClaim, withExtended, withReleased } from "./claims";
import { addonOf, installedEngines } from "./engines";
import { ensureRouter, ownEntries, paths, routerProcess } from "./home";
import { lockHolder } from "./lock";
import { reloadRouter, routerStatus } from "./orders";
import { isFree, portTaken } from "./port-owner";
import { lastWords, stopProcess } from "./processes";
import { commonRecord, type LocalCluster, type RecordFile, replicaFolders } from "./record";
import { folderOf, type LocalSettings, portOf } from "./settings";
import { folderError, Store } from "./store";
import { replicaName, type Sight, viewCluster, viewReplica } from "./view";

/** How long a router may take to begin, and a cluster's processes to end, before that is an error. */
const routerSeconds = 30;
const endSeconds = 60;

/** Observes and changes one cluster of this machine, through its record and its router. */
export class LocalControl implements ClusterControl<LocalSettings> {
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
		return file?.cluster && commonRecord(file.cluster, file.claim, this.#openedByName(file.cluster));
	}

	async observe(): Promise<ObservedCluster | undefined> {
		const sight = await this.#look();
		return sight && viewCluster(sight);
	}

	async look(replica: string): Promise<ReplicaView> {
		const sight = await this.#look();
		return viewReplica(this.#present(sight), this.#folder(sight?.cluster, replica));
	}

	async claim(holder: string, seconds: number): Promise<Claim> {
		const file = await this.#store.change((record) => withClaim(record, holder, seconds, Date.now()), "make");
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
			this.#mustRun(updated, [folder], version);
			const run = (cluster.wanted[folder]?.run ?? 0) + 1;
			return { ...updated, wanted: { ...cluster.wanted, [folder]: { version, run } } };
		});
		await this.#carryOut(file.cluster);
	}

	async create(claim: Claim, spec: ClusterSpec<LocalSettings>): Promise<void> {
		const engines = await this.#engines(spec.settings);
		const port = portOf(spec.name, spec.settings);
		if (this.#read()?.cluster === undefined) await this.#mustBeFree(port);
		const file = await this.#change(claim, (record) => {
			this.#mustBeOurs(record, spec);
			const { cluster } = record;
			if (cluster !== undefined) return { ...record, cluster: { ...cluster, generation: spec.generation } };
			const fresh = freshCluster(spec, port, engines);
			this.#mustRun(fresh, replicaFolders(spec.replicas), spec.version);
			const { retained: _, ...rest } = record;
			return { ...rest, cluster: fresh };
		});
		await this.#carryOut(file.cluster);
	}

	async adopt(claim: Claim, owner: string, generation: string): Promise<void> {
		await this.#changeCluster(claim, (cluster) => ({ ...cluster, owner, generation }));
	}

	async configure(claim: Claim, spec: ClusterSpec<LocalSettings>): Promise<void> {
		const engines = await this.#engines(spec.settings);
		const port = portOf(spec.name, spec.settings);
		const before = this.#read()?.cluster;
		if (before !== undefined && before.port !== port) await this.#mustBeFree(port);
		const file = await this.#changeCluster(claim, (cluster) => {
			this.#mustHaveSize(cluster.replicas, spec);
			const { idleAfterSeconds } = spec.settings;
			return { ...cluster, ...merged(cluster, engines), port, idleAfterSeconds };
		});
		if (file.cluster?.desired !== "Stopped" && routerProcess(this.#home)) await this.#carryOut(file.cluster);
	}

	async start(claim: Claim): Promise<void> {
		const engines = await this.#engines();
		if (routerProcess(this.#home) === undefined) await this.#mustBeFree(this.#read()?.cluster?.port);
		const file = await this.#changeCluster(claim, (cluster) => ({
			...cluster,
			...merged(cluster, engines),
			desired: "Started",
		}));
		await this.#carryOut(file.cluster);
	}

	async stop(claim: Claim): Promise<void> {
		const file = await this.#changeCluster(claim, (cluster) => ({
			...cluster,
			desired: "Stopped",
			wanted: Object.fromEntries(
				Object.entries(cluster.wanted).map(([folder, { version, run }]) => [folder, { version, run }]),
			),
		}));
		await this.#carryOut(file.cluster);
	}

	async wake(claim: Claim): Promise<void> {
		const file = await this.#changeCluster(claim, (cluster) =>
			cluster.desired === "Idle" ? { ...cluster, desired: "Started" } : cluster,
		);
		if (file.cluster?.desired === "Started") await this.#carryOut(file.cluster);
	}

	async destroy(claim: Claim, { data }: { readonly data: boolean }): Promise<void> {
		const file = this.#read();
		if (file !== undefined) mustHold(file, claim);
		if (file?.cluster !== undefined) {
			await this.stop(claim);
			await this.#end();
		}
		await this.#change(claim, ({ cluster, ...record }) => {
			if (data || cluster === undefined) return record;
			const { name, owner, replicas } = cluster;
			return { ...record, retained: { name, owner, replicas } };
		});
		if (data) this.#remove(file);
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

	async #look(): Promise<Sight | undefined> {
		const record = this.#read();
		const cluster = record?.cluster;
		if (record === undefined || cluster === undefined) return undefined;
		const router = await routerStatus(this.#home);
		const alive = replicaFolders(cluster.replicas).filter((folder) => this.#process(folder) !== undefined);
		const openedBy = this.#store.openedBy(cluster.replicas);
		return { record, cluster, openedBy, router, alive: new Set(alive), now: Date.now() };
	}

	#process(folder: string) {
		return lockHolder(paths.replicaLock(this.#home, folder));
	}

	#openedByName(cluster: LocalCluster): Readonly<Record<string, DbVersion>> {
		const found = Object.entries(this.#store.openedBy(cluster.replicas));
		return Object.fromEntries(found.map(([folder, version]) => [replicaName(cluster, folder), version]));
	}

	#present<T>(there: T | undefined): T {
		if (there !== undefined) return there;
		throw new ControlError(`there is no cluster ${this.name} in ${this.#home}.`);
	}

	#folder(cluster: LocalCluster | undefined, replica: string): string {
		const { replicas, name } = this.#present(cluster);
		const folder = replicaFolders(replicas).find((one) => `${name}-${one}` === replica);
		if (folder !== undefined) return folder;
		throw new ControlError(`the cluster ${name} has no replica ${replica}.`);
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

	/** Has a router carry out what the record says now; starts one where none runs. Does not wait for the replicas. */
	async #carryOut(cluster: LocalCluster | undefined): Promise<void> {
		const deadline = performance.now() + routerSeconds * 1000;
		while (cluster !== undefined && !(await reloadRouter(this.#home))) {
			const still = replicaFolders(cluster.replicas).every((folder) => this.#process(folder) === undefined);
			if (cluster.desired !== "Started" && still && routerProcess(this.#home) === undefined) return;
			if (performance.now() > deadline) {
				const words = lastWords(paths.routerLog(this.#home));
				throw new PlatformError(
					`the router of ${this.name} did not start within ${routerSeconds} seconds${words && `; its last words: ${JSON.stringify(words)}`}.`,
				);
			}
			try {
				ensureRouter(this.#home);
			} catch (error) {
				throw folderError(error, this.#home);
			}
			await sleep(50);
		}
	}

	/** Waits until all processes of a stopped cluster have ended; ends them where they do not. */
	async #end(): Promise<void> {
		const running = () => [
			routerProcess(this.#home),
			...replicaFolders(this.#store.read()?.cluster?.replicas ?? 0).map((folder) => this.#process(folder)),
		];
		const deadline = performance.now() + endSeconds * 1000;
		while (running().some((id) => id !== undefined)) {
			if (performance.now() > deadline) for (const id of running()) if (id !== undefined) await stopProcess(id, 1);
			await sleep(20);
		}
	}

	/** Removes what the cluster's own processes made, and nothing else. */
	#remove(file: RecordFile | undefined): void {
		try {
			const replicas = file?.cluster?.replicas ?? file?.retained?.replicas ?? 0;
			const own = readdirSync(this.#home).filter((entry) => entry.startsWith("cluster."));
			for (const entry of [...replicaFolders(replicas), ...ownEntries, ...own]) {
				rmSync(join(this.#home, entry), { recursive: true, force: true });
			}
			if (readdirSync(this.#home).length === 0) rmdirSync(this.#home);
		} catch (error) {
			if (existsSync(this.#home)) throw folderError(error, this.#home);
		}
	}

	// What must hold

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

	#mustBeOurs({ cluster, retained }: RecordFile, spec: ClusterSpec<LocalSettings>): void {
		const there = cluster ?? retained;
		if (there === undefined) {
			if (spec.shards !== 1) throw new ControlError(oneShard(spec.shards));
			return;
		}
		if (there.owner !== spec.owner && cluster !== undefined) {
			throw new ControlError(
				`the cluster ${there.name} in ${this.#home} belongs to ${there.owner || "nobody"}, not to ${spec.owner}. Set adopt: true to take it over, or choose another name or local.directory.`,
			);
		}
		if (there.owner !== spec.owner) {
			throw new ControlError(
				`${this.#home} holds the data of a cluster ${there.name} that ${there.owner} destroyed and kept. Move the folder away, or choose another name or local.directory.`,
			);
		}
		this.#mustHaveSize(there.replicas, spec);
	}

	#mustHaveSize(replicas: number, spec: ClusterSpec<LocalSettings>): void {
		if (spec.shards !== 1) throw new ControlError(oneShard(spec.shards));
		if (replicas === spec.replicas) return;
		throw new ControlError(
			`${this.name} has ${replicas} replica${replicas === 1 ? "" : "s"}, and the local platform can't make that ${spec.replicas}. Set replicas back to ${replicas}, or make another cluster and copy the data.`,
		);
	}

	/** An engine of that version is known, and no data were opened by a newer one. */
	#mustRun(cluster: LocalCluster, folders: readonly string[], version: DbVersion): void {
		const opened = this.#store.openedBy(cluster.replicas);
		for (const folder of folders) {
			const by = opened[folder];
			if (by === undefined || compareVersions(by, version) <= 0) continue;
			throw new ControlError(
				`the data of ${replicaName(cluster, folder)} were opened by ${by}, and ${version} can't open them any more: a DB version never goes back. Use ${by} or later.`,
			);
		}
		if (cluster.engines[version] !== undefined) return;
		const there = Object.keys(cluster.engines).join(", ") || "none";
		throw new ControlError(
			`no engine of version ${version} is known; there is ${there}. Name its package or folder in local.engines.`,
		);
	}
}

type EngineChoice = Pick<LocalCluster, "engines" | "addon">;

/** The engines of the program as it is now go before those that the record has from earlier. */
function merged(cluster: LocalCluster, { engines, addon }: EngineChoice): EngineChoice {
	return { engines: { ...cluster.engines, ...engines }, addon };
}

function oneShard(shards: number): string {
	return `shards is ${shards}, and a local cluster has one shard. Set shards to 1, or use kubernetes.`;
}

function freshCluster(spec: ClusterSpec<LocalSettings>, port: number, { engines, addon }: EngineChoice): LocalCluster {
	const { name, owner, generation, shards, replicas, version, settings } = spec;
	return {
		name,
		owner,
		generation,
		shards,
		replicas,
		desired: "Started",
		port,
		idleAfterSeconds: settings.idleAfterSeconds,
		engines,
		addon,
		wanted: Object.fromEntries(replicaFolders(replicas).map((folder) => [folder, { version, run: 1 }])),
	};
}
