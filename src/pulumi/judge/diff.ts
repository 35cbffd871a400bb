import { isDeepStrictEqual } from "node:util";
import type { DiffResult } from "@pulumi/pulumi/dynamic";
import { sameVersion } from "../../core/version";
import { plainVersion } from "../args/digest";
import type { Properties } from "../args/inputs";
import { platforms } from "../args/platforms";

/**
 * What there is something to do for when it differs. Not among them: what check adds to inform (`caveats`, `recorded`,
 * `endpoint`), `adopt`, which matters to check alone, and what check refuses to change (`name`).
 * What only delete and read use is, since they see the outputs, and only an update writes those.
 */
const matters = [
	"shards",
	"replicas",
	"versions",
	"update",
	"desiredState",
	"deletionPolicy",
	// The platform keeps it: after `pulumi stack rename` it has to be told.
	"owner",
	// The mark that check found on the cluster: there is an update to go on with, though no input may have changed.
	"unfinished",
	// That somebody else scaled it, which check found: there is a size to go back to.
	"scaled",
	// That the program writes another tag of the same image: without an update a refresh would forget it.
	"written",
	...Object.keys(platforms),
];

const found = ["unfinished", "scaled"];

/** What an update leaves to be compared: it has dealt with what check found, so that the same found again is news. */
export function withoutFound(news: Properties): Properties {
	return Object.fromEntries(Object.entries(news).filter(([name]) => !found.includes(name)));
}

/**
 * Whether there is something to do. Pure and total, and never a replacement: a database is not made anew for a change.
 *
 * @param olds the old OUTPUTS, the inputs among them. `pulumi refresh` calls it the other way round, with the refreshed
 * outputs and the old inputs: so nothing is refused here.
 */
export async function diff(_id: string, olds: Properties, news: Properties): Promise<DiffResult> {
	return { changes: hasChanges(olds, news), replaces: [], deleteBeforeReplace: false };
}

export function hasChanges(olds: Properties, news: Properties): boolean {
	if (!isSame(olds.version, news.version)) return true;
	// A state that the plugin wrote lacks the text of the dynamic provider: without it a refresh and a destroy would fail.
	if (news.__provider !== undefined && olds.__provider === undefined) return true;
	return matters.some((name) => {
		// What check found is news only where there is something.
		if (found.includes(name) && news[name] === undefined) return false;
		return !isDeepStrictEqual(olds[name] ?? null, news[name] ?? null);
	});
}

function isSame(a: unknown, b: unknown): boolean {
	const [old, asked] = [plainVersion(a), plainVersion(b)];
	return old !== undefined && asked !== undefined ? sameVersion(old, asked) : a === b;
}
