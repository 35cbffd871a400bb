import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Cause } from "../../core/cluster";
import { compareVersions, type DbVersion, parseVersion } from "../../core/version";
import { writeDurably } from "./durable";
import { paths, replicaProcess } from "./home";
import { engineEnvironment } from "./installed";
import { noteNumbers, readNumbers } from "./numbers";
import type { ProcessId } from "./process-id";
import { boundLog, lastLines, spawnDetached, stopProcess } from "./processes";
import { type CopySource, openedFile, type ReplicaOptions, type ReplicaStatus } from "./protocol";
import { replicaStatus } from "./replica-client";
import type { Standing } from "./standing";
import { errorWords } from "./store";

/** What a replica is to run. */
export interface WantedReplica extends Pick<ReplicaOptions, "version" | "library" | "addon"> {
	/** A process that was started for another run than this is replaced. */
	readonly run: number;
}

/** How a replica is now, as its supervisor sees it. */
export interface Kept {
	/** What the process itself says; `undefined` while none answers. */
	readonly status: ReplicaStatus | undefined;
	readonly phase: string;
	/** A process runs, whether it answers or not. */
	readonly alive: boolean;
	/** What keeps it from serving, in one clause. */
	readonly trouble: string | undefined;
	/** Of what kind that is, where it does not pass by waiting. */
	readonly stuck: Cause | undefined;
}

export interface SupervisorOptions {
	readonly home: string;
	/** `0-1` */
	readonly replica: string;
	readonly socket: string;
	/** What its data is worth beside that of the others, while it serves or before it is started. */
	readonly standing: (serves: boolean) => Standing;
	/** Where another replica answers; `undefined` while it does not serve. */
	readonly socketOf: (replica: string) => string | undefined;
	/** Called when {@link Supervisor.now} shows it come, go, serve or cease to. */
	readonly onChange: () => void;
}

/** A process that was started from here. */
interface Spawned {
	ended: boolean;
	readonly end: () => void;
}

/** How long a process may take to end by itself before it is killed: it waits for the queries that it runs. */
const stopSeconds = 20;
/** After so many starts in a row that ended before they served, waiting is thought to be in vain; the trying goes on. */
const hopeless = 2;
/** How often in a row a serving process may fail to say how it is before it counts as not serving. */
const patience = 5;
/** Between two starts, in milliseconds; doubled with each failure. */
const shortestBackoff = 250;
const longestBackoff = 30_000;

/**
 * Keeps one replica's process as it is wanted: starts it, starts it again when it ended, replaces it for another run or
 * when its data lacks something, and stops it. Finds a process that an earlier router started by the lock that each replica's process holds.
 */
export class Supervisor {
	#now: Kept = { status: undefined, phase: "stopped", alive: false, trouble: undefined, stuck: undefined };
	#wanted: WantedReplica | undefined;
	#failures = 0;
	#startedAt = Number.NEGATIVE_INFINITY;
	/** Grows whenever what the process said before counts no more. */
	#epoch = 0;
	/** A process of ours was started or found, and has not been seen to end. */
	#runs = false;
	#served = false;
	#silent = 0;
	/** Started just now, and not yet far enough to hold its lock. */
	#spawned: Spawned | undefined;
	#poked = false;
	#wake: () => void = () => {};

	constructor(readonly options: SupervisorOptions) {
		// Once it has been told what is wanted: a process that an earlier router started is not one too many.
		void Promise.resolve().then(() => this.#run());
	}

	get now(): Kept {
		return this.#now;
	}

	/** Sets what is to run; `undefined`: nothing. */
	want(wanted: WantedReplica | undefined): void {
		const same = wanted?.run === this.#wanted?.run;
		this.#wanted = wanted;
		if (same) return;
		this.#failures = 0;
		this.#startedAt = Number.NEGATIVE_INFINITY;
		this.#set({ trouble: undefined, stuck: undefined });
		this.doubt();
	}

	/** Forgets what the process last said, so that it does not count as serving until it says so anew. */
	doubt(): void {
		this.#epoch += 1;
		this.#set({ status: undefined });
		this.#poke();
	}

	/** The replica's process, if it runs. */
	process(): ProcessId | undefined {
		return replicaProcess(this.options.home, this.options.replica);
	}

	#poke(): void {
		this.#poked = true;
		this.#wake();
	}

	async #run(): Promise<never> {
		for (;;) {
			this.#poked = false;
			const pause = await this.#step();
			if (this.#poked) continue;
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, pause);
				this.#wake = () => {
					clearTimeout(timer);
					resolve();
				};
			});
		}
	}

	/** Takes one step towards what is wanted; answers after how many milliseconds to look again. */
	async #step(): Promise<number> {
		try {
			return await this.#approach();
		} catch (error) {
			this.#set({ trouble: errorWords(error, this.options.home) });
			return 1000;
		}
	}

	async #approach(): Promise<number> {
		const id = this.process();
		if (id !== undefined) return this.#tend(id);
		if (this.#spawned?.ended === false) {
			// It may hang while it loads its engine, and without the lock nothing else would ever end it.
			if (this.#wanted?.run !== this.#runOf()) {
				this.#spawned.end();
				this.#runs = false;
			}
			return 20;
		}
		if (this.#runs) this.#noteEnd();
		const wanted = this.#wanted;
		if (wanted === undefined) {
			this.#set({ status: undefined, phase: "stopped", alive: false, trouble: undefined, stuck: undefined });
			return 1000;
		}
		const { replica } = this.options;
		if (this.#isOpenedByNewer(replica, wanted.version))
			return this.#tooOld(
				`its data was opened by ${this.#openedBy(replica)}, so ${wanted.version} may not open it: a DB version never goes back`,
			);
		const wait = Math.min(shortestBackoff * 2 ** this.#failures, longestBackoff);
		const left = this.#startedAt + wait - performance.now();
		return left > 0 ? left : this.#startWhole(wanted);
	}

	/** Starts it with data that holds what the cluster holds, as soon as there is some. */
	#startWhole(wanted: WantedReplica): number {
		const { home, replica, standing, socketOf } = this.options;
		const found = standing(false);
		if (found.kind === "unsettled") return this.#waits("waiting for a write to end");
		if (found.kind === "decides") {
			const { begun } = readNumbers(home, replica);
			noteNumbers(home, replica, { begun, answered: begun, failed: false });
		}
		if (found.kind !== "lacks") return this.#start(wanted);
		const fit = found.sources.filter((source) => !this.#isOpenedByNewer(source, wanted.version));
		if (fit.length === 0)
			return this.#tooOld(
				`a write broke off in it, and the data to copy was opened by a later version than ${wanted.version}: its own update brings it back`,
			);
		for (const source of fit) {
			const socket = socketOf(source);
			if (socket !== undefined) return this.#start(wanted, { replica: source, socket });
		}
		return this.#waits(`waiting for ${fit[0]}, whose data it is to copy`);
	}

	#waits(phase: string): number {
		this.#set({ status: undefined, phase, alive: false });
		return 100;
	}

	#tooOld(trouble: string): number {
		this.#set({ status: undefined, phase: "not started", alive: false, trouble, stuck: "version" });
		return 1000;
	}

	/** A process runs: has it go when it is not the wanted one, else asks how it is. */
	async #tend(id: ProcessId): Promise<number> {
		this.#runs = true;
		this.#spawned = undefined;
		const wanted = this.#wanted;
		if (wanted === undefined || wanted.run !== this.#runOf()) return this.#stop(id, stopSeconds);
		const epoch = this.#epoch;
		const status = await replicaStatus(this.options.socket);
		if (epoch !== this.#epoch) return 0;
		boundLog(paths.replicaLog(this.options.home, this.options.replica));
		// A process that serves may be slow to say so under load; that it ended would be seen otherwise.
		this.#silent = status === undefined && this.#now.status?.serving ? this.#silent + 1 : 0;
		if (this.#silent > 0 && this.#silent < patience) return 200;
		if (status === undefined || !status.serving) {
			this.#set({ status, phase: status?.phase ?? "starting", alive: true });
			return 50;
		}
		this.#served = true;
		this.#failures = 0;
		const { kind } = this.options.standing(true);
		// Its next process gets the data of another replica.
		if (kind === "lacks") return this.#stop(id, 0);
		const serving = kind === "whole";
		const phase = serving ? status.phase : "waiting for a write to end";
		this.#set({ status: { ...status, serving }, phase, alive: true, trouble: undefined, stuck: undefined });
		return serving ? 1000 : 100;
	}

	async #stop(id: ProcessId, seconds: number): Promise<number> {
		this.#set({ status: undefined, phase: "stopping", alive: true });
		await stopProcess(id, seconds);
		this.#runs = false;
		this.#served = false;
		return 0;
	}

	#noteEnd(): void {
		const { home, replica } = this.options;
		const words = lastLines(paths.replicaLog(home, replica));
		const how = this.#served ? "ended while it served" : "exits at start";
		if (!this.#served) this.#failures += 1;
		this.#runs = false;
		this.#served = false;
		this.#spawned = undefined;
		this.#set({
			status: undefined,
			phase: "ended",
			alive: false,
			stuck: this.#failures >= hopeless ? "exits" : undefined,
			trouble: words === "" ? `${how} without a word` : `${how}: ${JSON.stringify(words)}`,
		});
	}

	#start(wanted: WantedReplica, source?: CopySource): number {
		const { home, replica, socket } = this.options;
		mkdirSync(join(home, replica), { recursive: true, mode: 0o700 });
		mkdirSync(join(home, "logs"), { recursive: true, mode: 0o700 });
		rmSync(socket, { force: true });
		writeDurably(paths.replicaRun(home, replica), String(wanted.run));
		this.#startedAt = performance.now();
		this.#spawned = this.#spawn(wanted, source);
		this.#runs = true;
		this.#served = false;
		this.#set({ status: undefined, phase: "starting", alive: true });
		return 20;
	}

	#spawn({ version, library, addon }: WantedReplica, source: CopySource | undefined): Spawned {
		const { home, replica, socket } = this.options;
		const options: ReplicaOptions = { home, replica, version, library, addon, socket, ...(source && { source }) };
		const spawned = { ended: false, end: () => child.kill("SIGKILL") };
		const child = spawnDetached({
			program: "replica",
			argument: JSON.stringify(options),
			home,
			log: paths.replicaLog(home, replica),
			env: engineEnvironment(library),
			onExit: () => {
				spawned.ended = true;
				this.#poke();
			},
		});
		return spawned;
	}

	#runOf(): number | undefined {
		const text = readOr(paths.replicaRun(this.options.home, this.options.replica), "");
		return text === "" ? undefined : Number(text);
	}

	#openedBy(replica: string): DbVersion | undefined {
		return parseVersion(readOr(join(this.options.home, replica, openedFile), "").trim());
	}

	/** The last guard of the rule that a DB version never goes back: whatever the record says, older engines never open newer data. */
	#isOpenedByNewer(replica: string, version: DbVersion): boolean {
		const opened = this.#openedBy(replica);
		return opened !== undefined && compareVersions(opened, version) > 0;
	}

	#set(change: Partial<Kept>): void {
		const before = this.#now;
		this.#now = { ...before, ...change };
		const serves = (kept: Kept) => kept.status?.serving === true;
		if (serves(before) !== serves(this.#now) || before.alive !== this.#now.alive) this.options.onChange();
	}
}

function readOr(path: string, otherwise: string): string {
	return existsSync(path) ? readFileSync(path, "utf8") : otherwise;
}
