import { expect } from "vitest";
import { ControlError } from "../../src/control/errors";

/** What work that must fail says to people. */
export async function failure(work: Promise<unknown>): Promise<string> {
	const error: unknown = await work.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	expect(error).toBeInstanceOf(ControlError);
	return (error as Error).message;
}
