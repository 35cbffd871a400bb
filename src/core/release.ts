import { compareVersions, type DbVersion, highest, sameVersion } from "./version";

export interface Release {
	readonly version: DbVersion;
	/** The ClickHouse version that it is built on, such as `23.3`; only the first two parts count. */
	readonly engine?: string;
	/** The release date: `2024-08-20`. */
	readonly date?: string;
	readonly notes?: string;
	/** Advised against, with the reason if one is given: `latest` skips it. */
	readonly deprecated?: true | string;
	/** Not to be updated to, with the reason if one is given. */
	readonly blocked?: true | string;
	/** Other tags of the same image: they are this version, too. */
	readonly aliases?: readonly DbVersion[];
	/** The image spells its tag otherwise, so that it can't be set. */
	readonly spelling?: Spelling;
}

/** A tag, and the image that spells its tags like this: `acme/db:{version}-debian-12-r*`. */
export interface Spelling {
	readonly image: string;
	readonly tag: string;
}

/** Those that can be set with the image as it is. */
export function settable(releases: readonly Release[]): readonly Release[] {
	return releases.filter(({ spelling }) => spelling === undefined);
}

/**
 * The tags under which other spellings have newer versions than the image's own, newest first; or, if there are any,
 * those of the target.
 */
export function spelledOtherwise(releases: readonly Release[], target?: DbVersion): readonly Spelling[] {
	const newest = highest(settable(releases).map(({ version }) => version));
	const others = releases.filter(({ spelling }) => spelling !== undefined);
	const its = others.filter(({ version }) => sameVersion(version, target));
	const newer = others.filter(({ version }) => newest === undefined || compareVersions(version, newest) > 0);
	return (its.length > 0 ? its : newer).flatMap(({ spelling }) => spelling ?? []);
}

/** The release of a version, however many parts it is written with, and by which tag of its image. */
export function releaseOf(version: DbVersion, releases: readonly Release[]): Release | undefined {
	return releases.find(
		({ version: its, aliases, spelling }) =>
			spelling === undefined &&
			(sameVersion(its, version) || aliases?.some((alias) => sameVersion(alias, version)) === true),
	);
}

/** The versions that may be updated to. */
export function allowed(releases: readonly Release[]): DbVersion[] {
	return releases.filter(({ blocked }) => blocked === undefined).map(({ version }) => version);
}

/**
 * The version that `latest` means: the newest that is neither blocked nor, unless all are, deprecated.
 *
 * @param at Stays what it is if it is another tag of the same image.
 */
export function latestOf(releases: readonly Release[], at?: DbVersion): DbVersion | undefined {
	const all = settable(releases);
	const current = all.filter(({ deprecated }) => deprecated === undefined);
	const latest = highest(allowed(current)) ?? highest(allowed(all));
	return latest !== undefined && isSameImage(latest, at, all) ? at : latest;
}

/** Whether two versions are tags of the same image. */
export function isSameImage(a: DbVersion, b: DbVersion | undefined, releases: readonly Release[]): boolean {
	const its = releaseOf(a, releases);
	return b !== undefined && its !== undefined && its === releaseOf(b, releases);
}
