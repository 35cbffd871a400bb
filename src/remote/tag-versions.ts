import type { Release } from "../core/release";
import { type DbVersion, highest, parseVersion, sameVersion, usual } from "../core/version";
import { parseReference, readTag, repositoryOf } from "./reference";
import { listTags } from "./registry";
import { aliasesAmong } from "./same-image";
import { otherSpellings } from "./spelling";

/** An image whose tags are versions. */
export interface ImageTags {
	/**
	 * Its repository; if tags contain more than a version, `{version}` marks its place and `*` a number that differs from
	 * version to version: `acme/db:{version}-debian-12-r*`.
	 */
	readonly image: string;
	/** A regular expression: only tags that match it count. */
	readonly tags?: string;
}

/** A tag that the image spells like this. */
export interface VersionTag {
	readonly tag: string;
	readonly version: DbVersion;
	/** The numbers in place of each `*`. */
	readonly revision: readonly number[];
}

/**
 * The versions in an image's tags, each once, and the newest of those that the image spells otherwise.
 *
 * @param about The versions that are in question: tags of the same digest as one of these, or as the newest, are one
 * version. No digest is asked for if they are the newest.
 * @throws ControlError if the registry does not list them.
 */
export async function imageReleases(of: ImageTags, about: readonly DbVersion[] = []): Promise<readonly Release[]> {
	const listed = await allTags(of.image);
	const answers = read.get(listed) ?? new Map<string, Promise<Release[]>>();
	read.set(listed, answers);
	const key = JSON.stringify([of.image, of.tags, about]);
	const answer = answers.get(key) ?? readReleases(of, listed, about);
	answers.set(key, answer);
	return answer;
}

/** A list of thousands of tags is read once for a thousand clusters. */
const read = new WeakMap<readonly string[], Map<string, Promise<Release[]>>>();

async function readReleases(
	{ image, tags }: ImageTags,
	listed: readonly string[],
	about: readonly DbVersion[],
): Promise<Release[]> {
	const wanted = tags === undefined ? undefined : new RegExp(tags);
	const all = listed.filter((tag) => wanted?.test(tag) !== false);
	const byNumber = new Map<DbVersion, VersionTag>();
	for (const tag of versionTags(image, all)) {
		const number = usual(tag.version);
		const before = byNumber.get(number);
		if (before === undefined || compareRevisions(tag, before) > 0) byNumber.set(number, tag);
	}
	const own = [...byNumber.values()];
	const newest = highest(own.map(({ version }) => version));
	const isSettled = about.length > 0 && about.every((version) => sameVersion(version, newest));
	const asked = [newest, ...about].filter((version) => version !== undefined);
	const aliases = isSettled ? new Map<DbVersion, DbVersion[]>() : await aliasesAmong(image, own, asked);
	const gone = new Set([...aliases.values()].flat());
	const releases = own
		.filter(({ version }) => !gone.has(version))
		.map(({ version }): Release => {
			const its = aliases.get(version);
			return its === undefined ? { version } : { version, aliases: its };
		});
	return [...releases, ...otherSpellings(image, all, own, about)];
}

/** The references of a version's images, the highest revision first. Throws if the registry does not list them. */
export async function imagesOf(image: string, version: DbVersion): Promise<string[]> {
	return versionTags(image, await allTags(image))
		.filter((each) => sameVersion(each.version, version))
		.sort((a, b) => compareRevisions(b, a))
		.map(({ tag }) => `${repositoryOf(image)}:${tag}`);
}

/** All tags of an image's repository. Throws if the registry does not list them. */
export const allTags = (image: string) => listTags(parseReference(repositoryOf(image)));

export function versionTags(image: string, tags: readonly string[]): VersionTag[] {
	return tags.flatMap((tag) => {
		const { text, revision = [] } = readTag(image, tag) ?? {};
		const version = parseVersion(text);
		return version === undefined ? [] : [{ tag, version, revision }];
	});
}

/** As numbers, the first `*` first: r10 is higher than r9. */
function compareRevisions({ revision: a }: VersionTag, { revision: b }: VersionTag): number {
	const index = a.findIndex((number, at) => number !== b[at]);
	return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}
