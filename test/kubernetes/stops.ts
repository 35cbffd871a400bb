import type { KubernetesControl } from "../../src/platforms/kubernetes/control";
import type { RollEvent } from "../../src/roll/events";
import { roll } from "../../src/roll/roll";
import { RollStopped } from "../../src/roll/stopped";
import type { Timing } from "../../src/roll/timing";
import { stopText } from "../../src/words/stop";
import type { versions } from "./harness";

type To = (typeof versions)[keyof typeof versions];
interface Act {
	readonly timing?: Partial<Timing>;
	/** What somebody does at an event, once. */
	readonly when?: (event: RollEvent) => boolean;
	readonly act?: () => Promise<unknown>;
}

/** Rolls with a patience that would outlast the test: what is told at once is told for another reason. */
export async function rolled(control: KubernetesControl, to: To, { timing, when, act }: Act = {}) {
	let acting: Promise<unknown> | undefined;
	const ended: unknown = await roll({
		control,
		to,
		holder: "the test",
		timing: { drainSeconds: 5, stallSeconds: 3600, ...timing },
		report(event) {
			if (when?.(event) && act !== undefined) acting ??= act();
		},
	}).catch((error: unknown) => error);
	await acting;
	return ended;
}

export async function stopOf(rolling: Promise<unknown>): Promise<RollStopped["stop"] & { readonly text: string }> {
	const error = await rolling;
	if (!(error instanceof RollStopped)) throw new Error("it did not stop", { cause: error });
	return { ...error.stop, text: stopText(error.stop) };
}

export const comesUp = (event: RollEvent) =>
	event.event === "progress" && event.replica === "db-0-1" && /^(pull|prep|start)/.test(event.phase);
