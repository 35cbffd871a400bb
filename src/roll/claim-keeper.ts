import { Claimed, ClaimLost } from "../control/errors";
import type { Claim, ClusterControl } from "../control/port";
import type { Clock } from "./clock";
import type { RollEvent } from "./events";
import type { Timing } from "./timing";

/** Keeps the claim on a cluster while work is done under it. */
export interface ClaimKeeper {
	/** Checks and renews the claim when due, or `now`; throws {@link ClaimLost}. Call it while waiting. */
	renew(now?: "now"): Promise<void>;
	/** Makes one change under the claim. Once the claim is lost, makes none and throws {@link ClaimLost}. */
	change<T>(call: (claim: Claim) => Promise<T>): Promise<T>;
}

export interface ClaimOptions {
	readonly control: Pick<ClusterControl, "claim" | "extend" | "release">;
	readonly holder: string;
	readonly clock: Clock;
	readonly timing: Pick<Timing, "claimSeconds" | "claimWaitSeconds">;
	readonly report: (event: RollEvent) => void;
	/** Aborted when it is to wait no longer for the claim of another process. */
	readonly stop?: AbortSignal;
}

/**
 * Does some work under the cluster's claim, and always releases the claim.
 *
 * While another process has the claim, waits up to `claimWaitSeconds`: a killed run leaves its claim behind, and perhaps an
 * orphan that is finishing its step. Then throws {@link Claimed}.
 */
export async function underClaim<T>(options: ClaimOptions, work: (keeper: ClaimKeeper) => Promise<T>): Promise<T> {
	const { control, clock, timing } = options;
	const claim = await take(options);
	let extended = clock.now();
	let extending: Promise<void> | undefined;
	let lost: ClaimLost | undefined;

	async function noticing<R>(call: () => Promise<R>): Promise<R> {
		if (lost !== undefined) throw lost;
		try {
			return await call();
		} catch (error) {
			if (error instanceof ClaimLost) lost = error;
			throw error;
		}
	}
	async function extend(): Promise<void> {
		const at = clock.now();
		await noticing(() => control.extend(claim, timing.claimSeconds));
		extended = at;
	}
	const keeper: ClaimKeeper = {
		async renew(now) {
			if (lost !== undefined) throw lost;
			if (now !== "now" && clock.now() - extended < (timing.claimSeconds * 1000) / 3) return;
			extending ??= extend().finally(() => {
				extending = undefined;
			});
			await extending;
		},
		change: (call) => noticing(() => call(claim)),
	};
	try {
		return await work(keeper);
	} finally {
		// It expires by itself: an error here must not hide how the work ended.
		await control.release(claim).catch(() => {});
	}
}

async function take({ control, holder, clock, timing, report, stop }: ClaimOptions): Promise<Claim> {
	const start = clock.now();
	for (let told = ""; ; ) {
		try {
			return await control.claim(holder, timing.claimSeconds);
		} catch (error) {
			const isOver = stop?.aborted || clock.now() - start >= timing.claimWaitSeconds * 1000;
			if (!(error instanceof Claimed) || isOver) throw error;
			if (told !== error.holder) report({ event: "waiting", holder: error.holder, expires: error.expires });
			told = error.holder;
			await clock.sleep(1000);
		}
	}
}

/** Does one long piece of work and renews the claim meanwhile. Throws {@link ClaimLost} as soon as the claim is lost. */
export async function whileKeeping<T>(keeper: ClaimKeeper, clock: Clock, work: () => Promise<T>): Promise<T> {
	let done = false;
	const working = work().finally(() => {
		done = true;
	});
	const keeping = async (): Promise<T> => {
		while (!done) {
			await clock.sleep(1000);
			if (!done) await keeper.renew();
		}
		return working;
	};
	return Promise.race([working, keeping()]);
}
