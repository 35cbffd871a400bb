import type { Input } from "@pulumi/pulumi";

/**
 * The catalogue: which DB versions exist, which one is the latest, and what is known of each. At most one source is given.
 *
 * It is read in preview when `version` changes, or is `latest`; once per run, even for a thousand clusters. If it can't
 * be read, only `version: "latest"` is refused; otherwise the caveats say that it was not checked whether the version
 * exists and is the latest.
 *
 * @example { registry: { image: "myscale/myscaledb" } }
 * @example { url: "https://example.com/versions.json" }
 */
export interface VersionsArgs {
	/**
	 * The versions, in any order.
	 *
	 * @example [{ version: "1.7.1", engine: "23.3" }, { version: "1.8.0", engine: "23.3" }]
	 */
	list?: Input<Input<ReleaseArgs>[]>;

	/**
	 * The tags of an image in its registry.
	 *
	 * @example { image: "myscale/myscaledb", tags: "^1\\." }
	 */
	registry?: Input<RegistryArgs>;

	/**
	 * The https address of a document (plain http for 127.0.0.1 only) of up to 8 MiB, which is to answer within 10 seconds:
	 *
	 * - JSON, an array of texts (`"1.8.0"`) or of objects with the properties of {@link ReleaseArgs}. Other properties may
	 *   stand beside these. `deprecated` and `blocked` may be `true` instead of a reason.
	 * - Lines of a version and a date with a tab between, as in ClickHouse's own list
	 *   (https://github.com/ClickHouse/ClickHouse/blob/master/utils/list-versions/version_date.tsv):
	 *   `v24.8.4.13-lts	2024-09-06`.
	 *
	 * What is no DB version, such as a pre-release, is left out. Give an address with a secret in it as a secret.
	 *
	 * @example "https://example.com/versions.json"
	 */
	url?: Input<string>;
}

/**
 * An image whose tags are the versions. If its registry requires a login, that of `docker login` is used:
 * `config.json` in `DOCKER_CONFIG` or `~/.docker`, with its credential helpers.
 */
export interface RegistryArgs {
	/**
	 * The image's repository. A tag that is a DB version counts as that version; if your tags look different, `{version}`
	 * marks its position, and `*` a number that differs from version to version. Other tags are ignored.
	 *
	 * @example "myscale/myscaledb"
	 * @example "registry.example.com/myscaledb:v{version}-ubi"
	 */
	image: Input<string>;

	/**
	 * A regular expression (as JavaScript has them) that a tag must match somewhere to count.
	 *
	 * @default every tag counts that is a DB version
	 * @example "^1\\."
	 */
	tags?: Input<string>;
}

/** A DB version that exists. */
export interface ReleaseArgs {
	/**
	 * The DB version.
	 *
	 * @example "1.8.0"
	 */
	version: Input<string>;

	/**
	 * The ClickHouse version that it is built on. With it, an update that would run versions side by side which are too
	 * far apart is refused. The package knows the engines of MyScaleDB 1.6.4 to 2.3.0; a ClickHouse version is its own.
	 *
	 * @default what the package knows, or that of the nearest lower version whose engine is listed
	 * @example "23.3"
	 */
	engine?: Input<string>;

	/**
	 * The day on which it came out; the caveats of an update to it show it.
	 *
	 * @example "2024-09-24"
	 */
	date?: Input<string>;

	/**
	 * The address of its release notes; the caveats of an update to it show it.
	 *
	 * @default what the package knows, of MyScaleDB and of the releases of ClickHouse's own list
	 * @example "https://example.com/releases/1.8.0"
	 */
	notes?: Input<string>;

	/**
	 * Why the version is not to be chosen any more. `latest` passes over it, and the caveats of an update to it say why.
	 *
	 * @default it is not deprecated
	 * @example "1.8.2 is faster"
	 */
	deprecated?: Input<string>;

	/**
	 * Why no cluster may be updated to the version, or made with it: previews refuse it with this reason, also where an
	 * update to it has stopped midway, and `latest` passes over it. A cluster that runs it already is left alone.
	 *
	 * @default it is not blocked
	 * @example "corrupts vector indexes"
	 */
	blocked?: Input<string>;
}
