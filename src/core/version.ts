import { coerce, compare as compareSemver, type SemVer } from "semver";

declare const brand: unique symbol;

/**
 * A DB version: three or four numeric parts, `1.8.0` or `0.9.2.0`, kept as written.
 *
 * It is the version of the image or the control plane, not the answer of `SELECT version()`.
 */
export type DbVersion = string & { readonly [brand]: "DbVersion" };

/** No leading zeros, `v` or pre-release: they would give one version two spellings or two orders. */
const shape = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:\.(0|[1-9]\d{0,8}))?$/;

/**
 * Parses a DB version; `undefined` if the text is not one.
 *
 * @example parseVersion("1.8.0"); // "1.8.0"
 * @example parseVersion("v1.8.0-rc1"); // undefined
 */
export function parseVersion(text: unknown): DbVersion | undefined {
	return typeof text === "string" && shape.test(text) ? (text as DbVersion) : undefined;
}

/**
 * Compares two DB versions part by part as numbers; a missing fourth part is 0.
 *
 * @returns a negative number, 0 or a positive number, as for `Array.prototype.sort`.
 * @example compareVersions(v("0.10.11.0"), v("0.9.2.0")) > 0;
 */
export function compareVersions(a: DbVersion, b: DbVersion): number {
	return compareSemver(firstThree(a), firstThree(b)) || fourth(a) - fourth(b);
}

/** The same version, however many parts it was written with: `1.8.0` and `1.8.0.0`. An unknown version equals none. */
export function sameVersion(a: DbVersion | undefined, b: DbVersion | undefined): boolean {
	return a !== undefined && b !== undefined && compareVersions(a, b) === 0;
}

/** The same text for the same version: `1.8.0` for `1.8.0.0`. */
export const usual = (version: DbVersion) => version.replace(/^(\d+\.\d+\.\d+)\.0$/, "$1") as DbVersion;

/** Differ in the fourth part only: a registry often has both as tags of one image. */
export function areAlike(a: DbVersion, b: DbVersion): boolean {
	return threeParts(a) === threeParts(b) && !sameVersion(a, b);
}

/** @example threeParts(v("24.8.14.39")); // "24.8.14" */
export const threeParts = (version: DbVersion): string => firstThree(version).version;

export function highest(versions: Iterable<DbVersion>): DbVersion | undefined {
	return [...versions].reduce<DbVersion | undefined>(
		(best, next) => (best !== undefined && compareVersions(best, next) >= 0 ? best : next),
		undefined,
	);
}

export function lowest(versions: Iterable<DbVersion>): DbVersion | undefined {
	return [...versions].reduce<DbVersion | undefined>(
		(best, next) => (best !== undefined && compareVersions(best, next) <= 0 ? best : next),
		undefined,
	);
}

/** Each version is parsed once: a catalogue of hundreds is compared for each of a thousand clusters. */
const read = new Map<DbVersion, SemVer>();

/** semver has three parts; the fourth is compared separately. */
function firstThree(version: DbVersion): SemVer {
	const known = read.get(version) ?? (coerce(version) as SemVer);
	read.set(version, known);
	return known;
}

function fourth(version: DbVersion): number {
	return Number(version.split(".")[3] ?? 0);
}
