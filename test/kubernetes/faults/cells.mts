import { createHash } from "node:crypto";

/** What an update of a cluster of two comes by at its first replica, and then the end of the whole. */
export const steps = [
	"claim",
	"rehearse",
	"mark",
	"drain",
	"template",
	"delete",
	"start",
	"catch up",
	"let in",
	"hold",
	"finish",
] as const;
export type Step = (typeof steps)[number];

/**
 * What became of the run of Pulumi that met the fault: it went through it; it ended without having touched a replica, and
 * the next run did all; or it ended midway, and the next run did the rest.
 */
export type Outcome = "through" | "refused" | "resumed";

/** Who carries the update out: the provider's process on its own, spoken to as the engine does, or the Pulumi CLI. */
export type Runner = "provider" | "dynamic" | "native";

export interface Fault {
	readonly title: string;
	readonly by: Runner;
	/** What a run that meets it at a step may come to. */
	readonly outcome: (step: Step) => readonly Outcome[];
	/** It needs rights on the node: only there, and only in the whole matrix. */
	readonly ofNode?: boolean;
	/** It is everybody's fault on that node: nothing else may run. */
	readonly ofAll?: boolean;
	/** Why SELECTs may fail while it lasts. */
	readonly mayFail?: string;
}

const before = (last: Step) => (step: Step) => steps.indexOf(step) <= steps.indexOf(last);
const through = (): readonly Outcome[] => ["through"];
/** Nothing is marked yet. */
const died = (step: Step): readonly Outcome[] => (before("rehearse")(step) ? ["refused"] : ["resumed"]);
/** Whoever can't even take the claim, and look at the cluster under it, says so at once. */
const later = (step: Step): readonly Outcome[] => (step === "claim" ? ["refused"] : ["through"]);

export const faults = {
	"provider killed": { title: "kill -9 of the provider", by: "provider", outcome: died },
	// Its provider is an orphan then, which finishes what it does, perhaps while the next run waits for it.
	"CLI killed": { title: "kill -9 of the CLI", by: "dynamic", outcome: (step) => [...died(step), "resumed"] },
	"CLI interrupted": { title: "SIGINT to the CLI", by: "native", outcome: died },
	"API away": { title: "API server away for 10 s", by: "provider", outcome: later },
	"API busy": { title: "429 for 10 s", by: "provider", outcome: later },
	"answers cut": { title: "answers cut off in the middle for 10 s", by: "provider", outcome: later },
	"answers late": { title: "each answer 5 s late for 10 s", by: "provider", outcome: through },
	// A server of 2018 that starts meanwhile may crash, and hang in that for good: the next run restarts it.
	"Keeper away": { title: "ZooKeeper away for 10 s", by: "provider", outcome: () => ["through", "resumed"] },
	"clock jumps": { title: "the provider's clock jumps by 1 h", by: "provider", outcome: through },
	"volume full": {
		title: "the replica's volume is full",
		by: "provider",
		ofNode: true,
		// It can't catch up until somebody frees it.
		outcome: (step) => (step === "finish" ? ["through"] : ["resumed"]),
	},
	"containerd restarted": {
		title: "containerd killed and restarted",
		by: "provider",
		ofNode: true,
		ofAll: true,
		outcome: through,
	},
	"API restarted": {
		title: "the API server killed and restarted",
		by: "provider",
		ofNode: true,
		ofAll: true,
		// It may be back before the claim is given up.
		outcome: (step) => [...later(step), "through"],
	},
} as const satisfies Record<string, Fault>;
export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as FaultName[];

export interface Cell {
	readonly step: Step;
	readonly fault: FaultName;
}

export const faultOf = ({ fault }: Cell): Fault => faults[fault];

/** Cells of one fault that one cluster goes through, each with its next version. */
export type Lane = readonly [Cell, ...Cell[]];

/** As many as there are versions to go to. */
const cellsPerLane = 3;

/** All cells of the faults that need nothing for themselves, or of those that do. */
export function lanes(ofAll: boolean): Lane[] {
	return faultNames
		.filter((fault) => (faults[fault] as Fault).ofAll === (ofAll || undefined))
		.flatMap((fault) =>
			Array.from({ length: Math.ceil(steps.length / cellsPerLane) }, (_, lane) => {
				const its = steps.slice(lane * cellsPerLane, (lane + 1) * cellsPerLane).map((step) => ({ step, fault }));
				return its as unknown as Lane;
			}),
		);
}

/** Lanes of one cell each, of different faults; which ones is up to the seed alone. */
export function sample(seed: string, size: number): Lane[] {
	const number = (of: string) => createHash("sha256").update(`${seed} ${of}`).digest().readUInt32BE();
	return faultNames
		.filter((fault) => (faults[fault] as Fault).ofNode !== true)
		.sort((one, other) => number(one) - number(other))
		.slice(0, size)
		.map((fault) => [{ fault, step: steps[number(`${fault} step`) % steps.length] ?? "claim" }]);
}
