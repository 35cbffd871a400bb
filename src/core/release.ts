import { engineIn } from "./engine";
import { compareVersions, type DbVersion, highest, sameVersion, usual } from "./version";

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
	return indexOf(releases).byVersion.get(usual(version));
}

/** What is looked up in a catalogue for each of its own versions: it may have thousands. */
interface Index {
	/** By each of its versions as {@link usual} spells it. */
	readonly byVersion: ReadonlyMap<string, Release>;
	/** The newest that is neither blocked nor, unless all are, deprecated. */
	readonly latest: DbVersion | undefined;
	/** Those whose engine is listed and not their own version. */
	readonly engines: readonly Release[];
}

const indexes = new WeakMap<readonly Release[], Index>();

function indexOf(releases: readonly Release[]): Index {
	const known = indexes.get(releases);
	if (known !== undefined) return known;
	const all = settable(releases);
	const byVersion = new Map<string, Release>();
	for (const release of all)
		for (const version of [release.version, ...(release.aliases ?? [])])
			if (!byVersion.has(usual(version))) byVersion.set(usual(version), release);
	const current = all.filter(({ deprecated }) => deprecated === undefined);
	const latest = highest(allowed(current)) ?? highest(allowed(all));
	// A ClickHouse version is no neighbour: it belongs to another sequence of numbers.
	const engines = releases.filter(({ engine, version }) => engine !== undefined && engineIn(version) === undefined);
	const index = { byVersion, latest, engines };
	indexes.set(releases, index);
	return index;
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
	const { latest } = indexOf(releases);
	return latest !== undefined && isSameImage(latest, at, releases) ? at : latest;
}

/** Whether two versions are tags of the same image. */
export function isSameImage(a: DbVersion, b: DbVersion | undefined, releases: readonly Release[]): boolean {
	const its = releaseOf(a, releases);
	return b !== undefined && its !== undefined && its === releaseOf(b, releases);
}

/** Where the engine of a version is looked up. */
export interface Releases {
	readonly catalogue?: readonly Release[];
	/** Built-in knowledge, which counts even if the catalogue can't be read. */
	readonly known?: readonly Release[];
}

/** What a version is built on. */
export interface EngineOf {
	/** As listed or, with `like`, at least this; `undefined` if nothing is listed up to the version. */
	readonly engine?: string;
	/** The nearest lower version that is listed, if the version itself is not: versions only move forward. */
	readonly like?: DbVersion;
	/** At most this, by the nearest higher version that is listed; `undefined` if there is none. */
	readonly most?: string;
}

export function engineOf(version: DbVersion, { catalogue = [], known = [] }: Releases): EngineOf {
	const own = releaseOf(version, catalogue)?.engine ?? releaseOf(version, known)?.engine ?? engineIn(version);
	if (own !== undefined) return { engine: own, most: own };
	const listed = [...indexOf(catalogue).engines, ...indexOf(known).engines];
	const nearest = (side: 1 | -1) =>
		listed
			.filter((it) => compareVersions(it.version, version) * side > 0)
			.reduce<Release | undefined>(
				(best, it) => (best && compareVersions(it.version, best.version) * side >= 0 ? best : it),
				undefined,
			);
	const [below, above] = [nearest(-1), nearest(1)];
	return { engine: below?.engine, like: below?.version, most: above?.engine };
}
