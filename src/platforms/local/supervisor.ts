import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cause } from "../../core/cluster";
import { errorWords } from "./errors";
import { ensureFolder, readIfThere } from "./files";
import { paths, replicaProcess } from "./home";
import { engineEnvironment } from "./installed";
import { isTooOldFor, noteNumbers, openerOf, readNumbers } from "./notes";
import type { ProcessId } from "./process-id";
import { boundLog, lastLines, spawnDetached, stopProcess } from "./processes";
import type { CopySource, ReplicaOptions, ReplicaStatus } from "./protocol";
import { replicaStatus } from "./replica-client";
import type { Standing } from "./standing";

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

/** What a supervisor asks of those that keep the other replicas. */
export interface Peers {
	/** What a replica's data is worth beside that of the others, while it serves or before it is started. */
	standing(replica: string, serves: boolean): Standing;
	/** Where another replica answers; `undefined` while it does not serve. */
	servingSocket(replica: string): string | undefined;
	/** Called when {@link Supervisor.now} shows a replica come, go, serve or cease to. */
	changed(): void;
}

/** How long a process may take to end by itself before it is killed: it waits for the queries that it runs. */
const stopSeconds = 20;
/** After so many starts in a row that ended before they served, waiting is thought to be in vain; the trying continues. */
const hopeless = 2;
/** How often in a row a serving process may fail to say how it is before it counts as not serving. */
const patience = 5;
/** Between two starts, in milliseconds; doubled with each failure. */
const shortestBackoff = 250;
const longestBackoff = 30_000;

/** After a replica's folder was removed, in milliseconds. */
const removalPause = 1000;

const down = { status: undefined, alive: false } as const;
const atRest: Kept = { ...down, phase: "stopped", trouble: undefined, stuck: undefined };

/**
 * Keeps one replica's process as it is wanted: starts it, starts it again when it ended, replaces it for another run or
 * when its data lacks something, and stops it. Finds a process that an earlier router started by the lock that each
 * replica's process holds.
 */
export class Supervisor {
	/** Requests of clients that it is answering; counted by those who send them. */
	active = 0;
	#now = atRest;
	#wanted: WantedReplica | undefined;
	#failures = 0;
	#startedAt = Number.NEGATIVE_INFINITY;
	#served = false;
	#silent = 0;
	/** The process that last held the replica. */
	#last: ProcessId | undefined;
	/** Started just now, and not yet far enough to hold its lock. */
	#spawned: ChildProcess | undefined;
	/** Cuts the pause before the next step short, and makes what is heard in this one count no more. */
	#interrupt = new AbortController();

	constructor(
		readonly home: string,
		readonly replica: string,
		readonly socket: string,
		readonly peers: Peers,
	) {
		// Once it has been told what is wanted: a process that an earlier router started is not one too many.
		void Promise.resolve().then(() => this.#run());
	}

	get now(): Kept {
		return this.#now;
	}

	get serves(): boolean {
		return this.#now.status?.serving === true;
	}

	want(wanted: WantedReplica | undefined): void {
		const same = wanted?.run === this.#wanted?.run;
		this.#wanted = wanted;
		if (same) return;
		this.#failures = 0;
		this.#startedAt = Number.NEGATIVE_INFINITY;
		this.#set({ trouble: undefined, stuck: undefined });
		this.doubt();
	}

	/** Forgets what the process last said, so that it does not count as serving until it says so again. */
	doubt(): void {
		this.#set({ status: undefined });
		this.#interrupt.abort();
	}

	get process(): ProcessId | undefined {
		return replicaProcess(this.home, this.replica);
	}

	async #run(): Promise<never> {
		for (;;) {
			this.#interrupt = new AbortController();
			const { signal } = this.#interrupt;
			const pause = await this.#step(signal);
			await sleep(pause, undefined, { signal }).catch(() => {});
		}
	}

	/** Takes one step towards what is wanted; answers after how many milliseconds to look again. */
	async #step(signal: AbortSignal): Promise<number> {
		try {
			const { process } = this;
			if (process === undefined) return await this.#begin();
			this.#last = process;
			return await this.#tend(process, signal);
		} catch (error) {
			this.#set({ trouble: errorWords(error, this.home) });
			return 1000;
		}
	}

	/** No process holds the replica: starts one, unless one is just starting or none is wanted. */
	async #begin(): Promise<number> {
		if (this.#spawned?.exitCode === null && this.#spawned.signalCode === null) {
			// It may hang while it loads its engine, and without the lock nothing else would ever end it.
			if (this.#wanted?.run !== this.#runOf()) {
				this.#spawned.kill("SIGKILL");
				this.#set(down);
			}
			return 20;
		}
		if (this.#now.alive) {
			// It may live on without its folder: it must write nothing into the next one.
			if (this.#last !== undefined) await stopProcess(this.#last, 0);
			this.#noteEnd();
			// All of the cluster may be about to be removed, and nothing is to be made anew then.
			if (this.#runOf() === undefined) return removalPause;
		}
		const wanted = this.#wanted;
		if (wanted === undefined) return this.#isOut(atRest, 1000);
		const { home, replica } = this;
		if (isTooOldFor(home, replica, wanted.version))
			return this.#tooOld(
				`its data was opened by ${openerOf(home, replica)}, and a DB version never goes back to ${wanted.version}`,
			);
		const wait = Math.min(shortestBackoff * 2 ** this.#failures, longestBackoff);
		const left = this.#startedAt + wait - performance.now();
		return left > 0 ? left : this.#startWhole(wanted);
	}

	/** Starts it with data that holds what the cluster holds, as soon as there is some. */
	#startWhole(wanted: WantedReplica): number {
		const { home, replica, peers } = this;
		const found = peers.standing(replica, false);
		if (found.kind === "unsettled") return this.#isOut({ phase: "waiting for a write to end" }, 100);
		if (found.kind === "decides") {
			const { begun } = readNumbers(home, replica);
			noteNumbers(home, replica, { begun, answered: begun, failed: false });
		}
		if (found.kind !== "lacks") return this.#start(wanted);
		const fit = found.sources.filter((source) => !isTooOldFor(home, source, wanted.version));
		if (fit.length === 0)
			return this.#tooOld(
				`it lacks a write, and it can't copy the data of another replica, because a later version than ${wanted.version} has opened that data: the update to the later version repairs this replica`,
			);
		for (const source of fit) {
			const socket = peers.servingSocket(source);
			if (socket !== undefined) return this.#start(wanted, { replica: source, socket });
		}
		return this.#isOut({ phase: `waiting until ${fit[0]} serves, to copy the data of ${fit[0]}` }, 100);
	}

	#isOut(why: Partial<Kept>, pause: number): number {
		this.#set({ ...down, ...why });
		return pause;
	}

	#tooOld(trouble: string): number {
		return this.#isOut({ phase: "not started", trouble, stuck: "version" }, 1000);
	}

	/** A process runs: has it go when it is not the wanted one, else asks how it is. */
	async #tend(id: ProcessId, signal: AbortSignal): Promise<number> {
		this.#spawned = undefined;
		this.#set({ alive: true });
		if (this.#wanted === undefined || this.#wanted.run !== this.#runOf()) return this.#stop(id, stopSeconds);
		const status = await replicaStatus(this.socket);
		if (signal.aborted) return 0;
		boundLog(paths.log(this.home, this.replica));
		// A process that serves may be slow to say so under load; that it ended would be seen otherwise.
		this.#silent = status === undefined && this.serves ? this.#silent + 1 : 0;
		if (this.#silent > 0 && this.#silent < patience) return 200;
		if (status === undefined || !status.serving) {
			this.#set({ status, phase: status?.phase ?? "starting", alive: true });
			return 50;
		}
		this.#served = true;
		this.#failures = 0;
		const { kind } = this.peers.standing(this.replica, true);
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
		this.#set(down);
		return 0;
	}

	#noteEnd(): void {
		const words = lastLines(paths.log(this.home, this.replica));
		const how = this.#served ? "exited while it served" : "exits at start";
		if (!this.#served) this.#failures += 1;
		this.#set({
			...down,
			phase: "ended",
			stuck: this.#failures >= hopeless ? "exits" : undefined,
			trouble: words === "" ? `${how} without a word` : `${how}: ${JSON.stringify(words)}`,
		});
	}

	#start({ run, ...engine }: WantedReplica, source?: CopySource): number {
		const { home, replica, socket } = this;
		ensureFolder(join(home, replica));
		writeFileSync(paths.replicaRun(home, replica), String(run), { mode: 0o600 });
		const options: ReplicaOptions = { home, replica, socket, ...engine, ...(source && { source }) };
		this.#startedAt = performance.now();
		this.#served = false;
		this.#spawned = spawnDetached({
			program: "replica",
			argument: JSON.stringify(options),
			home,
			log: paths.log(home, replica),
			env: engineEnvironment(engine.library),
		}).once("exit", () => this.#interrupt.abort());
		this.#set({ status: undefined, phase: "starting", alive: true });
		return 20;
	}

	/** The run that its process was last started for. */
	#runOf(): number | undefined {
		const text = readIfThere(paths.replicaRun(this.home, this.replica));
		return text ? Number(text) : undefined;
	}

	#set(change: Partial<Kept>): void {
		const [served, { alive }] = [this.serves, this.#now];
		this.#now = { ...this.#now, ...change };
		if (served !== this.serves || alive !== this.#now.alive) this.peers.changed();
	}
}
