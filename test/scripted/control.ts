import { ClaimLost, ControlError, PlatformError } from "../../src/control/errors";
import type { Care, Claim, ClusterControl, ClusterSpec } from "../../src/control/port";
import type { HeldDigest } from "../../src/control/record";
import type { UpdateMark } from "../../src/core/cluster";
import type { DbVersion } from "../../src/core/version";
import { type Fault, type Faults, faultOf, strike } from "./fault";
import { finish } from "./promises";
import { assess, join, leave } from "./size";
import type { Memory, World } from "./world";

export type { Fault, Faults } from "./fault";

const latency = 5;
/** One of its own for each call: all that waits for a promise stays in memory as long as that does. */
const never = () => new Promise<never>(() => {});

/** One process's way to a scripted cluster. Once it has crashed no call of it returns, as nothing does in a killed process. */
export class ScriptedControl implements ClusterControl {
	writesNeed?: "one" | "all";
	readonly #world: World;
	readonly #faults: Faults;
	readonly #memory: Memory = new Map();
	#crash: () => void = () => {};
	#dead = false;
	/** The fence of its own claim. */
	#fence: number | undefined;
	#unreachable = 0;
	/** The claims that this process was told it has lost. */
	readonly #lost = new Set<number>();
	/** The changes that could not reach the platform and may be under way again when the claim turns out to be lost. */
	readonly #unanswered = new Set<string>();
	readonly crashed = new Promise<"crashed">((resolve) => {
		this.#crash = () => resolve("crashed");
	});

	constructor(world: World, faults: Faults = new Map()) {
		this.#world = world;
		this.#faults = faults;
	}

	record = () => this.#call("record", () => this.#world.record());
	observe = () =>
		this.#call("observe", (ago) => {
			const world = this.#world;
			const seen = ago === undefined ? world.observe(this.#memory) : world.history.observe(this.#memory, ago);
			if (seen !== undefined) world.invariants.observed(seen);
			return seen;
		});
	look = (replica: string, care?: Care) =>
		this.#call("look", (ago) =>
			ago === undefined
				? this.#world.look(replica, this.#memory, care)
				: this.#world.history.look(replica, this.#memory, ago),
		);

	holds = (replica: string) => this.#call("holds", () => this.#world.holds(replica, this.#memory));

	tally = (replica: string, seconds: number) =>
		this.#call("tally", () => this.#world.queries.tally(this.#world.unit(replica), seconds));

	claim = (holder: string, seconds: number) =>
		this.#call("claim", () => {
			const claim = this.#world.claims.claim(holder, seconds);
			this.#fence = claim.fence;
			return claim;
		});
	extend = (claim: Claim, seconds: number) =>
		this.#change("extend", claim, () => this.#world.claims.extend(claim, seconds), "quiet");
	release = (claim: Claim) => this.#call("release", () => this.#world.claims.release(claim));

	begin = (claim: Claim, mark: UpdateMark) =>
		this.#change("begin", claim, () => {
			this.#world.present().mark = mark;
		});
	finish = (claim: Claim) => this.#change("finish", claim, () => finish(this.#world, this.#memory));
	remember = (claim: Claim, replica: string, digest: HeldDigest | undefined) =>
		this.#change(`remember ${replica}`, claim, () => this.#world.remember(replica, digest), "quiet");
	drain = (claim: Claim, replica: string, next?: DbVersion) =>
		this.#change(`drain ${replica}`, claim, () => this.#world.drain(replica, this.#memory, next));
	undrain = (claim: Claim, replica: string) =>
		this.#change(`undrain ${replica}`, claim, () => this.#world.undrain(replica, this.#memory));
	restart = (claim: Claim, replica: string, version: DbVersion) =>
		this.#change(`restart ${replica} ${version}`, claim, () => this.#world.restart(replica, version, this.#memory));

	create = (claim: Claim, spec: ClusterSpec) => this.#change("create", claim, () => this.#world.create(spec));
	adopt = (claim: Claim, owner: string, generation: string) =>
		this.#change("adopt", claim, () => void Object.assign(this.#world.present(), { owner, generation }));
	assess = (spec: Omit<ClusterSpec, "generation">) => this.#call("assess", () => assess(this.#world, spec));
	configure = (claim: Claim, spec: ClusterSpec) => this.#change("configure", claim, () => this.#world.configure(spec));
	join = (claim: Claim, spec: ClusterSpec) =>
		this.#change("join", claim, (): readonly string[] => join(this.#world, spec));
	leave = (claim: Claim, replica: string) => this.#change(`leave ${replica}`, claim, () => leave(this.#world, replica));
	start = (claim: Claim) => this.#change("start", claim, () => this.#world.start());
	stop = (claim: Claim) => this.#change("stop", claim, () => this.#world.halt("stopped"));
	wake = (claim: Claim) => this.#change("wake", claim, () => this.#world.wake());
	destroy = (claim: Claim, { data }: { readonly data: boolean }) =>
		this.#change("destroy", claim, () => this.#world.destroy(data));

	#change<T>(what: string, claim: Claim, act: () => T, quiet?: "quiet"): Promise<T> {
		const { invariants, claims, log } = this.#world;
		if (this.#lost.has(claim.fence) && !this.#unanswered.has(what))
			invariants.breach("two-act", `${what} under a claim known to be lost`);
		const reaching = this.#call(what, () => {
			try {
				claims.check(claim);
			} catch (error) {
				if (error instanceof ClaimLost) this.#lost.add(claim.fence);
				throw error;
			}
			if (what !== "extend") invariants.acts(this.#fence ?? claim.fence, what);
			const answer = act();
			if (quiet === undefined) log.push(what);
			return answer;
		});
		return reaching.catch((error: unknown) => {
			if (error instanceof PlatformError) this.#unanswered.add(what);
			throw error;
		});
	}

	/** @param act With the seconds that its answer is to be old. */
	async #call<T>(what: string, act: (ago?: number) => T): Promise<T> {
		if (this.#dead) return never();
		const world = this.#world;
		const faults = [this.#faults.get(world.calls++) ?? []].flat();
		await world.clock.sleep(latency);
		if (this.#dead) return never();
		const crash = faultOf(faults, "crash");
		if (crash?.when === "before") return this.#die();
		await this.#befall(faults);
		if (this.#unreachable > 0) {
			this.#unreachable--;
			throw new PlatformError("the platform can't be reached: connection refused");
		}
		try {
			const result = act(faultOf(faults, "stale")?.seconds);
			if (crash !== undefined) return this.#die();
			if (faultOf(faults, "no-answer")) throw new PlatformError("the platform did not answer: socket hang up");
			return result;
		} finally {
			world.invariants.after(what);
			world.history.take();
		}
	}

	/** What happens before the call takes effect. */
	async #befall(planned: readonly Fault[]): Promise<void> {
		const world = this.#world;
		const suspend = faultOf(planned, "suspend");
		if (suspend !== undefined) await world.clock.sleep(suspend.seconds * 1000);
		// Of a call that is still on its way when its roll has ended, nothing strikes the next one.
		const faults = this.#faults.size === 0 ? [] : planned;
		const refuse = faultOf(faults, "refuse");
		if (refuse !== undefined) throw new ControlError(refuse.words);
		world.data.advance();
		this.#unreachable = faultOf(faults, "unreachable")?.calls ?? this.#unreachable;
		for (const fault of faults) {
			strike(world, fault);
			world.invariants.after(fault.kind);
		}
	}

	#die(): Promise<never> {
		this.#dead = true;
		this.#crash();
		return never();
	}
}
