import { ControlError } from "../control/errors";
import type { RollStop, WaitStop } from "./events";

/** A roll that stopped: nothing more was touched, the mark of the update stays, and a later roll goes on from there. */
export class RollStopped extends ControlError {
	override readonly name = "RollStopped";
	constructor(
		readonly stop: RollStop,
		options?: ErrorOptions,
	) {
		super(
			`the update of '${stop.cluster}' to ${stop.to} stopped${stop.replica === undefined ? "" : ` at ${stop.replica}`}: ${because(stop.cause)}`,
			options,
		);
	}
}

/** A cluster that did not come to the state that was waited for. */
export class WaitStopped extends ControlError {
	override readonly name = "WaitStopped";
	constructor(readonly stop: WaitStop) {
		super(
			`${stop.replica ?? `'${stop.cluster}'`} did not get to ${stop.wanted}: ${because(stop.cause)}; the cluster is ${stop.state}`,
		);
	}
}

function because(cause: RollStop["cause"]): string {
	switch (cause.kind) {
		case "failed":
		case "platform":
		case "volatile":
			return cause.words;
		case "stalled":
			return `no progress for ${cause.seconds} seconds while ${cause.phase}`;
		case "resized":
			return `${cause.object} was given ${cause.replicas ?? "no"} of ${cause.of} replicas`;
		case "version-set":
			return `${cause.object} was given the image ${cause.image}`;
		case "wrong-version":
			return `it runs ${cause.runs ?? "an unknown version"}`;
		case "not-safe":
			return cause.others.map(({ replica, problem }) => `${replica} is ${problem}`).join(", ");
		case "data-missing":
			return `it came back without ${cause.tables.join(", ")}`;
		case "claim-lost":
			return `${cause.by ?? "another process"} has taken over`;
	}
}
