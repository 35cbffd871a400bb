import { unknown } from "../../core/question";
import { releaseOf } from "../../core/release";
import { decide } from "../../core/rules";
import type { DbVersion } from "../../core/version";
import { untaken } from "../../words/import";
import {
	adoptText,
	catalogueUnknownText,
	deprecatedText,
	recordLost,
	takeoverCaveats,
	unrecordedText,
} from "../../words/resource";
import type { Home } from "../args/home";
import { isKnown, type Valid } from "../args/parse";
import { type InputProblem, refusalOf } from "../args/problem";
import { tell } from "../host/teller";
import { sourceOf } from "./catalogue";
import { checkUnreachable } from "./check-existing";
import { hasChanges } from "./diff";
import { desiredOf, type Facts } from "./facts";
import { type CheckInput, type Found, refused } from "./outcome";
import { refusing } from "./untried";

/** A check where there is no record: the cluster is to be made, it is gone, or its record is. */
export async function checkNew(asked: CheckInput, place: Home): Promise<Found> {
	const { valid, facts, version, olds, news } = asked;
	const { platform, name, settings, pin } = place;
	const isForeign = platform.isForeign?.(settings) === true;
	// Imported: there is a cluster to take over, which has no record yet.
	const isUntaken = isForeign && olds.unfinished === untaken;
	const isLost = Object.keys(olds).length > 0 && !isUntaken;
	if (isLost) {
		const seen = await facts.cluster();
		if (!seen.known) return checkUnreachable(asked, seen.why);
		// A new record is written for who asks for that.
		if (seen.value === undefined || !valid.args.adopt)
			return hasChanges(olds, news) ? refused("name", unrecordedText(place, seen.value)) : {};
	}
	if (version === undefined) return {};
	const { owner, shards, replicas, adopt } = valid.args;
	const spec = { name, owner, version, shards, replicas, settings, adopt, desiredState: desiredOf(valid) };
	const unasked = isForeign && !valid.args.adopt ? [{ property: "adopt", reason: adoptText(name) }] : [];
	const [obstacles, unlisted] = await Promise.all([
		platform.obstacles(spec, pin),
		// To be refused a version that runs already would help nobody.
		isForeign || isLost ? [] : notToBeMade(valid, facts, name, version),
	]);
	// What the platform says of a version that is not to be had anyway would be another way out, into the same refusal.
	const others = (await refusing(obstacles, name)).filter(
		({ property }) => unlisted.length === 0 || property !== "version",
	);
	const failures = [...unlisted, ...unasked, ...others];
	if (failures.length > 0) return { failures };
	const takes = (await platform.takeover?.(spec)) ?? {};
	if (!isForeign && Object.keys(takes).length === 0) return {};
	const caveats = takeoverCaveats(takes);
	const unfinished = isUntaken ? untaken : isLost ? recordLost : undefined;
	return { inputs: { caveats, unfinished } };
}

/**
 * An update goes to the latest version; a new cluster may begin with any that the user's own catalogue holds and does not
 * block. Whether the platform has it, the platform says itself.
 */
async function notToBeMade(valid: Valid, facts: Facts, name: string, target: DbVersion): Promise<InputProblem[]> {
	if (sourceOf(valid) === undefined || !isKnown(valid, "versions")) return [];
	const catalogue = await facts.catalogue();
	if (!catalogue.known) {
		await tell(catalogueUnknownText(name, target, catalogue.why));
		return [];
	}
	const release = releaseOf(target, catalogue.value);
	if (release?.deprecated !== undefined) await tell(deprecatedText(name, target, release));
	return decide({ target, cluster: unknown("there is none yet"), catalogue, policy: "any" })
		.filter(({ rule }) => rule === "known-version" || rule === "blocked-version")
		.map(refusalOf);
}
