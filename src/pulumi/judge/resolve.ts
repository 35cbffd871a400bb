import { isSameImage } from "../../core/release";
import { flawOf } from "../../core/rules/version-format";
import { areAlike, compareVersions, type DbVersion, highest, parseVersion } from "../../core/version";
import type { Valid } from "../args/parse";
import { flawed, type InputProblem } from "../args/problem";
import { latestKnown } from "./catalogue";
import type { Facts } from "./facts";

/**
 * The version that is asked for, as a number; neither is there while it is not known yet.
 *
 * Another tag of the image that the version before has is that version: nothing changes. That is stored as `written`, so
 * that it stays true if one of the tags moves, and costs nothing to know again. Of one that moved before, it is not true:
 * the cluster still has the image of then.
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
		if (written === valid.version || (await isTagOf(version, old, facts)))
			return { version: old, written: valid.version };
		return { version };
	}
	const catalogue = await facts.catalogue();
	const latest = latestKnown(catalogue);
	if (latest !== undefined)
		return { version: (await isTagOf(latest, old, facts)) ? old : highest([latest, old ?? latest]) };
	// What the catalogue is made of may be known in the update only, which judges then.
	if (valid.unknown.length > 0) return {};
	return { failure: flawed(valid.version, flawOf(valid.version, catalogue)) };
}

/** Whether the version of before is another tag of the image that a version has now, and the cluster has that image. */
async function isTagOf(version: DbVersion, old: DbVersion | undefined, facts: Facts): Promise<boolean> {
	if (old === undefined || !areAlike(version, old)) return false;
	const catalogue = await facts.catalogue();
	if (!catalogue.known || !isSameImage(version, old, catalogue.value)) return false;
	// A rebuilt image is no reason to refuse the shorter tag as older.
	return compareVersions(version, old) < 0 || !(await runsAnother(facts, version));
}

/** Whether a replica has another image than the tag of a version leads to now. Not claimed of what can't be had. */
async function runsAnother(facts: Facts, version: DbVersion): Promise<boolean> {
	const cluster = await facts.cluster();
	const digests = (cluster.known && cluster.value?.replicas.flatMap(({ digest }) => digest ?? [])) || [];
	if (digests.length === 0) return false;
	const artifact = await facts.artifact(version);
	const digest = artifact.known ? /sha256:[0-9a-f]{64}$/.exec(artifact.value ?? "")?.[0] : undefined;
	return digest !== undefined && digests.some((its) => its !== digest);
}
