import { type Known, known, unknown } from "../core/question";

/** An error that the user can act on: its message is one readable block, shown without a stack trace. */
export class ControlError extends Error {
	override readonly name: string = "ControlError";
}

/** What a call answers; unknown, with the platform's words, if that can't be had. */
export async function attempt<T>(ask: () => Promise<T>): Promise<Known<T>> {
	try {
		return known(await ask());
	} catch (error) {
		if (error instanceof ControlError) return unknown(error.message);
		throw error;
	}
}

/** The same without the words. */
export async function ifKnown<T>(ask: () => Promise<T>): Promise<T | undefined> {
	const answer = await attempt(ask);
	return answer.known ? answer.value : undefined;
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
	override readonly name: string = "ClaimLost";
	constructor(
		/** Who has it now; `undefined` if nobody has any more. */
		readonly by: string | undefined,
		words = by === undefined
			? "another process took over this cluster meanwhile"
			: `another process (${by}) took over and is changing this cluster now`,
	) {
		super(words);
	}
}

/** The claim is gone with the cluster's record, which was deleted. */
export class RecordLost extends ClaimLost {
	override readonly name = "RecordLost";
	constructor() {
		super(undefined, "the record of this cluster was deleted while the cluster was being changed");
	}
}
