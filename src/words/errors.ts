import { Claimed, ClaimLost, type ControlError, RecordLost } from "../control/errors";
import { oneLine, recordLostWayOut, withFullStop } from "./text";

/**
 * A control error with its way out, as one readable block.
 *
 * @example controlErrorText(new Claimed("ann@build-7, process 4711", "2026-11-23T10:05:00Z"));
 */
export function controlErrorText(error: ControlError): string {
	if (error instanceof Claimed) {
		return `${oneLine(error.message)}. Wait until that process is done, then run pulumi up again. If the process no longer runs, its claim (its lock on the cluster) expires at ${error.expires}. If Pulumi then reports that the stack is locked, run pulumi cancel first.`;
	}
	if (error instanceof RecordLost)
		return `${oneLine(error.message)}. This run changes nothing more. ${recordLostWayOut}`;
	if (error instanceof ClaimLost) {
		return `${oneLine(error.message)}. This run changes nothing more. Wait until the other process is done, then run pulumi up again.`;
	}
	return withFullStop(oneLine(error.message, 1000));
}
