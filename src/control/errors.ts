/** An error that a person can act on: its message is one readable block, shown without a stack trace. */
export class ControlError extends Error {
	override readonly name: string = "ControlError";
}

/** The platform can't be reached, read or written: a dead API server, a full disk, a folder that may not be read. */
export class PlatformError extends ControlError {
	override readonly name = "PlatformError";
}

/** Another process changes the cluster just now. */
export class Claimed extends ControlError {
	override readonly name = "Claimed";
	constructor(
		readonly holder: string,
		/** ISO 8601 in UTC: until when, unless it is extended. */
		readonly expires: string,
	) {
		super(`the cluster is being changed by ${holder}`);
	}
}

/** The claim expired and another process took it: whoever held it must not touch the cluster any more. */
export class ClaimLost extends ControlError {
	override readonly name = "ClaimLost";
	constructor(readonly by: string | undefined) {
		super(`another process${by === undefined ? "" : ` (${by})`} has taken over the change of this cluster`);
	}
}
