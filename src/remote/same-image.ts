import type { Spelling } from "../core/release";
import { compareVersions, type DbVersion, sameVersion, threeParts } from "../core/version";
import { repositoryOf } from "./reference";
import { tagDigest } from "./registry";
import { spellingOf } from "./spelling";

/** How many tags are asked for their digests at most: of versions alike, and in search of a digest. */
const most = { alike: 6, searched: 20 } as const;

interface Tag {
	readonly tag: string;
	readonly version: DbVersion;
}

/**
 * Which versions are other tags of the same image, by the highest of them: 24.8.14 is often a tag of 24.8.14.39. Asks
 * only about those that differ from an asked one in the fourth part; none is an alias if its digest is unknown.
 */
export async function aliasesAmong(
	image: string,
	tags: readonly Tag[],
	asked: readonly DbVersion[],
): Promise<Map<DbVersion, DbVersion[]>> {
	const aliases = new Map<DbVersion, DbVersion[]>();
	for (const three of new Set(asked.map(threeParts))) {
		const isAsked = ({ version }: Tag) => Number(asked.some((each) => sameVersion(each, version)));
		const alike = tags.filter(({ version }) => threeParts(version) === three);
		if (alike.length < 2) continue;
		alike.sort((a, b) => isAsked(b) - isAsked(a) || compareVersions(b.version, a.version)).splice(most.alike);
		alike.sort((a, b) => compareVersions(b.version, a.version));
		const digests = await Promise.all(alike.map(({ tag }) => tagDigest(`${repositoryOf(image)}:${tag}`)));
		for (const [index, { version }] of alike.entries()) {
			const first = alike[digests.indexOf(digests[index])]?.version;
			if (digests[index] === undefined || first === undefined || first === version) continue;
			aliases.set(first, [...(aliases.get(first) ?? []), version]);
		}
	}
	return aliases;
}

/**
 * The tag with a version that has this digest, however it is spelled. Asks for the digests of a few: first of versions
 * that begin like a hint, then of the newest.
 */
export async function tagWithDigest(
	image: string,
	tags: readonly string[],
	digest: string,
	hints: readonly string[],
): Promise<Spelling | undefined> {
	const begins = (version: DbVersion) => hints.filter((hint) => `${version}.`.startsWith(`${hint}.`)).length;
	const candidates = tags.flatMap((tag) => {
		const spelt = spellingOf(image, tag);
		return spelt === undefined ? [] : [{ ...spelt, tag }];
	});
	candidates.sort((a, b) => begins(b.version) - begins(a.version) || compareVersions(b.version, a.version));
	for (const { image: spelled, tag } of candidates.slice(0, most.searched))
		if ((await tagDigest(`${repositoryOf(image)}:${tag}`)) === digest) return { image: spelled, tag };
	return undefined;
}
