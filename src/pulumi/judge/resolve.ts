import { flawOf } from "../../core/rules/version-format";
import { type DbVersion, highest, parseVersion } from "../../core/version";
import type { Valid } from "../args/parse";
import { flawed, type InputProblem } from "../args/problem";
import { latestKnown } from "./catalogue";
import type { Facts } from "./facts";

/**
 * The version that is asked for, as a number; neither is there while it is not known yet.
 *
 * `latest` is the newest of the catalogue, but never goes back: where the catalogue lost versions, it stays at the one
 * that it meant before.
 */
export async function resolveVersion(
	valid: Valid,
	facts: Facts,
	before: string | undefined,
): Promise<{ readonly version?: DbVersion; readonly failure?: InputProblem }> {
	if (valid.version === undefined) return {};
	const version = parseVersion(valid.version);
	if (version !== undefined) return { version };
	const catalogue = await facts.catalogue();
	const latest = latestKnown(catalogue);
	if (latest !== undefined) return { version: highest([latest, parseVersion(before) ?? latest]) };
	// What the catalogue is made of may be known in the update only, which judges then.
	if (valid.unknown.length > 0) return {};
	return { failure: flawed(valid.version, flawOf(valid.version, catalogue)) };
}
