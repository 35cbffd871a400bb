import { engineIn } from "./engine";
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
}

/** The release of a version, however many parts it is written with. */
export function releaseOf(version: DbVersion, releases: readonly Release[]): Release | undefined {
	return releases.find((release) => sameVersion(release.version, version));
}

/** The versions that may be updated to. */
export function allowed(releases: readonly Release[]): DbVersion[] {
	return releases.filter(({ blocked }) => blocked === undefined).map(({ version }) => version);
}

/** The version that `latest` means: the newest that is neither blocked nor, unless all are, deprecated. */
export function latestOf(releases: readonly Release[]): DbVersion | undefined {
	const current = releases.filter(({ deprecated }) => deprecated === undefined);
	return highest(allowed(current)) ?? highest(allowed(releases));
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
	// A ClickHouse version is no neighbour: it belongs to another sequence of numbers.
	const listed = [...catalogue, ...known].filter((it) => it.engine !== undefined && engineIn(it.version) === undefined);
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
