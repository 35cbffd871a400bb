import { unknown } from "../core/question";
import { decide } from "../core/rules";
import { refusalText } from "../words/refusals";
import { goneText } from "../words/resource";
import { catalogueOf } from "./catalogue";
import { hasChanges } from "./diff";
import { type Asked, type Found, refused } from "./found";
import type { Place } from "./place";
import { pathText } from "./unknown";

/** A check where there is no cluster: it is to be made, or it is gone. */
export async function checkNew({ valid, version, olds, news }: Asked, place: Place): Promise<Found> {
	if (Object.keys(olds).length > 0) return hasChanges(olds, news) ? refused("name", goneText(place.id)) : {};
	if (version === undefined) return {};
	// An update goes to the latest version; a new cluster may begin with any that exists.
	const question = {
		target: version,
		cluster: unknown(""),
		catalogue: await catalogueOf(valid),
		policy: "any",
	} as const;
	const missing = decide(question).filter(({ rule }) => rule === "known-version");
	const obstacles = await place.platform.obstacles(place.name, place.settings, version);
	return {
		failures: [
			...missing.map((refusal) => ({ property: refusal.property, reason: refusalText(refusal) })),
			...obstacles.map(({ path, reason }) => ({ property: pathText([place.platform.name, ...path]), reason })),
		],
	};
}
