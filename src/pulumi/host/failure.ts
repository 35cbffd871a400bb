import { ControlError } from "../../control/errors";
import type { Platform } from "../../control/platform";
import { harmless } from "../../core/visible";
import { RollStopped, WaitStopped } from "../../roll/stopped";
import { buildOf } from "../../words/advice";
import { controlErrorText } from "../../words/errors";
import { stopText, waitStopText } from "../../words/stop";
import type { Properties } from "../args/inputs";

/**
 * The message for a person. An error that is not meant for one is a bug of ours, and is passed on as it is.
 *
 * @param platform The cluster's; needed only where a rollout may have stopped.
 */
export function messageOf(error: unknown, platform?: Platform): string {
	if (error instanceof RollStopped) return stopText(error.stop, buildOf(platform));
	if (error instanceof WaitStopped) return waitStopText(error.stop);
	if (error instanceof ControlError) return controlErrorText(error);
	throw error;
}

/**
 * What Pulumi's provider host prints and passes on. For read and delete it prints `${error}: ${error.stack}`: so these
 * two make one readable line instead of a stack.
 */
export class OneLineError extends Error {
	constructor(words: string) {
		const message = harmless(words);
		super(message);
		this.stack = message;
	}

	override toString(): string {
		return "DbCluster";
	}
}

/**
 * The resource exists but is not as it should be: Pulumi keeps the old inputs and these outputs, shows the reasons, and
 * resumes it in the next `up`.
 */
export class Unfinished extends OneLineError {
	readonly reasons: readonly string[];
	constructor(
		readonly id: string,
		message: string,
		/** All outputs, the serialised provider among them: without it nothing could be done with the resource any more. */
		readonly properties: Properties,
	) {
		super(message);
		this.reasons = [this.message];
	}
}
