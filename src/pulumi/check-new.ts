import { known, unknown } from "../core/question";
import { decide } from "../core/rules";
import { refusalText } from "../words/refusals";
import { adoptText, goneText, takeoverCaveats } from "../words/resource";
import { listed } from "./catalogue";
import { hasChanges } from "./diff";
import { type Asked, type Found, refused } from "./found";
import type { Valid } from "./parse";
import type { Place } from "./place";
import type { Problem } from "./problem";

/** A check where there is no cluster: it is to be made, or it is gone. */
export async function checkNew({ valid, version, olds, news }: Asked, place: Place): Promise<Found> {
	if (Object.keys(olds).length > 0) return hasChanges(olds, news) ? refused("name", goneText(place.id)) : {};
	if (version === undefined) return {};
	const { owner, shards, replicas } = valid.args;
	const { platform, name, settings } = place;
	const spec = { name, owner, version, shards, replicas, settings };
	const isForeign = platform.isForeign?.(settings) === true;
	const unasked = isForeign && !valid.args.adopt ? [{ property: "adopt", reason: adoptText(name) }] : [];
	// To be refused a version that runs already would help nobody.
	const unlisted = isForeign ? [] : notListed(valid, version);
	const failures = [...unlisted, ...unasked, ...(await platform.obstacles(spec))];
	if (failures.length > 0 || !isForeign) return { failures };
	return { inputs: { caveats: takeoverCaveats((await platform.takeover?.(spec)) ?? {}) } };
}

/**
 * An update goes to the latest version; a new cluster may begin with any that the user's own list holds. Whether the
 * platform has it, the platform says itself.
 */
function notListed(valid: Valid, target: string): Problem[] {
	const list = listed(valid);
	const catalogue = list === undefined ? unknown("not asked for") : known(list);
	return decide({ target, cluster: unknown("there is none yet"), catalogue, policy: "any" })
		.filter(({ rule }) => rule === "known-version")
		.map((refusal) => ({ property: refusal.property, reason: refusalText(refusal) }));
}
