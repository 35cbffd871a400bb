import { isSameImage } from "../../core/release";
import { flawOf } from "../../core/rules/version-format";
import { areAlike, type DbVersion, highest, parseVersion } from "../../core/version";
import type { Valid } from "../args/parse";
import { flawed, type InputProblem } from "../args/problem";
import { latestKnown } from "./catalogue";
import type { Facts } from "./facts";

/**
 * The version that is asked for, as a number; neither is there while it is not known yet.
 *
 * Another tag of the image that the version before has is that version: nothing changes. That is stored as `written`, so
 * that it stays true if one of the tags moves, and costs nothing to know again.
 *
 * `latest` is the newest of the catalogue, but never goes back: where the catalogue lost versions, it stays at the one
 * that it meant before.
 */
export async function resolveVersion(
	valid: Valid,
	facts: Facts,
	before: string | undefined,
	written: unknown,
): Promise<{ readonly version?: DbVersion; readonly written?: string; readonly failure?: InputProblem }> {
	if (valid.version === undefined) return {};
	const version = parseVersion(valid.version);
	const old = parseVersion(before);
	if (version !== undefined) {
		if (old === undefined || !areAlike(version, old)) return { version };
		if (written === valid.version) return { version: old, written };
		const catalogue = await facts.catalogue();
		const isSame = catalogue.known && isSameImage(version, old, catalogue.value);
		return isSame ? { version: old, written: valid.version } : { version };
	}
	const catalogue = await facts.catalogue();
	const latest = latestKnown(catalogue, old);
	if (latest !== undefined) return { version: highest([latest, old ?? latest]) };
	// What the catalogue is made of may be known in the update only, which judges then.
	if (valid.unknown.length > 0) return {};
	return { failure: flawed(valid.version, flawOf(valid.version, catalogue)) };
}
