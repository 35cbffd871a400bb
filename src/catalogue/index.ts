import type { Release } from "../core/release";
import type { DbVersion } from "../core/version";
import { type ImageTags, imageReleases } from "../remote/tag-versions";
import { documentReleases } from "./document";

/** Where versions come from: exactly one of these is set. */
export interface Source {
	readonly list?: readonly Release[];
	readonly registry?: ImageTags;
	readonly url?: string;
}

/**
 * The versions of a source. Cheap to call again: what is fetched is cached for a few minutes.
 *
 * @param about The versions that are in question: other tags of their images are no versions of their own.
 * @throws ControlError if they can't be fetched.
 */
export async function releasesOf(
	{ list, registry, url }: Source,
	about?: readonly DbVersion[],
): Promise<readonly Release[]> {
	if (registry !== undefined) return imageReleases(registry, about);
	return url === undefined ? (list ?? []) : documentReleases(url);
}
