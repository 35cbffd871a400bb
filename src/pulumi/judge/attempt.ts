import { ControlError } from "../../control/errors";
import { type Known, known, unknown } from "../../core/question";

/** What a call answers; unknown, with the platform's words, where it can't be had. */
export async function attempt<T>(read: () => Promise<T>): Promise<Known<T>> {
	try {
		return known(await read());
	} catch (error) {
		if (error instanceof ControlError) return unknown(error.message);
		throw error;
	}
}
