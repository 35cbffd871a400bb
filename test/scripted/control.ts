import { ClaimLost, ControlError, PlatformError } from "../../src/control/errors";
import type { Claim, ClusterControl, ClusterSpec } from "../../src/control/port";
import type { HeldDigest } from "../../src/control/record";
import type { UpdateMark } from "../../src/core/cluster";
import type { DbVersion } from "../../src/core/version";
import { type Faults, strike } from "./fault";
import { finish } from "./promises";
import type { Memory, World } from "./world";

export type { Fault, Faults } from "./fault";

const latency = 5;
const never = new Promise<never>(() => {});

/** One process's way to a scripted cluster. Once it has crashed no call of it returns, as nothing does in a killed process. */
export class ScriptedControl implements ClusterControl {
	writesNeed?: "one" | "all";
	readonly #world: World;
	readonly #faults: Faults;
	readonly #memory: Memory = new Map();
	#crash: () => void = () => {};
	#dead = false;
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

	record = () => this.#call(() => this.#world.record());
	observe = () => this.#call(() => this.#world.observe(this.#memory));
	look = (replica: string) => this.#call(() => this.#world.look(replica, this.#memory));

	holds = (replica: string) => this.#call(() => this.#world.holds(replica, this.#memory));

	tally = (replica: string, seconds: number) =>
		this.#call(() => this.#world.queries.tally(this.#world.unit(replica), seconds));

	claim = (holder: string, seconds: number) => this.#call(() => this.#world.claims.claim(holder, seconds));
	extend = (claim: Claim, seconds: number) =>
		this.#change("extend", claim, () => this.#world.claims.extend(claim, seconds), "quiet");
	release = (claim: Claim) => this.#call(() => this.#world.claims.release(claim));

	begin = (claim: Claim, mark: UpdateMark) =>
		this.#change("begin", claim, () => {
			this.#world.present().mark = mark;
		});
	finish = (claim: Claim) => this.#change("finish", claim, () => finish(this.#world));
	remember = (claim: Claim, replica: string, digest: HeldDigest | undefined) =>
		this.#change(`remember ${replica}`, claim, () => this.#world.remember(replica, digest), "quiet");
	drain = (claim: Claim, replica: string) =>
		this.#change(`drain ${replica}`, claim, () => this.#world.drain(replica, this.#memory));
	undrain = (claim: Claim, replica: string) =>
		this.#change(`undrain ${replica}`, claim, () => this.#world.undrain(replica, this.#memory));
	restart = (claim: Claim, replica: string, version: DbVersion) =>
		this.#change(`restart ${replica} ${version}`, claim, () => this.#world.restart(replica, version, this.#memory));

	create = (claim: Claim, spec: ClusterSpec) => this.#change("create", claim, () => this.#world.create(spec));
	adopt = (claim: Claim, owner: string, generation: string) =>
		this.#change("adopt", claim, () => void Object.assign(this.#world.present(), { owner, generation }));
	assess = (spec: Omit<ClusterSpec, "generation">) => this.#call(() => this.#world.assess(spec));
	configure = (claim: Claim, spec: ClusterSpec) => this.#change("configure", claim, () => this.#world.configure(spec));
	join = async (claim: Claim, spec: ClusterSpec) => {
		let out: readonly string[] = [];
		await this.#change("join", claim, () => {
			out = this.#world.join(spec);
		});
		return out;
	};
	leave = (claim: Claim, replica: string) => this.#change(`leave ${replica}`, claim, () => this.#world.leave(replica));
	start = (claim: Claim) => this.#change("start", claim, () => this.#world.start());
	stop = (claim: Claim) => this.#change("stop", claim, () => this.#world.halt("stopped"));
	wake = (claim: Claim) => this.#change("wake", claim, () => this.#world.wake());
	destroy = (claim: Claim, { data }: { readonly data: boolean }) =>
		this.#change("destroy", claim, () => this.#world.destroy(data));

	#change(what: string, claim: Claim, act: () => unknown, quiet?: "quiet"): Promise<void> {
		if (this.#lost.has(claim.fence) && !this.#unanswered.has(what))
			this.#world.violations.push(`${what} under a claim known to be lost`);
		const reaching = this.#call(() => {
			try {
				this.#world.claims.check(claim);
			} catch (error) {
				if (error instanceof ClaimLost) this.#lost.add(claim.fence);
				throw error;
			}
			act();
			if (quiet === undefined) this.#world.log.push(what);
		});
		return reaching.catch((error: unknown) => {
			if (error instanceof PlatformError) this.#unanswered.add(what);
			throw error;
		});
	}

	async #call<T>(act: () => T): Promise<T> {
		if (this.#dead) return never;
		const fault = this.#faults.get(this.#world.calls++);
		await this.#world.clock.sleep(latency);
		if (this.#dead) return never;
		if (fault?.kind === "crash" && fault.when === "before") return this.#die();
		if (fault?.kind === "suspend") await this.#world.clock.sleep(fault.seconds * 1000);
		if (fault?.kind === "refuse") throw new ControlError(fault.words);
		this.#world.data.advance();
		if (fault?.kind === "unreachable") this.#unreachable = fault.calls;
		else if (fault !== undefined) strike(this.#world, fault);
		if (this.#unreachable > 0) {
			this.#unreachable--;
			throw new PlatformError("the platform can't be reached: connection refused");
		}
		const result = act();
		if (fault?.kind === "crash") return this.#die();
		if (fault?.kind === "no-answer") throw new PlatformError("the platform did not answer: socket hang up");
		return result;
	}

	#die(): Promise<never> {
		this.#dead = true;
		this.#crash();
		return never;
	}
}
