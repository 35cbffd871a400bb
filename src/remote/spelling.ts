import type { Release, Spelling } from "../core/release";
import { compareVersions, type DbVersion, highest, parseVersion, sameVersion, usual } from "../core/version";
import { repositoryOf } from "./reference";

/** Pre-releases and builds for developers are for no cluster. */
const unstable = /alpha|beta|rc\d*\b|pre|dev|test|snapshot|nightly|debug|head|master/i;

/** A number at the end of a tag that counts the builds of a version. */
const revision = /([-_.](?:r|rev|build)[-.]?)\d+$/;

/** The image that spells its tags like this one, and the version; `undefined` if it contains none, or a pre-release. */
export function spellingOf(image: string, tag: string): { image: string; version: DbVersion } | undefined {
	const [, before = "", text, after = ""] = /^(.*?)(?<![\d.])(\d+(?:\.\d+){2,3})(?!\.?\d)(.*)$/.exec(tag) ?? [];
	const version = parseVersion(text);
	if (version === undefined || unstable.test(`${before} ${after}`)) return undefined;
	const spelt = before === "" && after === "" ? "" : `:${before}{version}${after.replace(revision, "$1*")}`;
	return { image: `${repositoryOf(image)}${spelt}`, version };
}

/**
 * Versions that exist only in tags that an image spells otherwise: of each spelling the newest, if it is newer than all
 * of the image's own, and those that are asked about.
 */
export function otherSpellings(
	image: string,
	tags: readonly string[],
	own: readonly { readonly version: DbVersion }[],
	about: readonly DbVersion[],
): Release[] {
	const newest = highest(own.map(({ version }) => version));
	const numbers = new Set(own.map(({ version }) => usual(version)));
	const found = new Map<string, Spelt>();
	for (const tag of tags) {
		const spelt = spellingOf(image, tag);
		if (spelt === undefined || numbers.has(usual(spelt.version))) continue;
		const { version } = spelt;
		const next = { version, spelling: { image: spelt.image, tag } };
		const isAsked = about.some((each) => sameVersion(each, version));
		const key = isAsked ? `${spelt.image} ${version}` : spelt.image;
		const last = found.get(key);
		const isNewer = newest === undefined || compareVersions(version, newest) > 0;
		if (last === undefined ? isAsked || isNewer : compareSpelt(next, last) > 0) found.set(key, next);
	}
	return [...found.values()].sort((a, b) => compareSpelt(b, a));
}

type Spelt = Release & { readonly spelling: Spelling };

const compareSpelt = (a: Spelt, b: Spelt) =>
	compareVersions(a.version, b.version) || a.spelling.tag.localeCompare(b.spelling.tag, "en", { numeric: true });
