import { type DbVersion, highest, sameVersion } from "./version";

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
