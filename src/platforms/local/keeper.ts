import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Cause } from "../../core/cluster";
import { compareVersions, type DbVersion, parseVersion } from "../../core/version";
import { writeDurably } from "./durable";
import { engineEnvironment } from "./engines";
import { paths, replicaProcess } from "./home";
import { Loop } from "./loop";
import type { ProcessId } from "./process-id";
import { boundLog, lastWords, spawnDetached, stopProcess } from "./processes";
import { openedFile, type ReplicaOptions, type ReplicaStatus } from "./protocol";
import { replicaStatus } from "./replica-client";
import { type EngineOf, Standby } from "./standby";
import { errorWords } from "./store";

/** What a replica is to run. */
export interface Wanted extends EngineOf {
	/** A process that was started for another run than this is replaced. */
	readonly run: number;
}

/** How a replica is now, as its keeper sees it. */
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

export interface KeeperOptions {
	readonly home: string;
	/** `0-1` */
	readonly replica: string;
	readonly socket: string;
	/**
	 * Judges a process that says it serves, before {@link Keeper.now} shows it: `behind` has it replaced, so that it
	 * replays what it lacks; any other word is its trouble, and holds it out.
	 */
	readonly judge: (status: ReplicaStatus) => "good" | "behind" | { readonly trouble: string };
	/** Called when {@link Keeper.now} shows it come, go, serve or cease to. */
	readonly onChange: () => void;
}

/** A process that was started from here. */
type Spawned = Pick<Standby, "ended" | "end">;

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
 * Keeps one replica's process as it is wanted: starts it, starts it again when it ended, replaces it for another run,
 * and stops it. Finds a process that an earlier router started by the lock that each replica's process holds.
 */
export class Keeper {
	#now: Kept = { status: undefined, phase: "stopped", alive: false, trouble: undefined, stuck: undefined };
	#wanted: Wanted | undefined;
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
	/** Started ahead of its turn. */
	#standby: Standby | undefined;
	// Once it has been told what is wanted: a process that an earlier router started is not one too many.
	readonly #loop = new Loop(() => this.#step());

	constructor(readonly options: KeeperOptions) {}

	get now(): Kept {
		return this.#now;
	}

	/** Sets what is to run; `undefined`: nothing. */
	want(wanted: Wanted | undefined): void {
		const same = wanted?.run === this.#wanted?.run;
		this.#wanted = wanted;
		if (same) return;
		this.#failures = 0;
		this.#startedAt = Number.NEGATIVE_INFINITY;
		this.#set({ trouble: undefined, stuck: undefined });
		this.doubt();
	}

	/** Has a process ready for when this engine is wanted. What the replica runs goes on. */
	prepare(engine: EngineOf): void {
		if (this.#standby?.holds(engine)) return;
		this.unprepare();
		const { home, replica } = this.options;
		this.#standby = Standby.start(this.#optionsOf(engine), paths.replicaLog(home, replica), () => this.#loop.poke());
	}

	/** Nothing need be ready any more. */
	unprepare(): void {
		this.#standby?.end();
		this.#standby = undefined;
	}

	/** Forgets what the process last said, so that it does not count as serving until it says so anew. */
	doubt(): void {
		this.#epoch += 1;
		this.#set({ status: undefined });
		this.#loop.poke();
	}

	/** The replica's process, if it runs. */
	process(): ProcessId | undefined {
		return replicaProcess(this.options.home, this.options.replica);
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
		const tooOld = this.#openedByNewer(wanted.version);
		if (tooOld !== undefined) {
			this.#set({ status: undefined, phase: "not started", alive: false, trouble: tooOld, stuck: "version" });
			return 1000;
		}
		const wait = Math.min(shortestBackoff * 2 ** this.#failures, longestBackoff);
		const left = this.#startedAt + wait - performance.now();
		if (left > 0) return left;
		this.#start(wanted);
		return 20;
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
			if (status?.trouble !== undefined) this.#set({ trouble: status.trouble, stuck: "data" });
			return 50;
		}
		this.#served = true;
		this.#failures = 0;
		// What it holds changes with each write from here on, so it is judged once, before the first.
		const verdict = this.#now.status?.serving ? "good" : this.options.judge(status);
		if (verdict === "behind") return this.#stop(id, 0);
		const trouble = verdict === "good" ? status.trouble : verdict.trouble;
		const stuck = trouble === undefined ? undefined : "data";
		this.#set({ status: { ...status, serving: !stuck }, phase: status.phase, alive: true, trouble, stuck });
		return 1000;
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
		const words = lastWords(paths.replicaLog(home, replica));
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

	#start(wanted: Wanted): void {
		const { home, replica, socket } = this.options;
		mkdirSync(join(home, replica), { recursive: true, mode: 0o700 });
		mkdirSync(join(home, "logs"), { recursive: true, mode: 0o700 });
		rmSync(socket, { force: true });
		writeDurably(paths.replicaRun(home, replica), String(wanted.run));
		this.#startedAt = performance.now();
		this.#spawned = this.#take(wanted) ?? this.#spawn(wanted);
		this.#runs = true;
		this.#served = false;
		this.#set({ status: undefined, phase: "starting", alive: true });
	}

	/** Has the process that is ready take its turn, if it is one for this. */
	#take(wanted: Wanted): Spawned | undefined {
		const standby = this.#standby;
		if (!standby?.holds(wanted)) {
			this.unprepare();
			return undefined;
		}
		this.#standby = undefined;
		standby.go();
		return standby;
	}

	#spawn(wanted: Wanted): Spawned {
		const { home, replica } = this.options;
		const spawned = { ended: false, end: () => child.kill("SIGKILL") };
		const child = spawnDetached({
			program: "replica",
			argument: JSON.stringify(this.#optionsOf(wanted)),
			home,
			log: paths.replicaLog(home, replica),
			env: engineEnvironment(wanted.library),
			onExit: () => {
				spawned.ended = true;
				this.#loop.poke();
			},
		});
		return spawned;
	}

	#optionsOf({ version, library, addon }: EngineOf): ReplicaOptions {
		const { home, replica, socket } = this.options;
		return { home, replica, version, library, addon, socket };
	}

	#runOf(): number | undefined {
		const text = readOr(paths.replicaRun(this.options.home, this.options.replica), "");
		return text === "" ? undefined : Number(text);
	}

	/** The last guard of the rule that a DB version never goes back: whatever the record says, older engines never open newer data. */
	#openedByNewer(version: DbVersion): string | undefined {
		const opened = parseVersion(readOr(join(this.options.home, this.options.replica, openedFile), "").trim());
		if (opened === undefined || compareVersions(opened, version) <= 0) return undefined;
		return `its data was opened by ${opened}, so ${version} may not open it: a DB version never goes back`;
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
