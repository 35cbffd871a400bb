import { setTimeout as sleep } from "node:timers/promises";
import type { KeeperProxy } from "../keeper-proxy.ts";
import type { ApiProxy, Disturbance } from "./api-proxy.mts";
import type { FaultName } from "./cells.mts";
import type { SmallVolume } from "./volume.mts";

/** What a fault may act on. */
export interface Stage {
	readonly proxy: ApiProxy;
	readonly keeper: KeeperProxy | undefined;
	readonly volume: SmallVolume | undefined;
	readonly signal: (signal: NodeJS.Signals) => void;
	/** Does something to the whole node, once for all who wait for it at that moment. */
	readonly restart: (what: "API" | "containerd") => Promise<void>;
}

/** Resolves when the fault is there; what that resolves to ends it, or is there when it has ended by itself. */
type Act = (stage: Stage) => Promise<(() => Promise<void>) | undefined>;

const seconds = 10;

/** Ends after ten seconds, whatever the run does meanwhile. */
function lasting(end: () => Promise<void> | void): () => Promise<void> {
	const over = sleep(seconds * 1000).then(end);
	return () => over;
}

const disturbed =
	(how: Disturbance): Act =>
	async ({ proxy }) => {
		proxy.disturbance = how;
		return lasting(() => {
			proxy.disturbance = undefined;
		});
	};

const sent =
	(signal: NodeJS.Signals): Act =>
	async (stage) => {
		stage.signal(signal);
		return undefined;
	};

const restarted =
	(what: "API" | "containerd"): Act =>
	async ({ restart }) => {
		await restart(what);
		return undefined;
	};

export const acts: Record<FaultName, Act> = {
	"provider killed": sent("SIGKILL"),
	"CLI killed": sent("SIGKILL"),
	"CLI interrupted": sent("SIGINT"),
	"API away": async ({ proxy }) => {
		await proxy.leave();
		return lasting(() => proxy.back());
	},
	"API busy": disturbed("busy"),
	"answers cut": disturbed("cut"),
	"answers late": disturbed("late"),
	"Keeper away": async ({ keeper }) => {
		await keeper?.cut();
		return lasting(() => keeper?.open());
	},
	"clock jumps": sent("SIGUSR2"),
	// Until the run has ended, as only a person would free it.
	"volume full": async ({ volume }) => {
		volume?.fill();
		return async () => volume?.free();
	},
	"containerd restarted": restarted("containerd"),
	"API restarted": restarted("API"),
};
