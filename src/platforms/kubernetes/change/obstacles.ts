import { ControlError } from "../../../control/errors";
import type { Obstacle } from "../../../control/port";

/** Runs checks and collects what they throw as obstacles. */
export function collector(found: Obstacle[]): (property: string, work: () => Promise<unknown>) => Promise<void> {
	return async (property, work) => {
		try {
			await work();
		} catch (error) {
			if (!(error instanceof ControlError)) throw error;
			if (!found.some(({ reason }) => reason === error.message)) found.push({ property, reason: error.message });
		}
	};
}
