import { ControlError } from "../control/errors";
import type { RollStop, WaitStop } from "./events";

/** A stopped rollout: nothing more was touched, the update's mark stays, and a later rollout resumes it. */
export class RollStopped extends ControlError {
	override readonly name = "RollStopped";
	constructor(
		readonly stop: RollStop,
		options?: ErrorOptions,
	) {
		super(shortly(stop.cause), options);
	}
}

/** A cluster that did not reach the state that was waited for. */
export class WaitStopped extends ControlError {
	override readonly name = "WaitStopped";
	constructor(readonly stop: WaitStop) {
		super(shortly(stop.cause));
	}
}

/** For developers: src/words makes the message for people. */
const shortly = (cause: RollStop["cause"]) => ("words" in cause ? cause.words : cause.kind);
