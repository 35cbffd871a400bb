import type { Obstacle } from "../../control/port";
import { untriedText } from "../../words/resource";
import { tell } from "../host/teller";

/** The obstacles that refuse a change. What may not be tried is a line, so that the caveats are the same for everybody. */
export async function refusing(obstacles: readonly Obstacle[], name: string): Promise<readonly Obstacle[]> {
	const untried = obstacles.find((obstacle) => obstacle.untried);
	if (untried !== undefined) await tell(untriedText(name, untried.reason));
	return obstacles.filter((obstacle) => !obstacle.untried);
}
