/** An error that the user can act on: its message is one readable block, shown without a stack trace. */
export class ControlError extends Error {
	override readonly name: string = "ControlError";
}

/** What a call answers; `undefined` if that can't be had. */
export async function ifKnown<T>(ask: () => Promise<T>): Promise<T | undefined> {
	try {
		return await ask();
	} catch (error) {
		if (error instanceof ControlError) return undefined;
		throw error;
	}
}

/** The platform can't be reached, read or written: the API server is down, a disk is full, permissions are missing. */
export class PlatformError extends ControlError {
	override readonly name = "PlatformError";
}

export class Claimed extends ControlError {
	override readonly name = "Claimed";
	constructor(
		readonly holder: string,
		/** When it expires unless it is renewed, ISO 8601 in UTC. */
		readonly expires: string,
	) {
		super(`the cluster is being changed by ${holder}`);
	}
}

/** The claim expired and another process took it: the former holder must not touch the cluster any more. */
export class ClaimLost extends ControlError {
	override readonly name = "ClaimLost";
	constructor(readonly by: string | undefined) {
		super(`another process${by === undefined ? "" : ` (${by})`} took over and is changing this cluster now`);
	}
}
